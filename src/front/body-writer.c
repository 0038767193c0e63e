/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/body-writer.h"

#include <string.h>

/* Writes an answer in pieces, on a connection that was taken away from SoupServer. */
struct _DispBodyWriter
{
  DispConnection *connection; /* (owned) taken */
  DispFraming framing;
  DispBodyWriterEvents events;
  gpointer user_data;
};

static void
body_writer_free (DispBodyWriter *self)
{
  disp_connection_unref (self->connection);
  g_free (self);
}

static void
on_drained (gpointer user_data)
{
  DispBodyWriter *self = user_data;

  self->events.written (self->user_data);
}

static void
on_broken (gpointer user_data)
{
  DispBodyWriter *self = user_data;
  DispBodyWriterEvents events = self->events;
  gpointer events_data = self->user_data;

  body_writer_free (self);
  events.broken (events_data);
}

static void
append_bytes (DispBodyWriter *self, GBytes *bytes)
{
  gsize length;
  const void *start = g_bytes_get_data (bytes, &length);

  disp_connection_append (self->connection, start, length);
}

static void
append_text (DispBodyWriter *self, const char *text)
{
  disp_connection_append (self->connection, text, strlen (text));
}

/**
 * disp_body_writer_new:
 * @connection: a connection
 * @message: the message in progress on it, which ends now
 * @head: the head of the answer, with the empty line
 * @framing: how the client sees where the body ends
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
                      DispFraming framing, const DispBodyWriterEvents *events, gpointer user_data)
{
  static const DispTakenEvents taken = { on_drained, on_broken };
  DispBodyWriter *self = g_new0 (DispBodyWriter, 1);

  self->connection = disp_connection_ref (connection);
  self->framing = framing;
  self->events = *events;
  self->user_data = user_data;
  disp_connection_take (connection, message, &taken, self);
  append_bytes (self, head);
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
  disp_connection_give_back (self->connection, self->framing != DISP_FRAMING_END);
  body_writer_free (self);
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
  self->events = (DispBodyWriterEvents){ 0 };
  disp_connection_break_off (self->connection);
  body_writer_free (self);
}
