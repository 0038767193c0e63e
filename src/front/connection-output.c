/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/connection-private.h"

#include <string.h>

/* What goes on a connection: answers, by SoupServer or without it, and refusals. */

/* How long a client may take to see a refusal before the connection is closed under it, in
 * microseconds. */
#define MAX_LINGER (2 * G_USEC_PER_SEC)

/* How much of the answers the client has taken, in bytes, give or take what the system and TLS need
 * besides.  What the system has taken says less: it keeps a lot, and takes the next only when much
 * of that is gone. */
static gint64
count_taken (DispConnection *self)
{
  return (gint64) self->output.sent - (gint64) disp_channel_count_untaken (self->channel);
}

/* Not while SoupServer has a stream: what that writes waits for its end. */
static void
block (DispConnection *self)
{
  self->is_blocked = TRUE;
  self->poll.is_writable = FALSE;
  /* While it lingers, the time for that counts. */
  if (disp_deadline_is_set (&self->deadline))
    return;
  self->mark = count_taken (self);
  disp_connection_set_deadline (self, self->terms->write_timeout);
}

/* Lets the client see what was sent, though it may send something itself: to close now would make
 * the system answer that with a reset, which can destroy what the client has not read yet (RFC
 * 9112, section 9.6). */
static void
linger (DispConnection *self)
{
  self->state = DISP_CONNECTION_LINGERING;
  self->discarded = 0;
  disp_connection_clear_input (self);
  disp_connection_set_deadline (self, MAX_LINGER);
}

/* While it lingers, all that there was to say is said. */
static void
say_end (DispConnection *self)
{
  disp_channel_shutdown (self->channel);
  disp_connection_discard (self);
}

/* The answer was sent to its end. */
static void
end_answer (DispConnection *self)
{
  gboolean goes_on = self->keep && self->is_persistent && !self->is_draining;

  disp_connection_end_request (self);
  if (goes_on)
    disp_connection_await_request (self);
  else if (disp_connection_has_come (self))
    {
      linger (self);
      say_end (self);
    }
  else
    disp_connection_close (self);
}

static void
on_flushed (DispConnection *self)
{
  switch (self->state)
    {
    case DISP_CONNECTION_FLUSHING:
      end_answer (self);
      break;
    case DISP_CONNECTION_TAKEN:
      disp_deadline_clear (&self->deadline);
      if (!self->is_appended)
        break;
      self->is_appended = FALSE;
      self->taken.drained (self->taken_data);
      break;
    case DISP_CONNECTION_LINGERING:
      say_end (self);
      break;
    default:
      break;
    }
}

/**
 * disp_connection_flush:
 * @self: a connection
 *
 * Sends what waits, and goes on when all is sent.
 */
void
disp_connection_flush (DispConnection *self)
{
  DispSendState state = self->is_broken ? DISP_SEND_BROKEN
                                        : disp_send_buffer_flush (&self->output, self->channel);

  if (state == DISP_SEND_BLOCKED)
    block (self);
  else if (state == DISP_SEND_BROKEN)
    disp_connection_close (self);
  else
    on_flushed (self);
}

/**
 * disp_connection_unblock:
 * @self: a connection that was blocked, and is so no longer
 *
 * Goes on with what waited.
 */
void
disp_connection_unblock (DispConnection *self)
{
  self->is_blocked = FALSE;
  disp_connection_flush (self);
}

/**
 * disp_connection_output_late:
 * @self: a connection with an answer that waits, and whose deadline has come
 *
 * Cuts off a client that reads too slowly, or gives it more time.
 */
void
disp_connection_output_late (DispConnection *self)
{
  if (!self->is_blocked
      || !disp_connection_is_too_slow (self, count_taken (self), self->terms->write_timeout))
    return;
  self->is_broken = TRUE;
  disp_connection_close (self);
}

static gboolean
on_stream_write (const void *bytes, gsize n, gpointer user_data)
{
  DispConnection *self = user_data;

  if (!self->is_broken && !disp_send_buffer_write (&self->output, self->channel, bytes, n))
    self->is_broken = TRUE;
  return !self->is_broken;
}

/* The request is over as far as SoupServer goes, in good order or not. */
static void
on_stream_closed (gpointer user_data)
{
  g_autoptr (DispConnection) self = disp_connection_ref (user_data);

  self->stream = NULL;
  disp_connection_unwatch (self);
  self->state = DISP_CONNECTION_FLUSHING;
  disp_connection_flush (self);
}

/**
 * disp_connection_open_stream:
 * @self: a connection whose request is whole
 * @head: the head of the request
 *
 * Returns: (transfer full): a stream of the request and its answer, for SoupServer, with
 *   disp_connection_get_address() as both addresses.  With its end the request is over
 */
GIOStream *
disp_connection_open_stream (DispConnection *self, const DispHttpHead *head)
{
  static const DispGuardedStreamEvents events = { on_stream_write, on_stream_closed };
  GIOStream *stream = disp_guarded_stream_new (head, &events, self);

  self->stream = DISP_GUARDED_STREAM (stream);
  return stream;
}

/**
 * disp_connection_detach:
 * @self: a connection
 * @message: the message in progress on it
 *
 * Takes the connection away from SoupServer, whatever the state of its message.  It stays open
 * until it is closed or given back.
 */
void
disp_connection_detach (DispConnection *self, SoupServerMessage *message)
{
  g_autoptr (GIOStream) stolen = NULL;

  if (self->stream != NULL)
    disp_guarded_stream_forget (self->stream);
  self->stream = NULL;
  disp_connection_unwatch (self);
  stolen = soup_server_message_steal_connection (message);
}

/**
 * disp_connection_take:
 * @self: a connection
 * @message: the message in progress on it
 * @events: what to tell; copied
 * @user_data: for @events
 *
 * Takes the connection away from SoupServer, to answer @message without it.
 */
void
disp_connection_take (DispConnection *self, SoupServerMessage *message,
                      const DispTakenEvents *events, gpointer user_data)
{
  disp_connection_detach (self, message);
  self->taken = *events;
  self->taken_data = user_data;
  self->is_appended = FALSE;
  self->state = DISP_CONNECTION_TAKEN;
}

/**
 * disp_connection_append:
 * @self: a connection that is taken
 * @bytes: what to send
 * @n: how much, in bytes
 *
 * Sends @bytes, in a turn of the loop of its own.
 */
void
disp_connection_append (DispConnection *self, const void *bytes, gsize n)
{
  disp_send_buffer_append (&self->output, bytes, n);
  self->is_appended = TRUE;
  if (!self->is_blocked)
    disp_poller_again (&self->poll);
}

/**
 * disp_connection_give_back:
 * @self: a connection that is taken
 * @keep: whether it can carry another request, as far as the answer goes
 *
 * Says that all of the answer was appended.
 */
void
disp_connection_give_back (DispConnection *self, gboolean keep)
{
  self->taken = (DispTakenEvents){ 0 };
  self->keep = keep;
  self->state = DISP_CONNECTION_FLUSHING;
  if (!self->is_blocked)
    disp_poller_again (&self->poll);
}

/**
 * disp_connection_break_off:
 * @self: a connection that is taken
 *
 * Closes it so that the client cannot take what it has got for the whole of an answer.
 */
void
disp_connection_break_off (DispConnection *self)
{
  self->taken = (DispTakenEvents){ 0 };
  disp_connection_close (self);
}

/**
 * disp_connection_refuse:
 * @self: a connection on which a request is coming
 * @response: (transfer full): a whole response that says "Connection: close"
 *
 * Sends it to a client that may still be sending, and closes the connection without hurry, but
 * within 2 s and 1 MiB of what comes.
 */
void
disp_connection_refuse (DispConnection *self, GBytes *response)
{
  gsize length;
  const void *bytes = g_bytes_get_data (response, &length);

  disp_send_buffer_append (&self->output, bytes, length);
  g_bytes_unref (response);
  linger (self);
  disp_connection_end_request (self);
  disp_connection_flush (self);
}

/**
 * disp_connection_refuse_error:
 * @self: a connection on which a request is coming
 * @error: what is wrong with it
 *
 * As disp_connection_refuse(), with the response that the owner has for that.
 */
void
disp_connection_refuse_error (DispConnection *self, const GError *error)
{
  disp_connection_refuse (self, self->hall->events.refusal (self, error, self->hall->user_data));
}
