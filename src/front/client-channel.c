/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/client-channel.h"

#include "front/record-watch.h"
#include "net/socket-stream.h"

#include <errno.h>
#include <limits.h>
#include <linux/sockios.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* The longest record of TLS, in bytes (RFC 8446, section 5.1): what is written in smaller pieces
 * takes a record, and a call to the system, for each. */
#define RECORD_SIZE 16384

/* How many vectors the system takes at once. */
#define MAX_VECTORS IOV_MAX

struct _DispChannel
{
  int fd;              /* (owned), by @tls if there is one */
  GTlsConnection *tls; /* (owned) (nullable) */
  gboolean is_pending; /* TLS may have more to read, whatever the socket says */
  gsize stuck;         /* how much a record has that is half on its way out, in bytes */
  DispRecordWatch watch;
};

G_STATIC_ASSERT (sizeof (GOutputVector) == sizeof (struct iovec));
G_STATIC_ASSERT (G_STRUCT_OFFSET (GOutputVector, buffer)
                 == G_STRUCT_OFFSET (struct iovec, iov_base));
G_STATIC_ASSERT (G_STRUCT_OFFSET (GOutputVector, size) == G_STRUCT_OFFSET (struct iovec, iov_len));

/**
 * disp_channel_new_plain:
 * @fd: (transfer full): a connected, non-blocking socket
 *
 * Returns: (transfer full): a channel over it, to be given to disp_channel_close()
 */
DispChannel *
disp_channel_new_plain (int fd)
{
  DispChannel *self = g_new0 (DispChannel, 1);

  self->fd = fd;
  return self;
}

static GIOStream *
get_base (DispChannel *self)
{
  GIOStream *base;

  g_object_get (self->tls, "base-io-stream", &base, NULL);
  return base;
}

static gboolean
on_received (const void *bytes, gsize n, gpointer user_data)
{
  return disp_record_watch_see (user_data, bytes, n);
}

/**
 * disp_channel_new_tls:
 * @connection: (transfer full): TLS over a #DispSocketStream, with its handshake behind it
 * @fd: the socket below it, non-blocking, which is closed with that stream
 *
 * Returns: (transfer full): a channel over it, to be given to disp_channel_close()
 */
DispChannel *
disp_channel_new_tls (GTlsConnection *connection, int fd)
{
  DispChannel *self = disp_channel_new_plain (fd);
  g_autoptr (GIOStream) base = NULL;

  self->tls = connection;
  base = get_base (self);
  /* The first bytes may have come with the end of the handshake. */
  self->is_pending = TRUE;
  disp_socket_stream_set_filter (DISP_SOCKET_STREAM (base), on_received, &self->watch);
  return self;
}

static gssize
fate_of_errno (void)
{
  return errno == EAGAIN ? DISP_CHANNEL_WAIT : DISP_CHANNEL_BROKEN;
}

static gssize
fate_of_error (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK) ? DISP_CHANNEL_WAIT
                                                                     : DISP_CHANNEL_BROKEN;
}

static gssize
read_tls (DispChannel *self, void *buffer, gsize size)
{
  GInputStream *stream = g_io_stream_get_input_stream (G_IO_STREAM (self->tls));
  g_autoptr (GError) error = NULL;
  gssize n = g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (stream), buffer,
                                                       size, NULL, &error);

  /* It gives one record at a time, so that less than the size says nothing of what is left. */
  self->is_pending = n > 0;
  return n < 0 ? fate_of_error (error) : n;
}

/**
 * disp_channel_read:
 * @self: a channel
 * @buffer: where to
 * @size: how much there is room for, in bytes; not 0
 *
 * Over a plain socket it is one call to the system, and less than @size means that nothing is left
 * for now.  With TLS that is so only once nothing came: see disp_channel_is_pending().
 *
 * Returns: how many bytes came, or a #DispChannelFate
 */
gssize
disp_channel_read (DispChannel *self, void *buffer, gsize size)
{
  gssize n;

  if (self->tls != NULL)
    return read_tls (self, buffer, size);
  do
    n = recv (self->fd, buffer, size, 0);
  while (n < 0 && errno == EINTR);
  return n < 0 ? fate_of_errno () : n;
}

static gsize
gather (const GOutputVector *vectors, guint n, char *record)
{
  gsize size = 0;

  for (guint i = 0; i < n && size < RECORD_SIZE; i++)
    {
      gsize part = MIN (vectors[i].size, RECORD_SIZE - size);

      if (part > 0)
        memcpy (record + size, vectors[i].buffer, part);
      size += part;
    }
  return size;
}

/* Makes the vectors begin @size bytes later. */
static void
skip (GOutputVector *vectors, guint n, gsize size)
{
  for (guint i = 0; i < n && size > 0; i++)
    {
      gsize part = MIN (vectors[i].size, size);

      vectors[i].buffer = (const char *) vectors[i].buffer + part;
      vectors[i].size -= part;
      size -= part;
    }
}

static gssize
write_record (DispChannel *self, const void *bytes, gsize size)
{
  GOutputStream *stream = g_io_stream_get_output_stream (G_IO_STREAM (self->tls));
  g_autoptr (GError) error = NULL;
  gssize n = g_pollable_output_stream_write_nonblocking (G_POLLABLE_OUTPUT_STREAM (stream), bytes,
                                                         size, NULL, &error);

  self->stuck = n < 0 ? size : 0;
  return n < 0 ? fate_of_error (error) : n;
}

/* One record: of the first vector where it lies if that fills one, else of copies.  Of what is half
 * on its way TLS needs no more than to be told to go on. */
static gssize
write_first (DispChannel *self, const GOutputVector *vectors, guint n)
{
  char record[RECORD_SIZE];
  gsize size;

  if (n == 1 || vectors->size >= RECORD_SIZE)
    {
      size = MIN (vectors->size, RECORD_SIZE);
      return size < self->stuck ? DISP_CHANNEL_BROKEN : write_record (self, vectors->buffer, size);
    }
  size = gather (vectors, n, record);
  return size < self->stuck ? DISP_CHANNEL_BROKEN : write_record (self, record, size);
}

static gssize
write_tls (DispChannel *self, const GOutputVector *vectors, guint n)
{
  g_autofree GOutputVector *left = g_memdup2 (vectors, n * sizeof *vectors);
  GOutputVector *next = left;
  gssize total = 0;

  for (;;)
    {
      gssize written;

      for (; n > 0 && next->size == 0; n--)
        next++;
      if (n == 0)
        return total;
      written = write_first (self, next, n);
      if (written < 0)
        return total > 0 ? total : written;
      total += written;
      skip (next, n, (gsize) written);
    }
}

/**
 * disp_channel_write:
 * @self: a channel
 * @vectors: (array length=n): what to write, which may be nothing
 * @n: how many they are
 *
 * Less than everything means that there is no room for now.  Over a plain socket it is one call to
 * the system.  With TLS it is one for each 16 KiB, and what was not written has to come first, and
 * as much of it, in the next call: a record of it may be half on its way.
 *
 * Returns: how many bytes were taken, or a #DispChannelFate other than %DISP_CHANNEL_END
 */
gssize
disp_channel_write (DispChannel *self, const GOutputVector *vectors, guint n)
{
  struct msghdr message = { .msg_iov = (struct iovec *) vectors,
                            .msg_iovlen = MIN (n, MAX_VECTORS) };
  gssize written;

  if (self->tls != NULL)
    return write_tls (self, vectors, n);
  do
    written = sendmsg (self->fd, &message, MSG_NOSIGNAL);
  while (written < 0 && errno == EINTR);
  return written < 0 ? fate_of_errno () : written;
}

/* Says the end of TLS, unless that had to wait for room. */
static void
end_tls (DispChannel *self)
{
  struct pollfd poll_fd = { .fd = self->fd, .events = POLLOUT };

  if (self->stuck == 0 && poll (&poll_fd, 1, 0) == 1 && poll_fd.revents == POLLOUT)
    g_output_stream_close (g_io_stream_get_output_stream (G_IO_STREAM (self->tls)), NULL, NULL);
}

/**
 * disp_channel_shutdown:
 * @self: a channel
 *
 * Says that nothing more comes.  Reading may go on.
 */
void
disp_channel_shutdown (DispChannel *self)
{
  if (self->tls != NULL)
    end_tls (self);
  shutdown (self->fd, SHUT_WR);
}

/**
 * disp_channel_close:
 * @self: (transfer full): a channel
 * @reset: whether the peer is told by a reset, and what it has not taken yet is thrown away
 *
 * Closes the socket at once.
 */
void
disp_channel_close (DispChannel *self, gboolean reset)
{
  const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

  if (reset)
    setsockopt (self->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  if (self->tls == NULL)
    close (self->fd);
  else
    {
      g_autoptr (GIOStream) base = get_base (self);

      if (!reset)
        end_tls (self);
      /* Not by TLS, which would wait for room to say so. */
      g_io_stream_close (base, NULL, NULL);
      g_object_unref (self->tls);
    }
  g_free (self);
}

/**
 * disp_channel_get_fd:
 * @self: a channel
 *
 * Returns: the socket, to be watched
 */
int
disp_channel_get_fd (const DispChannel *self)
{
  return self->fd;
}

/**
 * disp_channel_count_untaken:
 * @self: a channel
 *
 * Returns: how much of what was written the system still keeps, because the peer has not taken it,
 *   in bytes, with what TLS adds
 */
gsize
disp_channel_count_untaken (const DispChannel *self)
{
  int n = 0;

  return ioctl (self->fd, SIOCOUTQ, &n) == 0 ? (gsize) n : 0;
}

/**
 * disp_channel_is_tls:
 * @self: a channel
 *
 * Returns: whether it is TLS
 */
gboolean
disp_channel_is_tls (const DispChannel *self)
{
  return self->tls != NULL;
}

/**
 * disp_channel_is_pending:
 * @self: a channel
 *
 * Returns: whether there may be more to read although the socket is not readable: what came is
 * deciphered already, or the last call read no more of the socket than a record
 */
gboolean
disp_channel_is_pending (const DispChannel *self)
{
  return self->is_pending;
}
