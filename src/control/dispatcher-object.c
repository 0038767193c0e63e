/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/dispatcher-object.h"

#include "build-config.h"
#include "control/explanation.h"
#include "control/policy-call.h"
#include "control/statistics.h"
#include "control/subscriptions.h"
#include "control/writable.h"

/* The root object: the daemon as a whole.  Its properties are read from the switchboard at the
 * moment that somebody asks for them. */
struct _DispDispatcherObject
{
  DispBusDispatcher1Skeleton parent_instance;
  DispBusParts parts;
  DispObjectTree *tree;             /* (owned) */
  DispSubscriptions *subscriptions; /* (owned) */
  GStrv addresses;                  /* (owned) */
  GStrv store_addresses;            /* (owned) */
  char *fleet_source;               /* (owned) */
  guint64 started;                  /* microseconds since the epoch */
};

/* In the order of the interface. */
enum
{
  PROP_0,
  PROP_VERSION,
  PROP_STATUS,
  PROP_PROBLEM,
  PROP_POLICY,
  PROP_POLICY_OPTIONS,
  PROP_CONFIGURED_POLICY,
  PROP_SHADOW_POLICY,
  PROP_SHADOW_POLICY_OPTIONS,
  PROP_POLICIES,
  PROP_WORKERS,
  PROP_ADDRESSES,
  PROP_STORE_ADDRESSES,
  PROP_FLEET_SOURCE,
  PROP_RELOAD_PROBLEM,
  PROP_STARTED,
  PROP_IN_FLIGHT,
  PROP_WAITING,
  PROP_RECORDS_QUEUED,
  PROP_REQUESTS_TOTAL,
  PROP_ERRORS_TOTAL,
  N_PROPS,
};

static void implement_interface (DispBusDispatcher1Iface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DispDispatcherObject, disp_dispatcher_object,
                               DISP_BUS_TYPE_DISPATCHER1_SKELETON,
                               G_IMPLEMENT_INTERFACE (DISP_BUS_TYPE_DISPATCHER1,
                                                      implement_interface))

/* Properties. */

/* Nothing but UTF-8 goes over a bus; names of files may be anything. */
static char *
make_text (const char *text)
{
  return g_utf8_make_valid (text != NULL ? text : "", -1);
}

static GStrv
make_texts (const char *const *texts)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (; *texts != NULL; texts++)
    {
      g_autofree char *text = make_text (*texts);

      g_strv_builder_add (builder, text);
    }
  return g_strv_builder_end (builder);
}

static void
get_counter (const DispDispatcherObject *self, guint id, GValue *value)
{
  DispStatsValues totals;
  DispRecordSinkValues records;

  disp_stats_read (disp_switchboard_get_totals (self->parts.switchboard), &totals);
  disp_record_sink_read (disp_switchboard_get_sink (self->parts.switchboard), &records);
  if (id == PROP_IN_FLIGHT)
    g_value_set_uint (value, (guint) MAX (totals.in_flight, 0));
  else if (id == PROP_WAITING)
    g_value_set_uint (value,
                      disp_waiting_room_get_length (
                          disp_switchboard_get_waiting_room (self->parts.switchboard), NULL));
  else
    g_value_set_uint64 (value, id == PROP_RECORDS_QUEUED   ? records.queued
                               : id == PROP_REQUESTS_TOTAL ? totals.started
                                                           : totals.failed);
}

/* Whether @id was one of them. */
static gboolean
get_shadow_property (const DispPolicies *policies, guint id, GValue *value)
{
  const DispPolicySpec *shadow = disp_policies_get_shadow (policies);

  if (id == PROP_SHADOW_POLICY)
    g_value_set_static_string (value, shadow != NULL ? disp_policy_spec_get_name (shadow) : "");
  else if (id == PROP_SHADOW_POLICY_OPTIONS)
    g_value_take_variant (value, shadow != NULL
                                     ? g_variant_ref (disp_policy_spec_get_options (shadow))
                                     : g_variant_ref_sink (g_variant_new ("a{sv}", NULL)));
  else
    return FALSE;
  return TRUE;
}

static void
get_switchboard_property (const DispDispatcherObject *self, guint id, GValue *value)
{
  g_autoptr (DispPolicies) policies = disp_switchboard_ref_policies (self->parts.switchboard);
  DispPolicySpec *policy = disp_policies_get (policies, NULL);
  g_autofree char *reload_problem = disp_switchboard_dup_reload_problem (self->parts.switchboard);
  g_autofree char *problem = NULL;
  DispStatus status = disp_switchboard_get_status (self->parts.switchboard, &problem);

  if (get_shadow_property (policies, id, value))
    return;
  switch (id)
    {
    case PROP_STATUS:
      g_value_set_static_string (value, disp_status_to_string (status));
      return;
    case PROP_PROBLEM:
      g_value_take_string (value, make_text (problem));
      return;
    case PROP_POLICY:
      g_value_set_static_string (value, disp_policy_spec_get_name (policy));
      return;
    case PROP_POLICY_OPTIONS:
      g_value_set_variant (value, disp_policy_spec_get_options (policy));
      return;
    case PROP_CONFIGURED_POLICY:
      g_value_set_static_string (
          value, disp_policy_spec_get_name (disp_policies_get_configured (policies)));
      return;
    case PROP_RELOAD_PROBLEM:
      g_value_take_string (value, make_text (reload_problem));
      return;
    case PROP_WORKERS:
      g_value_set_uint (value, disp_switchboard_get_n_workers (self->parts.switchboard));
      return;
    default:
      get_counter (self, id, value);
      return;
    }
}

static void
disp_dispatcher_object_get_property (GObject *object, guint id, GValue *value,
                                     G_GNUC_UNUSED GParamSpec *spec)
{
  const DispDispatcherObject *self = DISP_DISPATCHER_OBJECT (object);

  switch (id)
    {
    case PROP_VERSION:
      g_value_set_static_string (value, DISP_VERSION);
      return;
    case PROP_POLICIES:
      g_value_set_static_boxed (value, disp_policy_get_names ());
      return;
    case PROP_ADDRESSES:
      g_value_set_boxed (value, self->addresses);
      return;
    case PROP_STORE_ADDRESSES:
      g_value_set_boxed (value, self->store_addresses);
      return;
    case PROP_FLEET_SOURCE:
      g_value_set_string (value, self->fleet_source);
      return;
    case PROP_STARTED:
      g_value_set_uint64 (value, self->started);
      return;
    default:
      get_switchboard_property (self, id, value);
      return;
    }
}

/* Calls that change something. */

static gboolean
set_policy (gpointer object, GVariant *parameters, GError **error)
{
  const DispDispatcherObject *self = object;

  return disp_policy_call_set (&self->parts, NULL, parameters, error);
}

static gboolean
handle_set_policy (DispBusDispatcher1 *object, GDBusMethodInvocation *invocation,
                   G_GNUC_UNUSED const char *policy, G_GNUC_UNUSED GVariant *options)
{
  disp_gate_change (DISP_DISPATCHER_OBJECT (object)->parts.gate, object, invocation, set_policy);
  return TRUE;
}

static gboolean
set_shadow (gpointer object, GVariant *parameters, GError **error)
{
  const DispDispatcherObject *self = object;

  return disp_policy_call_set_shadow (&self->parts, parameters, error);
}

static gboolean
handle_set_shadow_policy (DispBusDispatcher1 *object, GDBusMethodInvocation *invocation,
                          G_GNUC_UNUSED const char *policy, G_GNUC_UNUSED GVariant *options)
{
  disp_gate_change (DISP_DISPATCHER_OBJECT (object)->parts.gate, object, invocation, set_shadow);
  return TRUE;
}

/* Policy is the only property that can be written. */
static gboolean
write_policy (gpointer object, GVariant *parameters, GError **error)
{
  const DispDispatcherObject *self = object;

  return disp_policy_call_write (&self->parts, NULL, parameters, error);
}

static void
handle_write_policy (gpointer object, GDBusMethodInvocation *invocation)
{
  disp_gate_change (DISP_DISPATCHER_OBJECT (object)->parts.gate, object, invocation, write_policy);
}

static gboolean
stop (gpointer object, G_GNUC_UNUSED GVariant *parameters, G_GNUC_UNUSED GError **error)
{
  disp_operations_stop (DISP_DISPATCHER_OBJECT (object)->parts.operations);
  return TRUE;
}

static gboolean
handle_drain (DispBusDispatcher1 *object, GDBusMethodInvocation *invocation)
{
  disp_gate_change (DISP_DISPATCHER_OBJECT (object)->parts.gate, object, invocation, stop);
  return TRUE;
}

static gboolean
reset (gpointer object, G_GNUC_UNUSED GVariant *parameters, GError **error)
{
  return disp_operations_reset (DISP_DISPATCHER_OBJECT (object)->parts.operations, error);
}

static gboolean
handle_reset (DispBusDispatcher1 *object, GDBusMethodInvocation *invocation)
{
  disp_gate_change (DISP_DISPATCHER_OBJECT (object)->parts.gate, object, invocation, reset);
  return TRUE;
}

/* Calls that take a while. */

typedef struct
{
  DispDispatcherObject *self;        /* (owned) */
  GDBusMethodInvocation *invocation; /* (owned) until it is answered */
} Waiting;

static Waiting *
waiting_new (DispDispatcherObject *self, GDBusMethodInvocation *invocation)
{
  Waiting *waiting = g_new0 (Waiting, 1);

  waiting->self = g_object_ref (self);
  waiting->invocation = invocation;
  return waiting;
}

static void
waiting_answer (Waiting *waiting, const GError *error)
{
  disp_gate_answer (waiting->self->parts.gate, waiting->invocation, error);
  g_object_unref (waiting->self);
  g_free (waiting);
}

static void
on_refreshed (GObject *operations, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  disp_operations_refresh_finish (DISP_OPERATIONS (operations), result, &error);
  waiting_answer (user_data, error);
}

static void
refresh (gpointer object, GDBusMethodInvocation *invocation)
{
  DispDispatcherObject *self = object;

  disp_operations_refresh_async (self->parts.operations, on_refreshed,
                                 waiting_new (self, invocation));
}

static gboolean
handle_refresh (DispBusDispatcher1 *object, GDBusMethodInvocation *invocation)
{
  disp_gate_start (DISP_DISPATCHER_OBJECT (object)->parts.gate, object, invocation, refresh);
  return TRUE;
}

static void
on_reloaded (GObject *operations, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  disp_operations_reload_finish (DISP_OPERATIONS (operations), result, &error);
  waiting_answer (user_data, error);
}

static void
reload (gpointer object, GDBusMethodInvocation *invocation)
{
  DispDispatcherObject *self = object;

  disp_operations_reload_async (self->parts.operations, on_reloaded,
                                waiting_new (self, invocation));
}

static gboolean
handle_reload (DispBusDispatcher1 *object, GDBusMethodInvocation *invocation)
{
  disp_gate_start (DISP_DISPATCHER_OBJECT (object)->parts.gate, object, invocation, reload);
  return TRUE;
}

/* What everybody may ask for. */

static gboolean
handle_explain (DispBusDispatcher1 *object, GDBusMethodInvocation *invocation, const char *model)
{
  const DispDispatcherObject *self = DISP_DISPATCHER_OBJECT (object);
  g_autoptr (GError) error = NULL;
  const char *policy = NULL;
  GVariant *containers = disp_explanation_new (self->parts.switchboard, self->tree, model, &policy,
                                               &error);

  if (containers != NULL)
    disp_bus_dispatcher1_complete_explain (object, invocation, policy, containers);
  else
    disp_gate_fail (invocation, error);
  return TRUE;
}

static gboolean
handle_get_statistics (DispBusDispatcher1 *object, GDBusMethodInvocation *invocation)
{
  const DispDispatcherObject *self = DISP_DISPATCHER_OBJECT (object);

  disp_bus_dispatcher1_complete_get_statistics (
      object, invocation, disp_statistics_new (self->parts.switchboard, self->tree));
  return TRUE;
}

static void
send_statistics (GDBusConnection *connection, const char *subscriber, gpointer user_data)
{
  const DispDispatcherObject *self = user_data;

  g_dbus_connection_emit_signal (
      connection, subscriber, DISP_BUS_PATH, "org.dispatcherd.Dispatcher1", "Statistics",
      g_variant_new ("(@a{sv})", disp_statistics_new (self->parts.switchboard, self->tree)), NULL);
}

static gboolean
handle_subscribe (DispBusDispatcher1 *object, GDBusMethodInvocation *invocation, guint64 interval)
{
  const DispDispatcherObject *self = DISP_DISPATCHER_OBJECT (object);
  g_autoptr (GError) error = NULL;

  if (disp_subscriptions_add (self->subscriptions,
                              g_dbus_method_invocation_get_connection (invocation),
                              g_dbus_method_invocation_get_sender (invocation), interval, &error))
    disp_bus_dispatcher1_complete_subscribe (object, invocation);
  else
    disp_gate_fail (invocation, error);
  return TRUE;
}

static gboolean
handle_unsubscribe (DispBusDispatcher1 *object, GDBusMethodInvocation *invocation)
{
  disp_subscriptions_remove (DISP_DISPATCHER_OBJECT (object)->subscriptions,
                             g_dbus_method_invocation_get_sender (invocation));
  disp_bus_dispatcher1_complete_unsubscribe (object, invocation);
  return TRUE;
}

/* The class. */

static void
implement_interface (DispBusDispatcher1Iface *iface)
{
  iface->handle_set_policy = handle_set_policy;
  iface->handle_set_shadow_policy = handle_set_shadow_policy;
  iface->handle_refresh = handle_refresh;
  iface->handle_reload = handle_reload;
  iface->handle_drain = handle_drain;
  iface->handle_reset = handle_reset;
  iface->handle_explain = handle_explain;
  iface->handle_get_statistics = handle_get_statistics;
  iface->handle_subscribe = handle_subscribe;
  iface->handle_unsubscribe = handle_unsubscribe;
}

static GDBusInterfaceVTable *
get_vtable (G_GNUC_UNUSED GDBusInterfaceSkeleton *skeleton)
{
  static DispWritable writable = { DISP_WRITABLE_VTABLE, handle_write_policy };

  return &writable.vtable;
}

static void
disp_dispatcher_object_finalize (GObject *object)
{
  DispDispatcherObject *self = DISP_DISPATCHER_OBJECT (object);

  disp_subscriptions_free (self->subscriptions);
  g_object_unref (self->tree);
  disp_bus_parts_clear (&self->parts);
  g_strfreev (self->addresses);
  g_strfreev (self->store_addresses);
  g_free (self->fleet_source);
  G_OBJECT_CLASS (disp_dispatcher_object_parent_class)->finalize (object);
}

static void
disp_dispatcher_object_class_init (DispDispatcherObjectClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  guint last;

  object_class->finalize = disp_dispatcher_object_finalize;
  object_class->get_property = disp_dispatcher_object_get_property;
  object_class->set_property = disp_writable_refuse;
  G_DBUS_INTERFACE_SKELETON_CLASS (klass)->get_vtable = get_vtable;
  last = disp_bus_dispatcher1_override_properties (object_class, PROP_VERSION);
  g_assert (last == N_PROPS - 1);
}

static void
disp_dispatcher_object_init (G_GNUC_UNUSED DispDispatcherObject *self)
{
}

/**
 * disp_dispatcher_object_new:
 * @parts: what it stands on; copied
 * @tree: the objects below it
 * @settings: what it says of the configuration; copied
 *
 * Returns: (transfer full): the root object, for the thread of the bus
 */
DispDispatcherObject *
disp_dispatcher_object_new (const DispBusParts *parts, DispObjectTree *tree,
                            const DispBusSettings *settings)
{
  DispDispatcherObject *self = g_object_new (DISP_TYPE_DISPATCHER_OBJECT, NULL);

  self->parts = disp_bus_parts_copy (parts);
  self->tree = g_object_ref (tree);
  self->subscriptions = disp_subscriptions_new (disp_switchboard_get_clock (parts->switchboard),
                                                send_statistics, self);
  self->addresses = make_texts (settings->addresses);
  self->store_addresses = make_texts (settings->store_addresses);
  self->started = (guint64) disp_clock_now_real (disp_switchboard_get_clock (parts->switchboard));
  disp_dispatcher_object_set_fleet_source (self, settings->fleet_source);
  return self;
}

/**
 * disp_dispatcher_object_end_subscriptions:
 * @self: the root object
 *
 * Forgets who has subscribed: their bus has gone.
 */
void
disp_dispatcher_object_end_subscriptions (DispDispatcherObject *self)
{
  disp_subscriptions_clear (self->subscriptions);
}

/**
 * disp_dispatcher_object_set_fleet_source:
 * @self: the root object
 * @fleet_source: (nullable): where the fleet comes from
 *
 * Says what may change when the configuration is read again.
 */
void
disp_dispatcher_object_set_fleet_source (DispDispatcherObject *self, const char *fleet_source)
{
  g_free (self->fleet_source);
  self->fleet_source = make_text (fleet_source);
}
