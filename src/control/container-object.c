/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/container-object.h"

#include "control/writable.h"

/* A container on the bus: a server, which the fleet lists once for each model that it names for it.
 * Its quota, its drain and its counters are the same in all listings. */
struct _DispContainerObject
{
  DispBusContainer1Skeleton parent_instance;
  DispBusParts parts;
  GPtrArray *listings; /* (owned) (element-type DispContainer, owned) at least one */
};

/* In the order of the interface. */
enum
{
  PROP_0,
  PROP_NAME,
  PROP_ID,
  PROP_MODELS,
  PROP_NODE,
  PROP_DEVICE,
  PROP_ENDPOINT,
  PROP_QUOTA,
  PROP_SOURCE_QUOTA,
  PROP_OWN_QUOTA,
  PROP_ACTIVE,
  PROP_HEALTHY,
  PROP_HEALTH,
  PROP_DRAINED,
  PROP_ELIGIBLE,
  PROP_IN_FLIGHT,
  PROP_CAPACITY,
  PROP_REQUESTS_TOTAL,
  PROP_ERRORS_TOTAL,
  PROP_LATENCY,
  N_PROPS,
};

static void implement_interface (DispBusContainer1Iface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DispContainerObject, disp_container_object,
                               DISP_BUS_TYPE_CONTAINER1_SKELETON,
                               G_IMPLEMENT_INTERFACE (DISP_BUS_TYPE_CONTAINER1,
                                                      implement_interface))

/* Properties. */

static GVariant *
list_models (const DispContainerObject *self)
{
  GVariantBuilder models;

  g_variant_builder_init (&models, G_VARIANT_TYPE ("a(sx)"));
  for (guint i = 0; i < self->listings->len; i++)
    {
      const DispContainer *listing = g_ptr_array_index (self->listings, i);
      gint64 version = g_str_equal (listing->model, DISP_MODEL_ALL) ? 0 : listing->version;

      g_variant_builder_add (&models, "(sx)", listing->model, version);
    }
  return g_variant_builder_end (&models);
}

static DispHealthState
get_health (DispContainerObject *self)
{
  gint64 next_change = G_MAXINT64;

  return disp_container_object_get_health (self, &next_change);
}

static void
get_counter (const DispContainer *container, guint id, GValue *value)
{
  DispStatsValues counters;

  disp_stats_read (container->stats, &counters);
  if (id == PROP_IN_FLIGHT)
    g_value_set_uint (value, (guint) MAX (counters.in_flight, 0));
  else
    g_value_set_uint64 (value, id == PROP_REQUESTS_TOTAL ? counters.started
                               : id == PROP_ERRORS_TOTAL ? counters.failed
                                                         : counters.latency);
}

static void
get_state (const DispContainer *container, guint id, GValue *value)
{
  switch (id)
    {
    case PROP_QUOTA:
      g_value_set_double (value, container->quota);
      return;
    case PROP_SOURCE_QUOTA:
      g_value_set_double (value, disp_container_get_source_quota (container));
      return;
    case PROP_OWN_QUOTA:
      g_value_set_boolean (value, container->own_quota);
      return;
    case PROP_ACTIVE:
      g_value_set_boolean (value, container->active);
      return;
    case PROP_DRAINED:
      g_value_set_boolean (value, container->drained);
      return;
    case PROP_ELIGIBLE:
      g_value_set_boolean (value, disp_container_is_eligible (container));
      return;
    default:
      get_counter (container, id, value);
      return;
    }
}

static void
disp_container_object_get_property (GObject *object, guint id, GValue *value,
                                    G_GNUC_UNUSED GParamSpec *spec)
{
  DispContainerObject *self = DISP_CONTAINER_OBJECT (object);
  const DispContainer *container = disp_container_object_get_container (self);

  switch (id)
    {
    case PROP_NAME:
      g_value_set_string (value, container->name);
      return;
    case PROP_ID:
      g_value_set_string (value, container->id != NULL ? container->id : "");
      return;
    case PROP_MODELS:
      g_value_set_variant (value, list_models (self));
      return;
    case PROP_NODE:
      g_value_set_string (value, container->node);
      return;
    case PROP_DEVICE:
      g_value_set_static_string (value, disp_device_to_string (container->device));
      return;
    case PROP_ENDPOINT:
      g_value_set_string (value, container->endpoint);
      return;
    case PROP_HEALTHY:
      g_value_set_boolean (value, get_health (self) <= DISP_HEALTH_BUSY);
      return;
    case PROP_HEALTH:
      g_value_set_static_string (value, disp_health_state_to_string (get_health (self)));
      return;
    case PROP_CAPACITY:
      g_value_set_uint (value, disp_container_object_get_capacity (self));
      return;
    default:
      get_state (container, id, value);
      return;
    }
}

/* Calls, all of which change something. */

static gboolean
drain (gpointer object, G_GNUC_UNUSED GVariant *parameters, GError **error)
{
  DispContainerObject *self = object;

  return disp_operations_set_drained (self->parts.operations,
                                      disp_container_object_get_container (self), TRUE, error);
}

static gboolean
handle_drain (DispBusContainer1 *object, GDBusMethodInvocation *invocation)
{
  disp_gate_change (DISP_CONTAINER_OBJECT (object)->parts.gate, object, invocation, drain);
  return TRUE;
}

static gboolean
resume (gpointer object, G_GNUC_UNUSED GVariant *parameters, GError **error)
{
  DispContainerObject *self = object;

  return disp_operations_set_drained (self->parts.operations,
                                      disp_container_object_get_container (self), FALSE, error);
}

static gboolean
handle_resume (DispBusContainer1 *object, GDBusMethodInvocation *invocation)
{
  disp_gate_change (DISP_CONTAINER_OBJECT (object)->parts.gate, object, invocation, resume);
  return TRUE;
}

static gboolean
reset_quota (gpointer object, G_GNUC_UNUSED GVariant *parameters, GError **error)
{
  DispContainerObject *self = object;

  return disp_operations_reset_quota (self->parts.operations,
                                      disp_container_object_get_container (self), error);
}

static gboolean
handle_reset_quota (DispBusContainer1 *object, GDBusMethodInvocation *invocation)
{
  disp_gate_change (DISP_CONTAINER_OBJECT (object)->parts.gate, object, invocation, reset_quota);
  return TRUE;
}

/* Quota is the only property that can be written; GDBus has checked its type. */
static gboolean
write_quota (gpointer object, GVariant *parameters, GError **error)
{
  DispContainerObject *self = object;
  g_autoptr (GVariant) value = NULL;

  g_variant_get (parameters, "(&s&sv)", NULL, NULL, &value);
  return disp_operations_set_quota (self->parts.operations,
                                    disp_container_object_get_container (self),
                                    g_variant_get_double (value), error);
}

static void
handle_write_quota (gpointer object, GDBusMethodInvocation *invocation)
{
  disp_gate_change (DISP_CONTAINER_OBJECT (object)->parts.gate, object, invocation, write_quota);
}

/* The class. */

static void
implement_interface (DispBusContainer1Iface *iface)
{
  iface->handle_drain = handle_drain;
  iface->handle_resume = handle_resume;
  iface->handle_reset_quota = handle_reset_quota;
}

static GDBusInterfaceVTable *
get_vtable (G_GNUC_UNUSED GDBusInterfaceSkeleton *skeleton)
{
  static DispWritable writable = { DISP_WRITABLE_VTABLE, handle_write_quota };

  return &writable.vtable;
}

static void
disp_container_object_finalize (GObject *object)
{
  DispContainerObject *self = DISP_CONTAINER_OBJECT (object);

  disp_bus_parts_clear (&self->parts);
  g_ptr_array_unref (self->listings);
  G_OBJECT_CLASS (disp_container_object_parent_class)->finalize (object);
}

static void
disp_container_object_class_init (DispContainerObjectClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  guint last;

  object_class->finalize = disp_container_object_finalize;
  object_class->get_property = disp_container_object_get_property;
  object_class->set_property = disp_writable_refuse;
  G_DBUS_INTERFACE_SKELETON_CLASS (klass)->get_vtable = get_vtable;
  last = disp_bus_container1_override_properties (object_class, PROP_NAME);
  g_assert (last == N_PROPS - 1);
}

static void
disp_container_object_init (G_GNUC_UNUSED DispContainerObject *self)
{
}

/**
 * disp_container_object_new:
 * @parts: what it stands on; copied
 * @listings: (transfer full) (element-type DispContainer): how the fleet lists the server, at least
 *   once; the array must release its elements
 *
 * Returns: (transfer full): the object of a container, for the thread of the bus
 */
DispContainerObject *
disp_container_object_new (const DispBusParts *parts, GPtrArray *listings)
{
  DispContainerObject *self = g_object_new (DISP_TYPE_CONTAINER_OBJECT, NULL);

  self->parts = disp_bus_parts_copy (parts);
  self->listings = listings;
  return self;
}

/**
 * disp_container_object_set_listings:
 * @self: the object of a container
 * @listings: (transfer full) (element-type DispContainer): how another fleet lists the same server
 *
 * Shows the container as it is there.
 */
void
disp_container_object_set_listings (DispContainerObject *self, GPtrArray *listings)
{
  g_ptr_array_unref (self->listings);
  self->listings = listings;
}

/**
 * disp_container_object_get_container:
 * @self: the object of a container
 *
 * Returns: (transfer none): the container: the listing that may be used, if there is one
 */
const DispContainer *
disp_container_object_get_container (DispContainerObject *self)
{
  for (guint i = 0; i < self->listings->len; i++)
    if (disp_container_is_eligible (g_ptr_array_index (self->listings, i)))
      return g_ptr_array_index (self->listings, i);
  return g_ptr_array_index (self->listings, 0);
}

/**
 * disp_container_object_get_capacity:
 * @self: the object of a container
 *
 * Returns: how many requests the container may have at once, as it is just now
 */
guint
disp_container_object_get_capacity (DispContainerObject *self)
{
  const DispContainer *container = disp_container_object_get_container (self);
  g_autoptr (DispEngineSettings) settings = disp_switchboard_ref_settings (self->parts.switchboard);

  return disp_capacity_get_limit (
      container->capacity, disp_container_get_max_in_flight (container, settings->max_in_flight));
}

/**
 * disp_container_object_get_health:
 * @self: the object of a container
 * @next_change: (inout): made earlier if by then it may be another without any attempt or check
 *
 * Returns: how the container does just now
 */
DispHealthState
disp_container_object_get_health (DispContainerObject *self, gint64 *next_change)
{
  const DispContainer *container = disp_container_object_get_container (self);
  DispClock *clock = disp_switchboard_get_clock (self->parts.switchboard);

  return disp_standing_get_state (container->standing, disp_clock_now (clock), next_change);
}
