/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/connection-private.h"

#include "core/error.h"

#include <sys/socket.h>

/* What comes on a connection: heads and bodies, to the last byte of each request. */

/* How much is read at once unless it goes right into a body, in bytes. */
#define READ_SIZE 16384

/* How much is read in one turn of the loop, in bytes, so that a client that sends a lot, and fast,
 * does not keep the others of its thread from theirs. */
#define TURN (256 * 1024)

/* How much of what a client sends in vain is read before its connection is closed, in bytes. */
#define MAX_DISCARDED (1024 * 1024)

/**
 * disp_connection_is_reading:
 * @self: a connection
 *
 * Returns: whether what comes belongs to a request that is not whole yet
 */
gboolean
disp_connection_is_reading (const DispConnection *self)
{
  return self->state <= DISP_CONNECTION_BODY;
}

static gsize
count_unread (const DispConnection *self)
{
  return self->in != NULL ? self->in->len - self->in_offset : 0;
}

static const char *
get_unread (const DispConnection *self)
{
  return self->in != NULL ? (const char *) self->in->data + self->in_offset : NULL;
}

/**
 * disp_connection_has_unread:
 * @self: a connection
 *
 * Returns: whether there may be something that was not looked at yet
 */
gboolean
disp_connection_has_unread (DispConnection *self)
{
  return count_unread (self) > 0 || self->poll.is_readable
         || disp_channel_is_pending (self->channel);
}

/**
 * disp_connection_has_come:
 * @self: a connection
 *
 * Returns: whether there is something that was not looked at yet
 */
gboolean
disp_connection_has_come (DispConnection *self)
{
  char byte;

  return count_unread (self) > 0 || disp_channel_is_pending (self->channel)
         || recv (self->poll.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

static void
consume (DispConnection *self, gsize n)
{
  self->in_offset += n;
  if (count_unread (self) == 0)
    disp_connection_clear_input (self);
}

/**
 * disp_connection_clear_input:
 * @self: a connection
 *
 * Forgets what came.
 */
void
disp_connection_clear_input (DispConnection *self)
{
  g_clear_pointer (&self->in, g_byte_array_unref);
  self->in_offset = 0;
}

/**
 * disp_connection_await_request:
 * @self: a connection without a request in progress
 *
 * Waits for the next.
 */
void
disp_connection_await_request (DispConnection *self)
{
  self->state = DISP_CONNECTION_IDLE;
  self->scan = (DispHeadScan){ 0 };
  g_queue_push_tail_link (&self->hall->idle, &self->idle_link);
  self->idle_since = disp_deadlines_now (self->hall->deadlines);
  disp_connection_set_deadline (self, self->hall->terms->idle_timeout);
  if (disp_connection_has_unread (self) && self->poll.poller != NULL)
    disp_poller_again (&self->poll);
}

static void
begin_head (DispConnection *self)
{
  g_queue_unlink (&self->hall->idle, &self->idle_link);
  self->state = DISP_CONNECTION_HEAD;
  self->is_used = TRUE;
  self->terms = disp_terms_ref (self->hall->terms);
  disp_connection_set_deadline (self, self->terms->head_timeout);
}

static void
begin_body (DispConnection *self, DispHttpHead *head)
{
  self->state = DISP_CONNECTION_BODY;
  self->is_persistent = head->is_persistent;
  self->keep = FALSE;
  self->is_begun = TRUE;
  self->mark = (gint64) self->received;
  disp_connection_set_deadline (self, self->terms->body_timeout);
  self->hall->events.head (self, head, self->hall->user_data);
}

/* Looks at what has come of a head.  Returns whether there is more to do with what is there. */
static gboolean
go_on_with_head (DispConnection *self)
{
  g_autoptr (GError) error = NULL;
  DispHttpHead *head = NULL;
  DispHeadState state;

  if (count_unread (self) == self->scan.scanned)
    return FALSE;
  if (self->state == DISP_CONNECTION_IDLE)
    begin_head (self);
  state = disp_http_head_scan (&self->scan, get_unread (self), count_unread (self), &error);
  if (state == DISP_HEAD_PARTIAL)
    return FALSE;
  if (state == DISP_HEAD_COMPLETE)
    head = disp_http_head_parse (get_unread (self), self->scan.length, &error);
  if (head == NULL)
    {
      disp_connection_refuse_error (self, error);
      return FALSE;
    }
  consume (self, self->scan.length);
  begin_body (self, head);
  return TRUE;
}

/* The last byte of the request has come. */
static void
finish_body (DispConnection *self, gboolean is_kept)
{
  GBytes *bytes = is_kept ? disp_request_body_steal (self->body) : NULL;

  g_clear_pointer (&self->body, disp_request_body_free);
  disp_deadline_clear (&self->deadline);
  /* If it could not be told to go on, that goes along with the answer, which has its own time. */
  self->is_blocked = FALSE;
  self->state = DISP_CONNECTION_SERVING;
  self->hall->events.request (self, bytes, self->hall->user_data);
}

static void
take_body_state (DispConnection *self, DispBodyState state, const GError *error)
{
  if (state == DISP_BODY_WRONG)
    disp_connection_refuse_error (self, error);
  else if (state == DISP_BODY_COMPLETE)
    finish_body (self, disp_request_body_is_kept (self->body));
}

/* As go_on_with_head(), for a body. */
static gboolean
go_on_with_body (DispConnection *self)
{
  g_autoptr (GError) error = NULL;
  gsize consumed;
  DispBodyState state = disp_request_body_feed (self->body, get_unread (self), count_unread (self),
                                                &consumed, &error);

  consume (self, consumed);
  take_body_state (self, state, error);
  /* It may have been answered already, and another be there. */
  return state == DISP_BODY_COMPLETE;
}

static gboolean
go_on (DispConnection *self)
{
  return self->state == DISP_CONNECTION_BODY ? go_on_with_body (self) : go_on_with_head (self);
}

/* The client sends nothing more. */
static void
end_input (DispConnection *self)
{
  if (self->state == DISP_CONNECTION_IDLE)
    disp_connection_close (self);
  else
    {
      g_autoptr (GError) error = g_error_new (DISP_ERROR, DISP_ERROR_BAD_REQUEST,
                                              "the client ended the connection in the midst of the "
                                              "%s of its request",
                                              self->state == DISP_CONNECTION_BODY ? "body"
                                                                                  : "head");

      disp_connection_refuse_error (self, error);
    }
}

/* Whether there was no more than @n bytes, and the next one, or the end, will be told. */
static gboolean
is_last (DispConnection *self, gssize n, gsize size)
{
  if (n < 0)
    return n == DISP_CHANNEL_WAIT;
  return n > 0 && (gsize) n < size && !self->poll.is_hung_up
         && !disp_channel_is_tls (self->channel);
}

/* Reads once.  Returns how much came, in bytes; 0 = nothing for now, or never again. */
static gsize
receive (DispConnection *self, char *buffer, gsize size)
{
  gssize n = disp_channel_read (self->channel, buffer, size);

  if (is_last (self, n, size))
    self->poll.is_readable = FALSE;
  else if (n == 0 && self->state != DISP_CONNECTION_LINGERING)
    end_input (self);
  else if (n <= 0)
    disp_connection_close (self);
  self->received += (guint64) MAX (n, 0);
  return (gsize) MAX (n, 0);
}

static gsize
receive_body (DispConnection *self, char *room, gsize size)
{
  g_autoptr (GError) error = NULL;
  gsize n = receive (self, room, size);

  if (n > 0)
    {
      DispBodyState state = disp_request_body_filled (self->body, n, &error);

      take_body_state (self, state, error);
    }
  return n;
}

/* Of what is over nothing is kept: a client that never stops in between two requests would have it
 * grow for ever. */
static void
add_input (DispConnection *self, const char *bytes, gsize n)
{
  if (self->in == NULL)
    self->in = g_byte_array_new ();
  if (self->in_offset > 0)
    g_byte_array_remove_range (self->in, 0, (guint) self->in_offset);
  self->in_offset = 0;
  g_byte_array_append (self->in, (const guint8 *) bytes, (guint) n);
}

/* Not right into the input, so that a connection has no more memory than what came takes. */
static gsize
receive_any (DispConnection *self)
{
  static __thread char buffer[READ_SIZE];
  gsize n = receive (self, buffer, sizeof buffer);

  if (n > 0)
    add_input (self, buffer, n);
  return n;
}

static gsize
receive_more (DispConnection *self)
{
  gsize size;
  char *room = self->state == DISP_CONNECTION_BODY ? disp_request_body_get_room (self->body, &size)
                                                   : NULL;

  return room != NULL ? receive_body (self, room, size) : receive_any (self);
}

/**
 * disp_connection_read:
 * @self: a connection that is reading
 *
 * Goes on with the request that is coming, to its end, or as far as it has come.
 */
void
disp_connection_read (DispConnection *self)
{
  gsize n = 0;

  while (disp_connection_is_reading (self))
    {
      if (go_on (self))
        continue;
      if (!disp_connection_is_reading (self)
          || !(self->poll.is_readable || disp_channel_is_pending (self->channel)))
        return;
      if (n >= TURN)
        {
          disp_poller_again (&self->poll);
          return;
        }
      n += receive_more (self);
    }
}

/**
 * disp_connection_input_late:
 * @self: a connection that is reading, and whose deadline has come
 *
 * Refuses what is too slow, or gives it more time.
 */
void
disp_connection_input_late (DispConnection *self)
{
  g_autoptr (GError) error = NULL;
  gboolean is_head = self->state == DISP_CONNECTION_HEAD;

  if (self->state == DISP_CONNECTION_IDLE)
    {
      disp_connection_close (self);
      return;
    }
  if (!is_head
      && !disp_connection_is_too_slow (self, (gint64) self->received, self->terms->body_timeout))
    return;
  error = is_head ? g_error_new (DISP_ERROR, DISP_ERROR_REQUEST_TIMEOUT,
                                 "the head of the request did not come within %g s",
                                 (double) self->terms->head_timeout / G_USEC_PER_SEC)
                  : g_error_new (DISP_ERROR, DISP_ERROR_REQUEST_TIMEOUT,
                                 "the body of the request came more slowly than %" G_GSIZE_FORMAT
                                 " bytes per second",
                                 self->terms->min_rate);
  disp_connection_refuse_error (self, error);
}

/**
 * disp_connection_abort:
 * @self: a connection
 *
 * Closes the connection if it waits for nobody but its client, which has had its time.
 */
void
disp_connection_abort (DispConnection *self)
{
  if (self->state == DISP_CONNECTION_FLUSHING && self->is_blocked)
    /* What the client has got of the answer is not the whole. */
    self->is_broken = TRUE;
  else if (!disp_connection_is_reading (self) && self->state != DISP_CONNECTION_LINGERING)
    return;
  disp_connection_close (self);
}

/**
 * disp_connection_discard:
 * @self: a connection that lingers
 *
 * Throws away what comes, and closes it when that ends, or is too much.
 */
void
disp_connection_discard (DispConnection *self)
{
  static __thread char waste[READ_SIZE];

  while (self->state == DISP_CONNECTION_LINGERING && self->poll.is_readable)
    {
      self->discarded += receive (self, waste, sizeof waste);
      if (self->discarded > MAX_DISCARDED)
        disp_connection_close (self);
    }
}
