/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/model-object.h"

#include "control/policy-call.h"
#include "control/writable.h"

/* A model on the bus, in all its versions. */
struct _DispModelObject
{
  DispBusModel1Skeleton parent_instance;
  DispBusParts parts;
  char *name; /* (owned) */
  DispModelEntry entry;
};

/* In the order of the interface. */
enum
{
  PROP_0,
  PROP_NAME,
  PROP_VERSIONS,
  PROP_TARGETS,
  PROP_CONTAINERS,
  PROP_POLICY,
  PROP_POLICY_OPTIONS,
  PROP_OWN_POLICY,
  PROP_WAITING,
  N_PROPS,
};

static void implement_interface (DispBusModel1Iface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DispModelObject, disp_model_object, DISP_BUS_TYPE_MODEL1_SKELETON,
                               G_IMPLEMENT_INTERFACE (DISP_BUS_TYPE_MODEL1, implement_interface))

/**
 * disp_model_entry_clear:
 * @self: an entry, or nothing but zeros
 *
 * Frees what is in it.
 */
void
disp_model_entry_clear (DispModelEntry *self)
{
  g_clear_pointer (&self->versions, g_array_unref);
  g_clear_pointer (&self->targets, g_variant_unref);
  g_clear_pointer (&self->containers, g_ptr_array_unref);
}

/* Properties. */

static GVariant *
list_versions (const DispModelObject *self)
{
  const GArray *versions = self->entry.versions;

  return g_variant_new_fixed_array (G_VARIANT_TYPE_INT64, versions->data, versions->len,
                                    sizeof (gint64));
}

static void
disp_model_object_get_property (GObject *object, guint id, GValue *value,
                                G_GNUC_UNUSED GParamSpec *spec)
{
  const DispModelObject *self = DISP_MODEL_OBJECT (object);
  g_autoptr (DispPolicies) policies = disp_switchboard_ref_policies (self->parts.switchboard);
  DispPolicySpec *policy = disp_policies_get (policies, self->name);

  switch (id)
    {
    case PROP_NAME:
      g_value_set_string (value, self->name);
      return;
    case PROP_VERSIONS:
      g_value_set_variant (value, list_versions (self));
      return;
    case PROP_TARGETS:
      g_value_set_variant (value, self->entry.targets);
      return;
    case PROP_CONTAINERS:
      /* Its last element is NULL. */
      g_value_set_boxed (value, self->entry.containers->pdata);
      return;
    case PROP_POLICY:
      g_value_set_static_string (value, disp_policy_spec_get_name (policy));
      return;
    case PROP_POLICY_OPTIONS:
      g_value_set_variant (value, disp_policy_spec_get_options (policy));
      return;
    case PROP_WAITING:
      g_value_set_uint (
          value, disp_waiting_room_get_length (
                     disp_switchboard_get_waiting_room (self->parts.switchboard), self->name));
      return;
    default:
      g_value_set_boolean (value, disp_policies_get_own (policies, self->name) != NULL);
      return;
    }
}

/* Calls, all of which change something. */

static gboolean
set_policy (gpointer object, GVariant *parameters, GError **error)
{
  const DispModelObject *self = object;

  return disp_policy_call_set (&self->parts, self->name, parameters, error);
}

static gboolean
handle_set_policy (DispBusModel1 *object, GDBusMethodInvocation *invocation,
                   G_GNUC_UNUSED const char *policy, G_GNUC_UNUSED GVariant *options)
{
  disp_gate_change (DISP_MODEL_OBJECT (object)->parts.gate, object, invocation, set_policy);
  return TRUE;
}

static gboolean
reset_policy (gpointer object, G_GNUC_UNUSED GVariant *parameters, GError **error)
{
  const DispModelObject *self = object;

  return disp_operations_reset_policy (self->parts.operations, self->name, error);
}

static gboolean
handle_reset_policy (DispBusModel1 *object, GDBusMethodInvocation *invocation)
{
  disp_gate_change (DISP_MODEL_OBJECT (object)->parts.gate, object, invocation, reset_policy);
  return TRUE;
}

/* Policy is the only property that can be written. */
static gboolean
write_policy (gpointer object, GVariant *parameters, GError **error)
{
  const DispModelObject *self = object;

  return disp_policy_call_write (&self->parts, self->name, parameters, error);
}

static void
handle_write_policy (gpointer object, GDBusMethodInvocation *invocation)
{
  disp_gate_change (DISP_MODEL_OBJECT (object)->parts.gate, object, invocation, write_policy);
}

/* The class. */

static void
implement_interface (DispBusModel1Iface *iface)
{
  iface->handle_set_policy = handle_set_policy;
  iface->handle_reset_policy = handle_reset_policy;
}

static GDBusInterfaceVTable *
get_vtable (G_GNUC_UNUSED GDBusInterfaceSkeleton *skeleton)
{
  static DispWritable writable = { DISP_WRITABLE_VTABLE, handle_write_policy };

  return &writable.vtable;
}

static void
disp_model_object_finalize (GObject *object)
{
  DispModelObject *self = DISP_MODEL_OBJECT (object);

  disp_bus_parts_clear (&self->parts);
  g_free (self->name);
  disp_model_entry_clear (&self->entry);
  G_OBJECT_CLASS (disp_model_object_parent_class)->finalize (object);
}

static void
disp_model_object_class_init (DispModelObjectClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  guint last;

  object_class->finalize = disp_model_object_finalize;
  object_class->get_property = disp_model_object_get_property;
  object_class->set_property = disp_writable_refuse;
  G_DBUS_INTERFACE_SKELETON_CLASS (klass)->get_vtable = get_vtable;
  last = disp_bus_model1_override_properties (object_class, PROP_NAME);
  g_assert (last == N_PROPS - 1);
}

static void
disp_model_object_init (G_GNUC_UNUSED DispModelObject *self)
{
}

/**
 * disp_model_object_new:
 * @parts: what it stands on; copied
 * @name: the name of the model
 *
 * Returns: (transfer full): the object of a model, for the thread of the bus; not to be shown
 * before disp_model_object_set_entry()
 */
DispModelObject *
disp_model_object_new (const DispBusParts *parts, const char *name)
{
  DispModelObject *self = g_object_new (DISP_TYPE_MODEL_OBJECT, NULL);

  self->parts = disp_bus_parts_copy (parts);
  self->name = g_strdup (name);
  return self;
}

/**
 * disp_model_object_set_entry:
 * @self: the object of a model
 * @entry: what the fleet says of it; its contents are taken
 *
 * Shows the model as it is there.
 */
void
disp_model_object_set_entry (DispModelObject *self, DispModelEntry *entry)
{
  disp_model_entry_clear (&self->entry);
  self->entry = *entry;
  *entry = (DispModelEntry){ 0 };
}
