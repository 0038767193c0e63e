/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/private-bus.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define CONFIGURATION                                                                              \
  "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN\"\n"           \
  " \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"                            \
  "<busconfig>\n"                                                                                  \
  "  <listen>%s</listen>\n"                                                                        \
  "  <auth>EXTERNAL</auth>\n"                                                                      \
  "  <policy context=\"default\">\n"                                                               \
  "    <allow user=\"*\"/>\n"                                                                      \
  "    <allow own=\"*\"/>\n"                                                                       \
  "    <allow send_destination=\"*\"/>\n"                                                          \
  "    <allow receive_sender=\"*\"/>\n"                                                            \
  "  </policy>\n"                                                                                  \
  "</busconfig>\n"

/**
 * private_bus_init:
 * @self: (out caller-allocates): a bus
 *
 * Starts it.
 */
void
private_bus_init (PrivateBus *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *file = NULL;
  g_autofree char *text = NULL;

  *self = (PrivateBus){ .directory = g_dir_make_tmp ("dispatcherd-bus-XXXXXX", &error) };
  g_assert_no_error (error);
  /* Other users have to reach the socket. */
  g_assert_cmpint (g_chmod (self->directory, 0755), ==, 0);
  self->address = g_strdup_printf ("unix:path=%s/socket", self->directory);
  text = g_strdup_printf (CONFIGURATION, self->address);
  file = g_build_filename (self->directory, "bus.conf", NULL);
  g_file_set_contents (file, text, -1, &error);
  g_assert_no_error (error);
  private_bus_start (self);
}

/**
 * private_bus_clear:
 * @self: a bus
 *
 * Ends it, and removes its files.
 */
void
private_bus_clear (PrivateBus *self)
{
  static const char *const names[] = { "bus.conf", "socket" };

  private_bus_kill (self);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (self->directory, names[i], NULL);

      g_unlink (path);
    }
  g_assert_cmpint (g_rmdir (self->directory), ==, 0);
  g_free (self->directory);
  g_free (self->address);
}

/* A test that fails leaves no bus behind. */
static void
end_with_test (G_GNUC_UNUSED gpointer unused)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
}

/**
 * private_bus_start:
 * @self: a bus that does not run
 *
 * Starts it at its address, and returns when it can be joined.
 */
void
private_bus_start (PrivateBus *self)
{
  g_autofree char *file = g_strdup_printf ("--config-file=%s/bus.conf", self->directory);
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (
      G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
  g_autoptr (GDataInputStream) output = NULL;
  g_autofree char *line = NULL;
  g_autoptr (GError) error = NULL;

  g_subprocess_launcher_set_child_setup (launcher, end_with_test, NULL, NULL);
  self->process = g_subprocess_launcher_spawn (launcher, &error, "dbus-daemon", "--nofork",
                                               "--nopidfile", "--print-address", file, NULL);
  g_assert_no_error (error);
  output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (self->process));
  line = g_data_input_stream_read_line (output, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (line);
}

/**
 * private_bus_kill:
 * @self: a bus
 *
 * Has it end without a word, if it runs.
 */
void
private_bus_kill (PrivateBus *self)
{
  g_autoptr (GError) error = NULL;

  if (self->process == NULL)
    return;
  g_subprocess_force_exit (self->process);
  g_subprocess_wait (self->process, NULL, &error);
  g_assert_no_error (error);
  g_clear_object (&self->process);
}

/**
 * private_bus_join:
 * @self: a bus that runs
 *
 * Returns: (transfer full): another connection with it, for private_bus_leave()
 */
GDBusConnection *
private_bus_join (PrivateBus *self)
{
  g_autoptr (GError) error = NULL;
  GDBusConnection *connection = g_dbus_connection_new_for_address_sync (
      self->address,
      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
          | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
      NULL, NULL, &error);

  g_assert_no_error (error);
  return connection;
}

/**
 * private_bus_join_as:
 * @self: a bus that runs
 * @user: another user, which only root can be
 *
 * Returns: (transfer full): a connection of that user
 */
GDBusConnection *
private_bus_join_as (PrivateBus *self, uid_t user)
{
  uid_t own = geteuid ();
  GDBusConnection *connection;

  g_assert_cmpint (seteuid (user), ==, 0);
  connection = private_bus_join (self);
  g_assert_cmpint (seteuid (own), ==, 0);
  return connection;
}

/**
 * private_bus_leave:
 * @connection: (transfer full): a connection
 *
 * Closes it, if it is not closed yet, and waits for that.
 */
void
private_bus_leave (GDBusConnection *connection)
{
  if (!g_dbus_connection_is_closed (connection))
    g_dbus_connection_close_sync (connection, NULL, NULL);
  g_object_unref (connection);
}

static void
keep_result (G_GNUC_UNUSED GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

/**
 * bus_call:
 * @connection: a connection of a client
 * @destination: who is called
 * @path: the object
 * @method: "INTERFACE.METHOD"
 * @parameters: (nullable): its parameters, floating
 * @error: what the other says, or the bus
 *
 * Calls while the default context turns, on which the other may be.
 *
 * Returns: (transfer full) (nullable): the reply
 */
GVariant *
bus_call (GDBusConnection *connection, const char *destination, const char *path,
          const char *method, GVariant *parameters, GError **error)
{
  const char *member = strrchr (method, '.') + 1;
  g_autofree char *interface = g_strndup (method, (gsize) (member - method - 1));
  g_autoptr (GAsyncResult) result = NULL;

  g_dbus_connection_call (connection, destination, path, interface, member, parameters, NULL,
                          G_DBUS_CALL_FLAGS_NONE, -1, NULL, keep_result, &result);
  spin_until (result != NULL);
  return g_dbus_connection_call_finish (connection, result, error);
}

/**
 * bus_get:
 * @connection: a connection of a client
 * @destination: who is asked
 * @path: the object
 * @interface: the interface
 * @property: a property that it has
 *
 * Returns: (transfer full): its value
 */
GVariant *
bus_get (GDBusConnection *connection, const char *destination, const char *path,
         const char *interface, const char *property)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = bus_call (connection, destination, path,
                                         "org.freedesktop.DBus.Properties.Get",
                                         g_variant_new ("(ss)", interface, property), &error);
  GVariant *value = NULL;

  g_assert_no_error (error);
  g_variant_get (reply, "(v)", &value);
  return value;
}

/**
 * bus_assert_error:
 * @reply: (nullable): what came
 * @error: (nullable): instead of it
 * @name: the name that the error must have on the bus
 * @words: what its message must have
 */
void
bus_assert_error (GVariant *reply, const GError *error, const char *name, const char *words)
{
  g_autofree char *found = NULL;

  g_assert_null (reply);
  g_assert_nonnull (error);
  found = g_dbus_error_get_remote_error (error);
  g_assert_cmpstr (found, ==, name);
  if (strstr (error->message, words) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, words);
}

/**
 * bus_dup_owner:
 * @connection: a connection of a client
 * @name: a name
 *
 * Returns: (transfer full) (nullable): the unique name of who has it; %NULL = nobody
 */
char *
bus_dup_owner (GDBusConnection *connection, const char *name)
{
  g_autoptr (GVariant) reply = bus_call (
      connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
      "org.freedesktop.DBus.GetNameOwner", g_variant_new ("(s)", name), NULL);
  char *owner = NULL;

  if (reply != NULL)
    g_variant_get (reply, "(s)", &owner);
  return owner;
}
