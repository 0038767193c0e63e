/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/**
 * DispWritable:
 * @vtable: %DISP_WRITABLE_VTABLE
 * @write: answers org.freedesktop.DBus.Properties.Set for the one property of @object that can be
 *   written, now or later; takes @invocation
 *
 * How a class that derives from a generated skeleton has a property written.  The skeleton would
 * have to do so at once, but who may is known later.  For the get_vtable of the class.
 */
typedef struct
{
  GDBusInterfaceVTable vtable;
  void (*write) (gpointer object, GDBusMethodInvocation *invocation);
} DispWritable;

/* Without a function that sets properties GDBus hands Set() on as a call. */
#define DISP_WRITABLE_VTABLE                                                                       \
  {                                                                                                \
    .method_call = disp_writable_call, .get_property = disp_writable_read                          \
  }

void disp_writable_call (GDBusConnection *connection, const char *sender, const char *path,
                         const char *interface, const char *method, GVariant *parameters,
                         GDBusMethodInvocation *invocation, gpointer user_data);
GVariant *disp_writable_read (GDBusConnection *connection, const char *sender, const char *path,
                              const char *interface, const char *property, GError **error,
                              gpointer user_data);
void disp_writable_refuse (GObject *object, guint id, const GValue *value, GParamSpec *spec);
