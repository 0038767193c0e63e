/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/listener-sockets.h"

#include "front/listen-address.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>

static gboolean
set_options (GSocket *socket, gboolean share, GError **error)
{
  return g_socket_set_option (socket, SOL_SOCKET, SO_REUSEADDR, TRUE, error)
         && (!share || g_socket_set_option (socket, SOL_SOCKET, SO_REUSEPORT, TRUE, error));
}

/* g_socket_bind() would take SO_REUSEPORT off the socket again. */
static gboolean
bind_natively (GSocket *socket, GSocketAddress *address, GError **error)
{
  struct sockaddr_storage native;
  gssize size = g_socket_address_get_native_size (address);

  if (!g_socket_address_to_native (address, &native, sizeof native, error))
    return FALSE;
  if (bind (g_socket_get_fd (socket), (struct sockaddr *) &native, (socklen_t) size) == 0)
    return TRUE;
  g_set_error_literal (error, G_IO_ERROR, g_io_error_from_errno (errno), g_strerror (errno));
  return FALSE;
}

static GSocket *
bind_socket (GSocketAddress *address, gboolean share, GError **error)
{
  GSocketFamily family = g_socket_address_get_family (address);
  g_autoptr (GSocket) socket = g_socket_new (family, G_SOCKET_TYPE_STREAM,
                                             G_SOCKET_PROTOCOL_DEFAULT, error);

  if (socket == NULL)
    return NULL;
  if (family != G_SOCKET_FAMILY_UNIX && !set_options (socket, share, error))
    return NULL;
  if (!bind_natively (socket, address, error))
    return NULL;
  g_socket_set_blocking (socket, FALSE);
  return g_steal_pointer (&socket);
}

static gboolean
start_listening (GSocket *socket, GError **error)
{
  g_socket_set_listen_backlog (socket, DISP_LISTENER_BACKLOG);
  return g_socket_listen (socket, error);
}

/*
 * With SO_REUSEPORT a second daemon of the same user could share the port unnoticed and take half
 * of the requests, so one socket without it is bound first: that fails if anybody is there.
 */
static gboolean
open_inet (GSocketAddress *address, guint n, GPtrArray *sockets, GError **error)
{
  g_autoptr (GSocket) probe = bind_socket (address, FALSE, error);
  g_autoptr (GSocketAddress) bound = probe != NULL ? g_socket_get_local_address (probe, error)
                                                   : NULL;

  if (bound == NULL)
    return FALSE;
  g_socket_close (probe, NULL);
  for (guint i = 0; i < n; i++)
    {
      GSocket *socket = bind_socket (bound, TRUE, error);

      if (socket == NULL)
        return FALSE;
      g_ptr_array_add (sockets, socket);
    }
  for (guint i = 0; i < n; i++)
    if (!start_listening (g_ptr_array_index (sockets, i), error))
      return FALSE;
  return TRUE;
}

/* A socket file that nobody listens on is left from a daemon that was killed. */
static void
remove_stale (const char *path, GSocketAddress *address)
{
  g_autoptr (GSocket) probe = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM,
                                            G_SOCKET_PROTOCOL_DEFAULT, NULL);
  g_autoptr (GError) error = NULL;
  GStatBuf status;

  if (probe == NULL || g_lstat (path, &status) != 0 || !S_ISSOCK (status.st_mode))
    return;
  /* A live daemon that accepts nothing at the moment must not make this one wait. */
  g_socket_set_blocking (probe, FALSE);
  if (!g_socket_connect (probe, address, NULL, &error)
      && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
    g_unlink (path);
}

/* Adds descriptors of their own of one socket. */
static gboolean
add_copies (int fd, guint n, GPtrArray *sockets, GError **error)
{
  for (guint i = 0; i < n; i++)
    {
      int copy = fcntl (fd, F_DUPFD_CLOEXEC, 3);
      GSocket *socket;

      if (copy < 0)
        {
          g_set_error_literal (error, G_IO_ERROR, g_io_error_from_errno (errno),
                               g_strerror (errno));
          return FALSE;
        }
      socket = g_socket_new_from_fd (copy, error);
      if (socket == NULL)
        return FALSE;
      g_socket_set_blocking (socket, FALSE);
      g_ptr_array_add (sockets, socket);
    }
  return TRUE;
}

/* A UNIX socket cannot be bound twice: every worker accepts from its own descriptor of the one. */
static gboolean
open_unix (GSocketAddress *address, guint n, GPtrArray *sockets, GError **error)
{
  GSocket *first;

  remove_stale (g_unix_socket_address_get_path (G_UNIX_SOCKET_ADDRESS (address)), address);
  first = bind_socket (address, FALSE, error);
  if (first == NULL)
    return FALSE;
  g_ptr_array_add (sockets, first);
  if (!start_listening (first, error))
    return FALSE;
  return add_copies (g_socket_get_fd (first), n - 1, sockets, error);
}

/**
 * disp_listener_open:
 * @address: "ADDRESS:PORT" (port 0 = any free one) or "unix:/PATH"
 * @n: for how many workers
 * @error: %DISP_ERROR_INVALID_CONFIG, or what the system said, with @address
 *
 * Opens listening sockets on one address, one for each worker, all on the same port.
 *
 * Returns: (transfer full) (element-type GSocket) (nullable): @n sockets
 */
GPtrArray *
disp_listener_open (const char *address, guint n, GError **error)
{
  g_autoptr (GPtrArray) sockets = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GSocketAddress) parsed = disp_listen_address_parse (address, error);
  gboolean is_unix;

  if (parsed == NULL)
    return NULL;
  is_unix = g_socket_address_get_family (parsed) == G_SOCKET_FAMILY_UNIX;
  if (!(is_unix ? open_unix : open_inet) (parsed, n, sockets, error))
    {
      g_prefix_error (error, "cannot listen on %s: ", address);
      return NULL;
    }
  return g_steal_pointer (&sockets);
}

/* Marks a socket that others keep open. */
static GQuark
adopted_quark (void)
{
  return g_quark_from_static_string ("disp-adopted-socket");
}

/**
 * disp_listener_is_adopted:
 * @socket: a listening socket
 *
 * Returns: whether it comes from disp_listener_adopt()
 */
gboolean
disp_listener_is_adopted (GSocket *socket)
{
  return g_object_get_qdata (G_OBJECT (socket), adopted_quark ()) != NULL;
}

/**
 * disp_listener_adopt:
 * @fd: a stream socket that listens, which somebody else keeps open
 * @n: for how many workers
 * @error: what the system said
 *
 * Makes of it a socket for each worker, with a descriptor of its own; @fd stays the caller's.  What
 * waits to be accepted when a listener of such a socket is freed goes on waiting, for whoever
 * listens there next.
 *
 * Returns: (transfer full) (element-type GSocket) (nullable): @n sockets
 */
GPtrArray *
disp_listener_adopt (int fd, guint n, GError **error)
{
  g_autoptr (GPtrArray) sockets = g_ptr_array_new_with_free_func (g_object_unref);

  if (!add_copies (fd, n, sockets, error))
    {
      g_prefix_error_literal (error, "cannot listen on an inherited socket: ");
      return NULL;
    }
  for (guint i = 0; i < n; i++)
    g_object_set_qdata (g_ptr_array_index (sockets, i), adopted_quark (), GINT_TO_POINTER (TRUE));
  return g_steal_pointer (&sockets);
}

/**
 * disp_listener_remove:
 * @address: an address that was listened on
 *
 * Removes what a closed socket leaves behind: the file of a UNIX socket.
 */
void
disp_listener_remove (const char *address)
{
  if (g_str_has_prefix (address, DISP_UNIX_PREFIX))
    g_unlink (address + strlen (DISP_UNIX_PREFIX));
}

/**
 * disp_listener_describe:
 * @socket: a listening socket
 *
 * Returns: (transfer full): its address as disp_listener_open() takes it, with the port that it
 * really has
 */
char *
disp_listener_describe (GSocket *socket)
{
  g_autoptr (GSocketAddress) address = g_socket_get_local_address (socket, NULL);

  if (address == NULL)
    return g_strdup ("closed");
  if (G_IS_UNIX_SOCKET_ADDRESS (address))
    return g_strconcat (DISP_UNIX_PREFIX,
                        g_unix_socket_address_get_address_type (G_UNIX_SOCKET_ADDRESS (address))
                                == G_UNIX_SOCKET_ADDRESS_ABSTRACT
                            ? "@"
                            : "",
                        g_unix_socket_address_get_path (G_UNIX_SOCKET_ADDRESS (address)), NULL);
  return g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (address));
}
