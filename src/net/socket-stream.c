/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/socket-stream.h"

#include "core/tsan.h"
#include "net/socket.h"

/* A stream that goes to another thread does so in the hands of GIO, which ThreadSanitizer does not
 * see: whoever has it in the end is told to have all that was set before. */

static gboolean
clear_would_block (GError **error)
{
  if (!g_error_matches (*error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return FALSE;
  g_clear_error (error);
  return TRUE;
}

/* --- the half that is read ------------------------------------------------------------------- */

#define SOCKET_TYPE_INPUT (socket_input_get_type ())
G_DECLARE_FINAL_TYPE (SocketInput, socket_input, SOCKET, INPUT, GInputStream)

struct _SocketInput
{
  GInputStream parent_instance;
  DispSocket *socket;      /* (owned) */
  DispSocketFilter filter; /* (nullable) */
  gpointer filter_data;
};

static gssize
socket_input_read_nonblocking (GPollableInputStream *stream, void *buffer, gsize count,
                               GError **error)
{
  SocketInput *self = SOCKET_INPUT (stream);
  gssize n;

  DISP_TSAN_ACQUIRE (self);
  n = disp_socket_receive (self->socket, buffer, count, error);
  if (n <= 0 || self->filter == NULL || self->filter (buffer, (gsize) n, self->filter_data))
    return n;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "that must not come here");
  return -1;
}

static gboolean
socket_input_is_readable (GPollableInputStream *stream)
{
  return disp_socket_is_ready (SOCKET_INPUT (stream)->socket, G_IO_IN);
}

static GSource *
socket_input_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  return disp_socket_create_source (SOCKET_INPUT (stream)->socket, stream, G_IO_IN, cancellable);
}

static void
socket_input_pollable_init (GPollableInputStreamInterface *iface)
{
  iface->is_readable = socket_input_is_readable;
  iface->create_source = socket_input_create_source;
  iface->read_nonblocking = socket_input_read_nonblocking;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (SocketInput, socket_input, G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM,
                                                      socket_input_pollable_init))

static gssize
socket_input_read (GInputStream *stream, void *buffer, gsize count, GCancellable *cancellable,
                   GError **error)
{
  for (;;)
    {
      g_autoptr (GError) local = NULL;
      gssize n = socket_input_read_nonblocking (G_POLLABLE_INPUT_STREAM (stream), buffer, count,
                                                &local);

      if (n >= 0)
        return n;
      if (!clear_would_block (&local))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return -1;
        }
      if (!disp_socket_wait (SOCKET_INPUT (stream)->socket, G_IO_IN, cancellable, error))
        return -1;
    }
}

static void
socket_input_finalize (GObject *object)
{
  disp_socket_unref (SOCKET_INPUT (object)->socket);
  G_OBJECT_CLASS (socket_input_parent_class)->finalize (object);
}

static void
socket_input_class_init (SocketInputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = socket_input_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = socket_input_read;
}

static void
socket_input_init (G_GNUC_UNUSED SocketInput *self)
{
}

/* --- the half that is written ---------------------------------------------------------------- */

#define SOCKET_TYPE_OUTPUT (socket_output_get_type ())
G_DECLARE_FINAL_TYPE (SocketOutput, socket_output, SOCKET, OUTPUT, GOutputStream)

struct _SocketOutput
{
  GOutputStream parent_instance;
  DispSocket *socket; /* (owned) */
};

static gssize
socket_output_write_nonblocking (GPollableOutputStream *stream, const void *buffer, gsize count,
                                 GError **error)
{
  const GOutputVector vector = { buffer, count };

  return disp_socket_send (SOCKET_OUTPUT (stream)->socket, &vector, 1, error);
}

static GPollableReturn
socket_output_writev_nonblocking (GPollableOutputStream *stream, const GOutputVector *vectors,
                                  gsize n_vectors, gsize *bytes_written, GError **error)
{
  g_autoptr (GError) local = NULL;
  gssize n;

  DISP_TSAN_ACQUIRE (stream);
  n = disp_socket_send (SOCKET_OUTPUT (stream)->socket, vectors, n_vectors, &local);
  *bytes_written = (gsize) MAX (n, 0);
  if (n >= 0)
    return G_POLLABLE_RETURN_OK;
  if (clear_would_block (&local))
    return G_POLLABLE_RETURN_WOULD_BLOCK;
  g_propagate_error (error, g_steal_pointer (&local));
  return G_POLLABLE_RETURN_FAILED;
}

static gboolean
socket_output_is_writable (GPollableOutputStream *stream)
{
  return disp_socket_is_ready (SOCKET_OUTPUT (stream)->socket, G_IO_OUT);
}

static GSource *
socket_output_create_source (GPollableOutputStream *stream, GCancellable *cancellable)
{
  return disp_socket_create_source (SOCKET_OUTPUT (stream)->socket, stream, G_IO_OUT, cancellable);
}

static void
socket_output_pollable_init (GPollableOutputStreamInterface *iface)
{
  iface->is_writable = socket_output_is_writable;
  iface->create_source = socket_output_create_source;
  iface->write_nonblocking = socket_output_write_nonblocking;
  iface->writev_nonblocking = socket_output_writev_nonblocking;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (SocketOutput, socket_output, G_TYPE_OUTPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM,
                                                      socket_output_pollable_init))

static gboolean
socket_output_writev (GOutputStream *stream, const GOutputVector *vectors, gsize n_vectors,
                      gsize *bytes_written, GCancellable *cancellable, GError **error)
{
  for (;;)
    {
      switch (socket_output_writev_nonblocking (G_POLLABLE_OUTPUT_STREAM (stream), vectors,
                                                n_vectors, bytes_written, error))
        {
        case G_POLLABLE_RETURN_OK:
          return TRUE;
        case G_POLLABLE_RETURN_WOULD_BLOCK:
          if (!disp_socket_wait (SOCKET_OUTPUT (stream)->socket, G_IO_OUT, cancellable, error))
            return FALSE;
          break;
        case G_POLLABLE_RETURN_FAILED:
        default:
          return FALSE;
        }
    }
}

static gssize
socket_output_write (GOutputStream *stream, const void *buffer, gsize count,
                     GCancellable *cancellable, GError **error)
{
  const GOutputVector vector = { buffer, count };
  gsize n;

  if (!socket_output_writev (stream, &vector, 1, &n, cancellable, error))
    return -1;
  return (gssize) n;
}

static void
socket_output_finalize (GObject *object)
{
  disp_socket_unref (SOCKET_OUTPUT (object)->socket);
  G_OBJECT_CLASS (socket_output_parent_class)->finalize (object);
}

static void
socket_output_class_init (SocketOutputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = socket_output_finalize;
  G_OUTPUT_STREAM_CLASS (klass)->write_fn = socket_output_write;
  G_OUTPUT_STREAM_CLASS (klass)->writev_fn = socket_output_writev;
}

static void
socket_output_init (G_GNUC_UNUSED SocketOutput *self)
{
}

/* --- the whole ------------------------------------------------------------------------------- */

struct _DispSocketStream
{
  GIOStream parent_instance;
  DispSocket *socket;   /* (owned) */
  SocketInput *input;   /* (owned) */
  SocketOutput *output; /* (owned) */
};

G_DEFINE_FINAL_TYPE (DispSocketStream, disp_socket_stream, G_TYPE_IO_STREAM)

static GInputStream *
disp_socket_stream_get_input (GIOStream *stream)
{
  return G_INPUT_STREAM (DISP_SOCKET_STREAM (stream)->input);
}

static GOutputStream *
disp_socket_stream_get_output (GIOStream *stream)
{
  return G_OUTPUT_STREAM (DISP_SOCKET_STREAM (stream)->output);
}

static gboolean
disp_socket_stream_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  DispSocketStream *self = DISP_SOCKET_STREAM (stream);
  gboolean is_closed
      = G_IO_STREAM_CLASS (disp_socket_stream_parent_class)->close_fn (stream, cancellable, error);

  disp_socket_close (self->socket);
  return is_closed;
}

/* Not in a thread, since it never waits. */
static void
disp_socket_stream_close_async (GIOStream *stream, int priority, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);
  GError *error = NULL;

  g_task_set_source_tag (task, disp_socket_stream_close_async);
  g_task_set_priority (task, priority);
  if (disp_socket_stream_close (stream, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static gboolean
disp_socket_stream_close_finish (G_GNUC_UNUSED GIOStream *stream, GAsyncResult *result,
                                 GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
disp_socket_stream_finalize (GObject *object)
{
  DispSocketStream *self = DISP_SOCKET_STREAM (object);

  g_object_unref (self->input);
  g_object_unref (self->output);
  disp_socket_unref (self->socket);
  G_OBJECT_CLASS (disp_socket_stream_parent_class)->finalize (object);
}

static void
disp_socket_stream_class_init (DispSocketStreamClass *klass)
{
  GIOStreamClass *io_class = G_IO_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = disp_socket_stream_finalize;
  io_class->get_input_stream = disp_socket_stream_get_input;
  io_class->get_output_stream = disp_socket_stream_get_output;
  io_class->close_fn = disp_socket_stream_close;
  io_class->close_async = disp_socket_stream_close_async;
  io_class->close_finish = disp_socket_stream_close_finish;
}

static void
disp_socket_stream_init (DispSocketStream *self)
{
  self->socket = disp_socket_new (-1);
  self->input = g_object_new (SOCKET_TYPE_INPUT, NULL);
  self->input->socket = g_atomic_rc_box_acquire (self->socket);
  self->output = g_object_new (SOCKET_TYPE_OUTPUT, NULL);
  self->output->socket = g_atomic_rc_box_acquire (self->socket);
}

/**
 * disp_socket_stream_new:
 * @fd: (transfer full): a connected stream socket; whether it is blocking does not matter
 *
 * The stream may go from thread to thread, but must not be closed while another reads or writes.
 *
 * Returns: (transfer full): a stream that owns @fd: it is closed with the stream, or when that is
 * disposed of
 */
GIOStream *
disp_socket_stream_new (int fd)
{
  DispSocketStream *self = g_object_new (DISP_TYPE_SOCKET_STREAM, NULL);

  self->socket->fd = fd;
  DISP_TSAN_RELEASE (self->socket);
  DISP_TSAN_RELEASE (self->input);
  DISP_TSAN_RELEASE (self->output);
  return G_IO_STREAM (self);
}

/**
 * disp_socket_stream_set_filter:
 * @self: a stream that no thread is reading
 * @filter: sees all that comes from now on; what it refuses is an error,
 *   %G_IO_ERROR_INVALID_DATA, in its place
 * @user_data: for @filter, as long as @self is read
 */
void
disp_socket_stream_set_filter (DispSocketStream *self, DispSocketFilter filter, gpointer user_data)
{
  self->input->filter = filter;
  self->input->filter_data = user_data;
  DISP_TSAN_RELEASE (self->input);
}

/**
 * disp_socket_stream_get_fd:
 * @self: a stream
 *
 * Returns: its socket, which stays its own; -1 when it is closed
 */
int
disp_socket_stream_get_fd (DispSocketStream *self)
{
  return self->socket->fd;
}
