/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/guarded-stream.h"

#include <string.h>

/*
 * What SoupServer gets of a request: not one byte that a client wrote, but the plainest head that
 * says the same, made from what was vetted; no body, which its exchange has; and nothing behind it.
 */

#define TYPE_GUARDED_INPUT (guarded_input_get_type ())
G_DECLARE_FINAL_TYPE (GuardedInput, guarded_input, GUARDED, INPUT, GInputStream)
#define TYPE_GUARDED_OUTPUT (guarded_output_get_type ())
G_DECLARE_FINAL_TYPE (GuardedOutput, guarded_output, GUARDED, OUTPUT, GOutputStream)

struct _GuardedInput
{
  GInputStream parent_instance;
  GString *head; /* (owned) */
  gsize offset;  /* how much of it was read, in bytes */
};

struct _GuardedOutput
{
  GOutputStream parent_instance;
  DispGuardedStreamEvents events; /* without functions once the stream is forgotten */
  gpointer user_data;
};

struct _DispGuardedStream
{
  GIOStream parent_instance;
  GuardedInput *input;   /* (owned) */
  GuardedOutput *output; /* (owned) */
};

/* One that is ready at once, or never. */
static GSource *
create_source (gpointer half, gboolean is_ready, GCancellable *cancellable)
{
  g_autoptr (GSource) at_once = is_ready ? g_timeout_source_new (0) : NULL;

  return g_pollable_source_new_full (half, at_once, cancellable);
}

static gssize
input_read_nonblocking (GPollableInputStream *stream, void *buffer, gsize size, GError **error)
{
  GuardedInput *self = GUARDED_INPUT (stream);
  gsize n = MIN (size, self->head->len - self->offset);

  /* It never ends: SoupServer would take that for a client that left. */
  if (n == 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "all of it was read");
      return -1;
    }
  memcpy (buffer, self->head->str + self->offset, n);
  self->offset += n;
  return (gssize) n;
}

static gssize
input_read (GInputStream *stream, void *buffer, gsize size, G_GNUC_UNUSED GCancellable *cancellable,
            GError **error)
{
  return input_read_nonblocking (G_POLLABLE_INPUT_STREAM (stream), buffer, size, error);
}

static gboolean
input_is_readable (GPollableInputStream *stream)
{
  GuardedInput *self = GUARDED_INPUT (stream);

  return self->offset < self->head->len;
}

static GSource *
input_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  return create_source (stream, input_is_readable (stream), cancellable);
}

static void
input_pollable_iface_init (GPollableInputStreamInterface *iface)
{
  iface->is_readable = input_is_readable;
  iface->create_source = input_create_source;
  iface->read_nonblocking = input_read_nonblocking;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (GuardedInput, guarded_input, G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM,
                                                      input_pollable_iface_init))

static void
guarded_input_finalize (GObject *object)
{
  g_string_free (GUARDED_INPUT (object)->head, TRUE);
  G_OBJECT_CLASS (guarded_input_parent_class)->finalize (object);
}

static void
guarded_input_class_init (GuardedInputClass *klass)
{
  G_INPUT_STREAM_CLASS (klass)->read_fn = input_read;
  G_OBJECT_CLASS (klass)->finalize = guarded_input_finalize;
}

static void
guarded_input_init (G_GNUC_UNUSED GuardedInput *self)
{
}

static gssize
output_write_nonblocking (GPollableOutputStream *stream, const void *bytes, gsize n, GError **error)
{
  GuardedOutput *self = GUARDED_OUTPUT (stream);

  if (self->events.write != NULL && self->events.write (bytes, n, self->user_data))
    return (gssize) n;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE, "the client is gone");
  return -1;
}

static gssize
output_write (GOutputStream *stream, const void *bytes, gsize n,
              G_GNUC_UNUSED GCancellable *cancellable, GError **error)
{
  return output_write_nonblocking (G_POLLABLE_OUTPUT_STREAM (stream), bytes, n, error);
}

static gboolean
output_is_writable (G_GNUC_UNUSED GPollableOutputStream *stream)
{
  return TRUE;
}

static GSource *
output_create_source (GPollableOutputStream *stream, GCancellable *cancellable)
{
  return create_source (stream, TRUE, cancellable);
}

static void
output_pollable_iface_init (GPollableOutputStreamInterface *iface)
{
  iface->is_writable = output_is_writable;
  iface->create_source = output_create_source;
  iface->write_nonblocking = output_write_nonblocking;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (GuardedOutput, guarded_output, G_TYPE_OUTPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM,
                                                      output_pollable_iface_init))

static void
guarded_output_class_init (GuardedOutputClass *klass)
{
  G_OUTPUT_STREAM_CLASS (klass)->write_fn = output_write;
}

static void
guarded_output_init (G_GNUC_UNUSED GuardedOutput *self)
{
}

G_DEFINE_FINAL_TYPE (DispGuardedStream, disp_guarded_stream, G_TYPE_IO_STREAM)

static GInputStream *
guarded_stream_get_input (GIOStream *stream)
{
  return G_INPUT_STREAM (DISP_GUARDED_STREAM (stream)->input);
}

static GOutputStream *
guarded_stream_get_output (GIOStream *stream)
{
  return G_OUTPUT_STREAM (DISP_GUARDED_STREAM (stream)->output);
}

static gboolean
guarded_stream_close (GIOStream *stream, G_GNUC_UNUSED GCancellable *cancellable,
                      G_GNUC_UNUSED GError **error)
{
  GuardedOutput *output = DISP_GUARDED_STREAM (stream)->output;
  DispGuardedStreamEvents events = output->events;

  output->events = (DispGuardedStreamEvents){ 0 };
  if (events.closed != NULL)
    events.closed (output->user_data);
  return TRUE;
}

static void
disp_guarded_stream_finalize (GObject *object)
{
  DispGuardedStream *self = DISP_GUARDED_STREAM (object);

  g_object_unref (self->input);
  g_object_unref (self->output);
  G_OBJECT_CLASS (disp_guarded_stream_parent_class)->finalize (object);
}

static void
disp_guarded_stream_class_init (DispGuardedStreamClass *klass)
{
  GIOStreamClass *stream_class = G_IO_STREAM_CLASS (klass);

  stream_class->get_input_stream = guarded_stream_get_input;
  stream_class->get_output_stream = guarded_stream_get_output;
  stream_class->close_fn = guarded_stream_close;
  G_OBJECT_CLASS (klass)->finalize = disp_guarded_stream_finalize;
}

static void
disp_guarded_stream_init (G_GNUC_UNUSED DispGuardedStream *self)
{
}

/* SoupServer finds its routes by the path; all else is looked up in what was vetted.  The version
 * is always ours: how the answer is framed, and whether the connection stays, is not SoupServer's
 * to decide. */
static GString *
format_head (const DispHttpHead *head)
{
  GString *text = g_string_sized_new (256);

  g_string_append (text, head->method);
  g_string_append_c (text, ' ');
  g_string_append (text, head->path);
  g_string_append (text, " HTTP/1.1\r\nHost: localhost\r\n\r\n");
  return text;
}

/**
 * disp_guarded_stream_new:
 * @head: the head of a request
 * @events: where the answer goes, unless the stream is forgotten before; copied
 * @user_data: for @events
 *
 * Makes a stream for soup_server_accept_iostream(), of the thread of that.
 *
 * Returns: (transfer full): a stream from which just this request can be read, and to which its
 *   answer is written
 */
GIOStream *
disp_guarded_stream_new (const DispHttpHead *head, const DispGuardedStreamEvents *events,
                         gpointer user_data)
{
  DispGuardedStream *self = g_object_new (DISP_TYPE_GUARDED_STREAM, NULL);

  self->input = g_object_new (TYPE_GUARDED_INPUT, NULL);
  self->input->head = format_head (head);
  self->output = g_object_new (TYPE_GUARDED_OUTPUT, NULL);
  self->output->events = *events;
  self->output->user_data = user_data;
  return G_IO_STREAM (self);
}

/**
 * disp_guarded_stream_forget:
 * @self: a stream
 *
 * Lets the stream end without telling anybody.
 */
void
disp_guarded_stream_forget (DispGuardedStream *self)
{
  self->output->events = (DispGuardedStreamEvents){ 0 };
}
