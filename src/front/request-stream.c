/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/request-stream.h"

#include <errno.h>
#include <sys/socket.h>

/* How far a read of a head looks ahead, in bytes. */
#define PEEK_SIZE 8192

/*
 * The part of a connection that is one request: its reader gets the head up to the empty line, then
 * as much body as the head says, and never a byte of what follows, since bytes that it had read too
 * many would be lost with it.
 */
typedef enum
{
  STAGE_HEAD,    /* looking for the empty line */
  STAGE_WAITING, /* the head has been read; how long the body is was not said yet */
  STAGE_BODY,    /* @left bytes are to come */
  STAGE_REFUSED, /* the head is too long */
  STAGE_CHUNKS,  /* only the reader knows where it ends */
} Stage;

#define TYPE_REQUEST_INPUT (request_input_get_type ())
G_DECLARE_FINAL_TYPE (RequestInput, request_input, REQUEST, INPUT, GInputStream)

struct _RequestInput
{
  GInputStream parent_instance;
  GSocket *socket; /* (owned) */
  Stage stage;
  gboolean at_line_start; /* with STAGE_HEAD: the byte before was a line feed, or that and a
                             carriage return */
  gsize head_length;      /* how much of the head was read, in bytes */
  goffset left;           /* with STAGE_BODY, in bytes */
  void (*head_too_large) (gpointer user_data);
  gpointer user_data;
};

struct _DispRequestStream
{
  GIOStream parent_instance;
  RequestInput *input;   /* (owned) */
  GOutputStream *output; /* (owned) */
  void (*closed) (gboolean exhausted, gpointer user_data);
  gpointer user_data;
};

/* No request ends with the connection: SoupServer would take what came before for a whole one. */
static gssize
receive (RequestInput *self, void *buffer, gsize size, int flags, GError **error)
{
  gssize n;

  do
    n = recv (g_socket_get_fd (self->socket), buffer, size, flags | MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  if (n > 0)
    return n;
  if (n == 0)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED,
                         "the client closed the connection in the midst of its request");
  else
    g_set_error_literal (error, G_IO_ERROR, g_io_error_from_errno (errno), g_strerror (errno));
  return -1;
}

/* How many of @n bytes belong to the head.  Sees its end where SoupServer does: at any empty line.
 */
static gsize
measure_head (RequestInput *self, const char *bytes, gsize n)
{
  for (gsize i = 0; i < n; i++)
    {
      if (bytes[i] == '\n' && self->at_line_start)
        {
          self->stage = STAGE_WAITING;
          return i + 1;
        }
      self->at_line_start = bytes[i] == '\n' || (bytes[i] == '\r' && self->at_line_start);
    }
  return n;
}

static gssize
set_would_block (GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "no more is to be read");
  return -1;
}

static gssize
read_head (RequestInput *self, char *buffer, gsize size, GError **error)
{
  gssize n = receive (self, buffer, MIN (size, PEEK_SIZE), MSG_PEEK, error);
  gsize length;

  if (n < 0)
    return n;
  length = measure_head (self, buffer, (gsize) n);
  self->head_length += length;
  if (self->head_length <= DISP_MAX_HEAD_SIZE)
    return receive (self, buffer, length, 0, error);
  self->stage = STAGE_REFUSED;
  self->head_too_large (self->user_data);
  return set_would_block (error);
}

static gssize
read_body (RequestInput *self, char *buffer, gsize size, GError **error)
{
  gssize n = receive (self, buffer, (gsize) MIN ((goffset) size, self->left), 0, error);

  self->left -= MAX (n, 0);
  return n;
}

static gssize
input_read_nonblocking (GPollableInputStream *stream, void *buffer, gsize size, GError **error)
{
  RequestInput *self = REQUEST_INPUT (stream);

  if (self->stage == STAGE_HEAD)
    return read_head (self, buffer, size, error);
  if (self->stage == STAGE_CHUNKS)
    return receive (self, buffer, size, 0, error);
  if (self->stage == STAGE_BODY && self->left > 0)
    return read_body (self, buffer, size, error);
  return set_would_block (error);
}

/* Nobody reads a request in a blocking way; GInputStream only asks that it could be done. */
static gssize
input_read (GInputStream *stream, void *buffer, gsize size, GCancellable *cancellable,
            GError **error)
{
  if (!g_socket_condition_wait (REQUEST_INPUT (stream)->socket, G_IO_IN, cancellable, error))
    return -1;
  return input_read_nonblocking (G_POLLABLE_INPUT_STREAM (stream), buffer, size, error);
}

static gboolean
input_is_readable (GPollableInputStream *stream)
{
  return (g_socket_condition_check (REQUEST_INPUT (stream)->socket, G_IO_IN) & G_IO_IN) != 0;
}

static GSource *
input_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  g_autoptr (GSource) source = g_socket_create_source (REQUEST_INPUT (stream)->socket, G_IO_IN,
                                                       NULL);

  return g_pollable_source_new_full (stream, source, cancellable);
}

static void
input_pollable_iface_init (GPollableInputStreamInterface *iface)
{
  iface->is_readable = input_is_readable;
  iface->create_source = input_create_source;
  iface->read_nonblocking = input_read_nonblocking;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (RequestInput, request_input, G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM,
                                                      input_pollable_iface_init))

static void
request_input_finalize (GObject *object)
{
  g_object_unref (REQUEST_INPUT (object)->socket);
  G_OBJECT_CLASS (request_input_parent_class)->finalize (object);
}

static void
request_input_class_init (RequestInputClass *klass)
{
  G_INPUT_STREAM_CLASS (klass)->read_fn = input_read;
  G_OBJECT_CLASS (klass)->finalize = request_input_finalize;
}

static void
request_input_init (G_GNUC_UNUSED RequestInput *self)
{
}

G_DEFINE_FINAL_TYPE (DispRequestStream, disp_request_stream, G_TYPE_IO_STREAM)

static GInputStream *
request_stream_get_input (GIOStream *stream)
{
  return G_INPUT_STREAM (DISP_REQUEST_STREAM (stream)->input);
}

static GOutputStream *
request_stream_get_output (GIOStream *stream)
{
  return DISP_REQUEST_STREAM (stream)->output;
}

/* Closing the stream ends the request; the socket is its owner's. */
static gboolean
request_stream_close (GIOStream *stream, G_GNUC_UNUSED GCancellable *cancellable,
                      G_GNUC_UNUSED GError **error)
{
  DispRequestStream *self = DISP_REQUEST_STREAM (stream);
  void (*closed) (gboolean, gpointer) = self->closed;

  self->closed = NULL;
  if (closed != NULL)
    closed (disp_request_stream_is_exhausted (self), self->user_data);
  return TRUE;
}

static void
disp_request_stream_finalize (GObject *object)
{
  DispRequestStream *self = DISP_REQUEST_STREAM (object);

  g_object_unref (self->input);
  g_object_unref (self->output);
  G_OBJECT_CLASS (disp_request_stream_parent_class)->finalize (object);
}

static void
disp_request_stream_class_init (DispRequestStreamClass *klass)
{
  GIOStreamClass *stream_class = G_IO_STREAM_CLASS (klass);

  stream_class->get_input_stream = request_stream_get_input;
  stream_class->get_output_stream = request_stream_get_output;
  stream_class->close_fn = request_stream_close;
  G_OBJECT_CLASS (klass)->finalize = disp_request_stream_finalize;
}

static void
disp_request_stream_init (G_GNUC_UNUSED DispRequestStream *self)
{
}

/**
 * disp_request_stream_new:
 * @socket: a connected, non-blocking socket, at the first byte of a request
 * @output: where the answer goes
 * @events: what to tell, unless the stream is forgotten before; copied
 * @user_data: for @events
 *
 * Returns: (transfer full): a stream of one request and its answer
 */
DispRequestStream *
disp_request_stream_new (GSocket *socket, GOutputStream *output,
                         const DispRequestStreamEvents *events, gpointer user_data)
{
  DispRequestStream *self = g_object_new (DISP_TYPE_REQUEST_STREAM, NULL);

  self->input = g_object_new (TYPE_REQUEST_INPUT, NULL);
  self->input->socket = g_object_ref (socket);
  self->input->head_too_large = events->head_too_large;
  self->input->user_data = user_data;
  self->output = g_object_ref (output);
  self->closed = events->closed;
  self->user_data = user_data;
  return self;
}

/**
 * disp_request_stream_expect_body:
 * @self: a stream whose head has been read
 * @length: how long the body is, in bytes, or -1 if it comes in chunks
 *
 * Lets the reader have the body.  After one in chunks the connection cannot be used again.
 */
void
disp_request_stream_expect_body (DispRequestStream *self, goffset length)
{
  self->input->stage = length < 0 ? STAGE_CHUNKS : STAGE_BODY;
  self->input->left = MAX (length, 0);
}

/**
 * disp_request_stream_is_exhausted:
 * @self: a stream
 *
 * Returns: whether exactly one whole request was read, so that what follows on the socket is
 * another
 */
gboolean
disp_request_stream_is_exhausted (DispRequestStream *self)
{
  return self->input->stage == STAGE_BODY && self->input->left == 0;
}

/**
 * disp_request_stream_forget:
 * @self: a stream
 *
 * Lets the stream end without telling anybody.
 */
void
disp_request_stream_forget (DispRequestStream *self)
{
  self->closed = NULL;
}

/**
 * disp_request_stream_is_at_end:
 * @socket: a readable socket
 *
 * Returns: whether the peer has closed it, in good order or not, so that no request will come
 */
gboolean
disp_request_stream_is_at_end (GSocket *socket)
{
  char byte;
  gssize n = recv (g_socket_get_fd (socket), &byte, 1, MSG_PEEK | MSG_DONTWAIT);

  return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}
