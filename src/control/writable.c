/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/writable.h"

/* Returns what the generated class of the object does. */
static const GDBusInterfaceVTable *
get_generated (GDBusInterfaceSkeleton *object)
{
  const GDBusInterfaceSkeletonClass *parent = g_type_class_peek_parent (
      G_DBUS_INTERFACE_SKELETON_GET_CLASS (object));

  return parent->get_vtable (object);
}

/**
 * disp_writable_call:
 * @connection: see #GDBusInterfaceMethodCallFunc
 * @sender: there
 * @path: there
 * @interface: there
 * @method: there
 * @parameters: there
 * @invocation: (transfer full): a call, or Set() of the property that can be written
 * @user_data: an object with a #DispWritable
 *
 * Hands it to whom it is for.
 */
void
disp_writable_call (GDBusConnection *connection, const char *sender, const char *path,
                    const char *interface, const char *method, GVariant *parameters,
                    GDBusMethodInvocation *invocation, gpointer user_data)
{
  GDBusInterfaceSkeleton *object = user_data;
  const DispWritable *writable = (const DispWritable *) g_dbus_interface_skeleton_get_vtable (
      object);

  if (g_dbus_method_invocation_get_property_info (invocation) != NULL)
    writable->write (object, invocation);
  else
    get_generated (object)->method_call (connection, sender, path, interface, method, parameters,
                                         invocation, object);
}

/**
 * disp_writable_read:
 * @connection: see #GDBusInterfaceGetPropertyFunc
 * @sender: there
 * @path: there
 * @interface: there
 * @property: there
 * @error: there
 * @user_data: an object with a #DispWritable
 *
 * Returns: (transfer full): the value of a property
 */
GVariant *
disp_writable_read (GDBusConnection *connection, const char *sender, const char *path,
                    const char *interface, const char *property, GError **error, gpointer user_data)
{
  return get_generated (user_data)->get_property (connection, sender, path, interface, property,
                                                  error, user_data);
}

/**
 * disp_writable_refuse:
 * @object: an object with a #DispWritable
 * @id: of a property
 * @value: any
 * @spec: of the property
 *
 * The set_property of the class: nobody sets properties as those of a #GObject, for what is written
 * over the bus becomes an operation.
 */
void
disp_writable_refuse (GObject *object, guint id, G_GNUC_UNUSED const GValue *value,
                      GParamSpec *spec)
{
  G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
}
