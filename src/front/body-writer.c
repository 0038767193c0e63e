/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/body-writer.h"

#include <string.h>

/*
 * Writes an answer in pieces, on a connection that was taken away from SoupServer.  What was
 * appended and not written yet is kept in one piece, so that it takes few calls, and few segments.
 */
struct _DispBodyWriter
{
  DispConnection *connection; /* (owned) taken */
  GSocket *socket;            /* (owned) of the connection */
  DispFraming framing;
  gboolean keep;  /* another request may follow */
  gboolean ended; /* the owner has given it up: the rest is to be written */
  DispBodyWriterEvents events;
  gpointer user_data;
  GByteArray *bytes; /* (owned) what is to be written */
  gsize offset;      /* where in these it goes on */
  GSource *source;   /* (owned) (nullable) while something is */
};

static void
end_source (DispBodyWriter *self)
{
  if (self->source == NULL)
    return;
  g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
}

static void
body_writer_free (DispBodyWriter *self)
{
  end_source (self);
  g_byte_array_unref (self->bytes);
  g_object_unref (self->socket);
  g_object_unref (self->connection);
  g_free (self);
}

static void
on_broken (gpointer user_data)
{
  DispBodyWriter *self = user_data;
  gboolean ended = self->ended;
  DispBodyWriterEvents events = self->events;
  gpointer events_data = self->user_data;

  body_writer_free (self);
  if (!ended)
    events.broken (events_data);
}

/* All is written. */
static void
finish (DispBodyWriter *self)
{
  end_source (self);
  g_byte_array_set_size (self->bytes, 0);
  self->offset = 0;
  if (self->ended)
    {
      disp_connection_give_back (self->connection, self->keep);
      body_writer_free (self);
    }
  else
    self->events.written (self->user_data);
}

static gboolean
on_writable (GSocket *socket, G_GNUC_UNUSED GIOCondition condition, gpointer user_data)
{
  DispBodyWriter *self = user_data;
  g_autoptr (GError) error = NULL;
  gssize n = g_socket_send_with_blocking (socket, (const char *) self->bytes->data + self->offset,
                                          self->bytes->len - self->offset, FALSE, NULL, &error);

  self->offset += (gsize) MAX (n, 0);
  if (n < 0 && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    disp_connection_close (self->connection);
  else if (self->offset == self->bytes->len)
    finish (self);
  return G_SOURCE_CONTINUE; /* until it is destroyed */
}

/* Writes in a turn of the loop of its own, where nobody is in the midst of something. */
static void
start_source (DispBodyWriter *self)
{
  if (self->source != NULL)
    return;
  self->source = g_socket_create_source (self->socket, G_IO_OUT, NULL);
  g_source_set_static_name (self->source, "body writer");
  g_source_set_callback (self->source, G_SOURCE_FUNC (on_writable), self, NULL);
  g_source_attach (self->source, g_main_context_get_thread_default ());
}

static void
append_bytes (DispBodyWriter *self, GBytes *bytes)
{
  gsize length;
  const guint8 *start = g_bytes_get_data (bytes, &length);

  g_byte_array_append (self->bytes, start, (guint) length);
}

static void
append_text (DispBodyWriter *self, const char *text)
{
  g_byte_array_append (self->bytes, (const guint8 *) text, (guint) strlen (text));
}

/**
 * disp_body_writer_new:
 * @connection: a connection
 * @message: the message in progress on it, which ends now
 * @head: the head of the answer, with the empty line
 * @framing: how the client sees where the body ends
 * @keep: whether another request may follow
 * @events: what to tell; copied
 * @user_data: for @events
 *
 * Begins to write an answer on the thread-default context.
 *
 * Returns: (transfer full): the writer, to be given up by disp_body_writer_end() or
 *   disp_body_writer_break_off()
 */
DispBodyWriter *
disp_body_writer_new (DispConnection *connection, SoupServerMessage *message, GBytes *head,
                      DispFraming framing, gboolean keep, const DispBodyWriterEvents *events,
                      gpointer user_data)
{
  DispBodyWriter *self = g_new0 (DispBodyWriter, 1);

  self->connection = g_object_ref (connection);
  self->framing = framing;
  self->keep = keep && framing != DISP_FRAMING_END;
  self->events = *events;
  self->user_data = user_data;
  self->bytes = g_byte_array_new ();
  append_bytes (self, head);
  self->socket = g_object_ref (disp_connection_take (connection, message, on_broken, self));
  start_source (self);
  return self;
}

/**
 * disp_body_writer_wants_body:
 * @self: a writer
 *
 * Returns: whether there is a body to append
 */
gboolean
disp_body_writer_wants_body (DispBodyWriter *self)
{
  return self->framing != DISP_FRAMING_NONE;
}

/**
 * disp_body_writer_append:
 * @self: a writer that wants a body
 * @piece: bytes, of which there must be some; copied
 *
 * Adds to the body.
 */
void
disp_body_writer_append (DispBodyWriter *self, GBytes *piece)
{
  char length[32];

  g_snprintf (length, sizeof length, "%" G_GSIZE_MODIFIER "x\r\n", g_bytes_get_size (piece));
  if (self->framing == DISP_FRAMING_CHUNKS)
    append_text (self, length);
  append_bytes (self, piece);
  if (self->framing == DISP_FRAMING_CHUNKS)
    append_text (self, "\r\n");
  start_source (self);
}

/**
 * disp_body_writer_end:
 * @self: (transfer full): a writer
 *
 * Says that the body is whole.  What is not written yet is written without the owner, and then the
 * connection waits for the next request or is closed.
 */
void
disp_body_writer_end (DispBodyWriter *self)
{
  if (self->framing == DISP_FRAMING_CHUNKS)
    append_text (self, "0\r\n\r\n");
  self->ended = TRUE;
  start_source (self);
}

/**
 * disp_body_writer_break_off:
 * @self: (transfer full): a writer
 *
 * Closes the connection so that the client cannot take what it has got for the whole.
 */
void
disp_body_writer_break_off (DispBodyWriter *self)
{
  self->ended = TRUE;
  disp_connection_close (self->connection);
}
