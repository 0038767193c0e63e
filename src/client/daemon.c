/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/daemon.h"

#include "core/error.h"

#include <glib/gi18n.h>
#include <sysexits.h>
#include <unistd.h>

#define BUS_NAME "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"

/* A bus on which the daemon may be. */
typedef struct
{
  const char *bus;             /* (unowned) */
  GDBusConnection *connection; /* (owned) (nullable) */
  GError *problem;             /* (owned) (nullable) why there is no connection */
  gboolean is_there;           /* whether the daemon is */
  gboolean can_start;          /* whether the bus would start it */
} Candidate;

static void
candidate_clear (Candidate *self)
{
  g_clear_object (&self->connection);
  g_clear_error (&self->problem);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Candidate, candidate_clear)

static GDBusConnection *
connect_to (const char *bus, const char *address, GError **error)
{
  g_autofree char *found = NULL;

  if (address == NULL)
    {
      found = g_dbus_address_get_for_bus_sync (
          g_str_equal (bus, "system") ? G_BUS_TYPE_SYSTEM : G_BUS_TYPE_SESSION, NULL, error);
      if (found == NULL)
        return NULL;
      address = found;
    }
  /* Not the shared connection of the process, whose end would end the process. */
  return g_dbus_connection_new_for_address_sync (
      address,
      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
          | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
      NULL, NULL, error);
}

static void
look (Candidate *self, const char *address)
{
  g_autoptr (GVariant) owned = NULL;
  g_autoptr (GVariant) activatable = NULL;
  g_autofree const char **names = NULL;

  self->connection = connect_to (self->bus, address, &self->problem);
  if (self->connection == NULL)
    return;
  owned = g_dbus_connection_call_sync (self->connection, BUS_NAME, BUS_PATH, BUS_NAME,
                                       "NameHasOwner", g_variant_new ("(s)", DISP_DAEMON_NAME),
                                       G_VARIANT_TYPE ("(b)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL,
                                       &self->problem);
  if (owned == NULL)
    return;
  g_variant_get (owned, "(b)", &self->is_there);
  activatable = g_dbus_connection_call_sync (self->connection, BUS_NAME, BUS_PATH, BUS_NAME,
                                             "ListActivatableNames", NULL, G_VARIANT_TYPE ("(as)"),
                                             G_DBUS_CALL_FLAGS_NONE, -1, NULL, &self->problem);
  if (activatable == NULL)
    return;
  g_variant_get (activatable, "(^a&s)", &names);
  self->can_start = g_strv_contains (names, DISP_DAEMON_NAME);
}

static DispDaemon *
take (Candidate *candidate)
{
  DispDaemon *self = g_new0 (DispDaemon, 1);

  self->connection = g_steal_pointer (&candidate->connection);
  self->bus = candidate->bus;
  return self;
}

static void
set_problem (const Candidate *candidate, const DispFlags *flags, GError **error)
{
  const char *reason = candidate->problem != NULL ? candidate->problem->message : NULL;

  if (flags->address != NULL && reason != NULL)
    g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_NO_SERVER,
                 _ ("the bus at \"%s\" cannot be reached: %s"), flags->address, reason);
  else if (flags->address != NULL)
    g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER,
                 _ ("dispatcherd does not run on the bus at \"%s\""), flags->address);
  else if (g_str_equal (candidate->bus, "system"))
    g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER,
                 _ ("dispatcherd does not run on the system bus (%s); start it with "
                    "\"systemctl start dispatcherd\", or say --user"),
                 reason != NULL ? reason : _ ("nobody has its name there"));
  else
    g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER,
                 _ ("dispatcherd does not run on the session bus (%s); start it with "
                    "\"systemctl --user start dispatcherd\", or say --system"),
                 reason != NULL ? reason : _ ("nobody has its name there"));
}

static DispDaemon *
choose (Candidate *candidates, guint n_candidates, gboolean may_start)
{
  for (guint i = 0; i < n_candidates; i++)
    if (candidates[i].is_there)
      {
        if (i == 0 && n_candidates > 1 && candidates[1].is_there && may_start)
          g_printerr (g_str_equal (candidates[0].bus, "system")
                          ? _ ("dispatcherctl: dispatcherd runs on both buses; this is the one of "
                               "the system bus, the other is for --user\n")
                          : _ ("dispatcherctl: dispatcherd runs on both buses; this is the one of "
                               "the session bus, the other is for --system\n"));
        return take (&candidates[i]);
      }
  for (guint i = 0; i < n_candidates; i++)
    if (candidates[i].can_start && may_start)
      return take (&candidates[i]);
  return NULL;
}

/* Errors of the daemon are to be recognized as what they were there. */
static void
register_errors (void)
{
  for (int code = 0; code < DISP_N_ERRORS; code++)
    g_dbus_error_register_error (DISP_ERROR, code, disp_error_bus_name (code));
}

/**
 * disp_daemon_find:
 * @flags: which bus was asked for, if any
 * @may_start: whether the bus may start the daemon; without it nothing is said, either
 * @error: %G_DBUS_ERROR, saying where the daemon is not and what to do
 *
 * Unless a bus was asked for it is the one that the daemon is on: for root the system bus is looked
 * at first, for others the session bus.  When it is on both, that is said.
 *
 * Returns: (transfer full) (nullable): the daemon
 */
DispDaemon *
disp_daemon_find (const DispFlags *flags, gboolean may_start, GError **error)
{
  gboolean system_first = flags->system || (!flags->user && geteuid () == 0);
  g_auto (Candidate) first = { .bus = system_first ? "system" : "session" };
  g_auto (Candidate) second = { .bus = system_first ? "session" : "system" };
  DispDaemon *self;

  register_errors ();
  if (flags->address != NULL)
    first.bus = "address";
  look (&first, flags->address);
  if (flags->address != NULL || flags->user || flags->system)
    {
      self = choose (&first, 1, may_start);
      if (self == NULL)
        set_problem (&first, flags, error);
      return self;
    }
  look (&second, NULL);
  {
    Candidate both[] = { first, second };

    self = choose (both, G_N_ELEMENTS (both), may_start);
    first.connection = both[0].connection;
    second.connection = both[1].connection;
  }
  if (self == NULL)
    g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER,
                 _ ("dispatcherd runs neither on the system bus nor on the session bus; start it "
                    "with \"systemctl start dispatcherd\" or \"systemctl --user start "
                    "dispatcherd\", or say where it is with --address"));
  return self;
}

void
disp_daemon_free (DispDaemon *self)
{
  g_object_unref (self->connection);
  g_free (self);
}

static GVariant *
call (const DispDaemon *self, const char *path, const char *interface, const char *method,
      GVariant *arguments, const char *answer_type, GDBusCallFlags flags, int timeout,
      GError **error)
{
  GVariant *answer = g_dbus_connection_call_sync (
      self->connection, DISP_DAEMON_NAME, path, interface, method, arguments,
      G_VARIANT_TYPE (answer_type), flags, timeout, NULL, error);

  if (answer == NULL && error != NULL && g_dbus_error_is_remote_error (*error))
    g_dbus_error_strip_remote_error (*error);
  return answer;
}

/**
 * disp_daemon_call:
 * @self: the daemon
 * @path: of one of its objects
 * @interface: of that
 * @method: of that
 * @arguments: (nullable): a tuple; a floating one is taken
 * @answer_type: the type of the answer, a tuple
 * @error: %DISP_ERROR as the daemon says, %G_DBUS_ERROR, %G_IO_ERROR
 *
 * Asks something, and waits for the answer.
 *
 * Returns: (transfer full) (nullable): the answer
 */
GVariant *
disp_daemon_call (const DispDaemon *self, const char *path, const char *interface,
                  const char *method, GVariant *arguments, const char *answer_type, GError **error)
{
  return call (self, path, interface, method, arguments, answer_type, G_DBUS_CALL_FLAGS_NONE, -1,
               error);
}

/**
 * disp_daemon_change:
 * @self: the daemon
 * @path: of one of its objects
 * @interface: of that
 * @method: of that
 * @arguments: (nullable): a tuple; a floating one is taken
 * @error: %DISP_ERROR as the daemon says, %G_DBUS_ERROR, %G_IO_ERROR
 *
 * Changes something, which may need the permission of somebody who types a password: where somebody
 * sits at a terminal it may be asked for, and takes its time.
 *
 * Returns: whether it was done
 */
gboolean
disp_daemon_change (const DispDaemon *self, const char *path, const char *interface,
                    const char *method, GVariant *arguments, GError **error)
{
  g_autoptr (GVariant) answer = call (self, path, interface, method, arguments, "()",
                                      isatty (STDIN_FILENO)
                                          ? G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION
                                          : G_DBUS_CALL_FLAGS_NONE,
                                      G_MAXINT, error);

  return answer != NULL;
}

/**
 * disp_daemon_set:
 * @self: the daemon
 * @path: of one of its objects
 * @interface: of that
 * @property: of that
 * @value: its new value; a floating one is taken
 * @error: as of disp_daemon_change()
 *
 * Returns: whether it was set
 */
gboolean
disp_daemon_set (const DispDaemon *self, const char *path, const char *interface,
                 const char *property, GVariant *value, GError **error)
{
  return disp_daemon_change (self, path, "org.freedesktop.DBus.Properties", "Set",
                             g_variant_new ("(ssv)", interface, property, value), error);
}

/**
 * disp_exit_status:
 * @error: why a command failed
 *
 * Returns: the exit status that tells it
 */
int
disp_exit_status (const GError *error)
{
  if (error->domain == G_OPTION_ERROR)
    return EX_USAGE;
  if (g_error_matches (error, DISP_ERROR, DISP_ERROR_NOT_AUTHORIZED)
      || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED)
      || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_AUTH_FAILED))
    return EX_NOPERM;
  if (g_error_matches (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG))
    return EX_CONFIG;
  if (g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS)
      || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD))
    return EXIT_FAILURE;
  if (error->domain == G_DBUS_ERROR || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED)
      /* The path of a socket. */
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    return EX_UNAVAILABLE;
  return EXIT_FAILURE;
}
