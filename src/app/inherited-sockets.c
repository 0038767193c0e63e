/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/inherited-sockets.h"

#include "core/error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <sys/socket.h>
#include <unistd.h>

/* Where the descriptors that are handed down begin. */
#define FIRST_DESCRIPTOR 3
/* More are a mistake. */
#define MAX_SOCKETS 1024

static const char *const known_names[] = {
  DISP_INHERITED_PREDICTIONS,
  DISP_INHERITED_REQUESTS_STORE,
  DISP_INHERITED_CONTAINERS_MANAGER,
};

typedef struct
{
  int fd;           /* (owned) */
  const char *name; /* (unowned) one of known_names */
} Inherited;

struct _DispInheritedSockets
{
  GArray *sockets; /* (owned) (element-type Inherited) */
};

static void
inherited_clear (gpointer data)
{
  const Inherited *inherited = data;

  close (inherited->fd);
}

/**
 * disp_inherited_sockets_free:
 * @self: (transfer full): sockets
 *
 * Closes the descriptors; those that were made of them stay open.
 */
void
disp_inherited_sockets_free (DispInheritedSockets *self)
{
  g_array_unref (self->sockets);
  g_free (self);
}

/* Which service a socket is for; a socket that was given no name bears that of its unit, or none:
 * it is for predictions. */
static const char *
find_service (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (known_names); i++)
    if (g_str_equal (name, known_names[i]))
      return known_names[i];
  if (*name == '\0' || g_str_equal (name, "unknown") || g_str_has_suffix (name, ".socket"))
    return DISP_INHERITED_PREDICTIONS;
  return NULL;
}

static int
get_option (int fd, int option)
{
  int value = -1;
  socklen_t size = sizeof value;

  return getsockopt (fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

static gboolean
is_listening (int fd)
{
  int domain = get_option (fd, SO_DOMAIN);

  return (domain == AF_INET || domain == AF_INET6 || domain == AF_UNIX)
         && get_option (fd, SO_TYPE) == SOCK_STREAM && get_option (fd, SO_ACCEPTCONN) == 1;
}

static gboolean
add (DispInheritedSockets *self, int fd, const char *name, GError **error)
{
  Inherited inherited = { fd, find_service (name) };

  if (inherited.name == NULL)
    {
      g_set_error (
          error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG,
          _ ("LISTEN_FDNAMES: expected predictions, requests-store or "
             "containers-manager, as FileDescriptorName= of the socket unit, found \"%s\""),
          name);
      return FALSE;
    }
  if (!is_listening (fd) || fcntl (fd, F_SETFD, FD_CLOEXEC) != 0)
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG,
                   _ ("LISTEN_FDS: expected a stream socket of IPv4, IPv6 or UNIX that listens, as "
                      "with ListenStream= and Accept=no, found something else (descriptor %d, "
                      "\"%s\")"),
                   fd, name);
      return FALSE;
    }
  g_array_append_val (self->sockets, inherited);
  return TRUE;
}

/**
 * disp_inherited_sockets_new:
 * @count: what LISTEN_FDS says: how many there are
 * @names: (nullable): what LISTEN_FDNAMES says: the name of each, with colons between
 * @first: the first descriptor
 * @error: %DISP_ERROR_INVALID_CONFIG, saying what was expected
 *
 * Checks the descriptors, and takes them over.
 *
 * Returns: (transfer full) (nullable): the sockets
 */
DispInheritedSockets *
disp_inherited_sockets_new (const char *count, const char *names, int first, GError **error)
{
  g_autoptr (DispInheritedSockets) self = g_new0 (DispInheritedSockets, 1);
  g_auto (GStrv) split = names != NULL ? g_strsplit (names, ":", -1) : NULL;
  guint64 n;

  self->sockets = g_array_new (FALSE, FALSE, sizeof (Inherited));
  g_array_set_clear_func (self->sockets, inherited_clear);
  if (!g_ascii_string_to_unsigned (count, 10, 0, MAX_SOCKETS, &n, NULL))
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG,
                   _ ("LISTEN_FDS: expected a number from 0 to %d, found \"%s\""), MAX_SOCKETS,
                   count);
      return NULL;
    }
  if (n > 0 && split != NULL && g_strv_length (split) != n)
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG,
                   _ ("LISTEN_FDNAMES: expected as many names as LISTEN_FDS says (%s), found "
                      "\"%s\""),
                   count, names);
      return NULL;
    }
  for (guint i = 0; i < n; i++)
    if (!add (self, first + (int) i, split != NULL ? split[i] : "", error))
      return NULL;
  return g_steal_pointer (&self);
}

/**
 * disp_inherited_sockets_take:
 * @error: %DISP_ERROR_INVALID_CONFIG, saying what was expected
 *
 * Takes what the environment says over, and takes it out of that.  Variables that are meant for
 * another process do not count.  To be called before the first thread starts.
 *
 * Returns: (transfer full) (nullable): the sockets, maybe none
 */
DispInheritedSockets *
disp_inherited_sockets_take (GError **error)
{
  g_autofree char *pid = g_strdup (g_getenv ("LISTEN_PID"));
  g_autofree char *count = g_strdup (g_getenv ("LISTEN_FDS"));
  g_autofree char *names = g_strdup (g_getenv ("LISTEN_FDNAMES"));
  g_autofree char *own = g_strdup_printf ("%d", (int) getpid ());

  g_unsetenv ("LISTEN_PID");
  g_unsetenv ("LISTEN_FDS");
  g_unsetenv ("LISTEN_FDNAMES");
  if (count == NULL || g_strcmp0 (pid, own) != 0)
    return disp_inherited_sockets_new ("0", NULL, FIRST_DESCRIPTOR, error);
  return disp_inherited_sockets_new (count, names, FIRST_DESCRIPTOR, error);
}

/**
 * disp_inherited_sockets_find:
 * @self: sockets
 * @name: that of a service
 *
 * Returns: (transfer full) (element-type int): the descriptors for that service, which stay @self's
 */
GArray *
disp_inherited_sockets_find (DispInheritedSockets *self, const char *name)
{
  GArray *found = g_array_new (FALSE, FALSE, sizeof (int));

  for (guint i = 0; i < self->sockets->len; i++)
    {
      const Inherited *inherited = &g_array_index (self->sockets, Inherited, i);

      if (g_str_equal (inherited->name, name))
        g_array_append_val (found, inherited->fd);
    }
  return found;
}
