/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/socket.h"

#include "core/tsan.h"

#include <errno.h>
#include <glib-unix.h>
#include <limits.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* A vector of GIO is one of the system. */
G_STATIC_ASSERT (sizeof (GOutputVector) == sizeof (struct iovec));
G_STATIC_ASSERT (G_STRUCT_OFFSET (GOutputVector, buffer)
                 == G_STRUCT_OFFSET (struct iovec, iov_base));
G_STATIC_ASSERT (G_STRUCT_OFFSET (GOutputVector, size) == G_STRUCT_OFFSET (struct iovec, iov_len));

/**
 * disp_socket_new:
 * @fd: (transfer full): a connected stream socket, or -1
 *
 * Returns: (transfer full): a socket; more references are made by g_atomic_rc_box_acquire()
 */
DispSocket *
disp_socket_new (int fd)
{
  DispSocket *self = g_atomic_rc_box_new0 (DispSocket);

  self->fd = fd;
  return self;
}

/**
 * disp_socket_close:
 * @self: a socket
 *
 * Closes the descriptor, if there is one still.
 */
void
disp_socket_close (DispSocket *self)
{
  int fd;

  DISP_TSAN_ACQUIRE (self);
  fd = self->fd;
  self->fd = -1;
  if (fd >= 0)
    close (fd); /* it is gone, whatever close() says */
  DISP_TSAN_RELEASE (self);
}

/**
 * disp_socket_unref:
 * @self: (transfer full): a socket
 *
 * The last reference closes it.
 */
void
disp_socket_unref (DispSocket *self)
{
  g_atomic_rc_box_release_full (self, (GDestroyNotify) disp_socket_close);
}

static gboolean
check_open (DispSocket *self, GError **error)
{
  DISP_TSAN_ACQUIRE (self);
  if (self->fd >= 0)
    return TRUE;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, "the connection is closed");
  return FALSE;
}

static void
set_error_of_system (GError **error)
{
  int code = errno;

  g_set_error_literal (error, G_IO_ERROR, (int) g_io_error_from_errno (code), g_strerror (code));
}

/**
 * disp_socket_is_ready:
 * @self: a socket
 * @condition: %G_IO_IN or %G_IO_OUT
 *
 * Returns: whether a call would not block: it may fail, of a socket that is closed for one
 */
gboolean
disp_socket_is_ready (DispSocket *self, GIOCondition condition)
{
  GPollFD poll = { .fd = self->fd, .events = (gushort) condition };

  return self->fd < 0 || g_poll (&poll, 1, 0) > 0;
}

/**
 * disp_socket_wait:
 * @self: a socket
 * @condition: %G_IO_IN or %G_IO_OUT
 * @cancellable: (nullable): a cancellable
 * @error: the location of a #GError
 *
 * Blocks until a call that would have blocked may be tried again.
 *
 * Returns: %FALSE if that was cancelled, or polling failed
 */
gboolean
disp_socket_wait (DispSocket *self, GIOCondition condition, GCancellable *cancellable,
                  GError **error)
{
  GPollFD polls[2] = { { .fd = self->fd, .events = (gushort) condition } };
  gboolean has_cancel = g_cancellable_make_pollfd (cancellable, &polls[1]);
  int n;

  do
    n = g_poll (polls, has_cancel ? 2 : 1, -1);
  while (n < 0 && errno == EINTR);
  if (n < 0)
    set_error_of_system (error);
  if (has_cancel)
    g_cancellable_release_fd (cancellable);
  return n > 0 && !g_cancellable_set_error_if_cancelled (cancellable, error);
}

/**
 * disp_socket_create_source:
 * @self: a socket
 * @half: the pollable stream that the source is of
 * @condition: %G_IO_IN or %G_IO_OUT
 * @cancellable: (nullable): a cancellable, which makes the source ready too
 *
 * Returns: (transfer full): a source for a #GPollableSourceFunc; it is ready at once if the socket
 * is closed, so that the next call tells that
 */
GSource *
disp_socket_create_source (DispSocket *self, gpointer half, GIOCondition condition,
                           GCancellable *cancellable)
{
  g_autoptr (GSource) child = NULL;

  if (self->fd >= 0)
    child = g_unix_fd_source_new (self->fd, condition);
  else
    child = g_timeout_source_new (0);
  return g_pollable_source_new_full (half, child, cancellable);
}

/**
 * disp_socket_receive:
 * @self: a socket
 * @buffer: (out caller-allocates): where to put what has come
 * @count: the length of @buffer
 * @error: the location of a #GError, of %G_IO_ERROR
 *
 * Never blocks.
 *
 * Returns: how much has come; 0 at the end; -1 on errors, with %G_IO_ERROR_WOULD_BLOCK if there is
 * nothing yet
 */
gssize
disp_socket_receive (DispSocket *self, void *buffer, gsize count, GError **error)
{
  gssize n;

  if (!check_open (self, error))
    return -1;
  do
    n = recv (self->fd, buffer, count, MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  if (n < 0)
    set_error_of_system (error);
  return n;
}

/**
 * disp_socket_send:
 * @self: a socket
 * @vectors: what to send
 * @n_vectors: the length of @vectors
 * @error: the location of a #GError, of %G_IO_ERROR
 *
 * Never blocks, and raises no signal if the peer has gone.
 *
 * Returns: how much was taken, maybe not all; -1 on errors, with %G_IO_ERROR_WOULD_BLOCK if nothing
 * can be taken yet
 */
gssize
disp_socket_send (DispSocket *self, const GOutputVector *vectors, gsize n_vectors, GError **error)
{
  struct msghdr message = {
    .msg_iov = (struct iovec *) vectors,
    .msg_iovlen = MIN (n_vectors, IOV_MAX), /* the caller sends the rest */
  };
  gssize n;

  if (!check_open (self, error))
    return -1;
  do
    n = sendmsg (self->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  if (n < 0)
    set_error_of_system (error);
  return n;
}
