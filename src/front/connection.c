/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/connection-private.h"

/* The life of a connection; what comes and goes on it are connection-input.c and
 * connection-output.c. */

/* How long a connection has waited for a request at least before it is closed for another, in
 * microseconds. */
#define MIN_IDLE G_TIME_SPAN_SECOND

#define FROM_POLL(poll)                                                                            \
  ((DispConnection *) (gpointer) ((char *) (poll) -G_STRUCT_OFFSET (DispConnection, poll)))
#define FROM_DEADLINE(deadline)                                                                    \
  ((DispConnection *) (gpointer) ((char *) (deadline) -G_STRUCT_OFFSET (DispConnection, deadline)))

static GQuark
connection_quark (void)
{
  return g_quark_from_static_string ("disp-connection");
}

/**
 * disp_connection_ref:
 * @self: a connection
 *
 * Returns: (transfer full): @self
 */
DispConnection *
disp_connection_ref (DispConnection *self)
{
  g_ref_count_inc (&self->ref_count);
  return self;
}

/**
 * disp_connection_unref:
 * @self: (transfer full): a connection; the last reference goes only once it is closed
 */
void
disp_connection_unref (DispConnection *self)
{
  if (!g_ref_count_dec (&self->ref_count))
    return;
  g_assert (self->state == DISP_CONNECTION_CLOSED);
  g_object_set_qdata (G_OBJECT (self->address), connection_quark (), NULL);
  g_object_unref (self->address);
  g_free (self);
}

/**
 * disp_connection_now:
 * @self: a connection
 *
 * Returns: what time it is, in microseconds
 */
gint64
disp_connection_now (DispConnection *self)
{
  return disp_deadlines_now (self->hall->deadlines);
}

/**
 * disp_connection_set_deadline:
 * @self: a connection
 * @delay: from now, in microseconds
 *
 * Sets when it is to be looked at, whatever was set before.
 */
void
disp_connection_set_deadline (DispConnection *self, gint64 delay)
{
  disp_deadlines_set (self->hall->deadlines, &self->deadline, disp_connection_now (self) + delay);
}

/**
 * disp_connection_is_too_slow:
 * @self: a connection whose deadline has come
 * @n: what was received, or taken by the client, in all, in bytes
 * @window: over how long that is measured, in microseconds
 *
 * Returns: whether less went since the deadline was set than must; if not it is set anew
 */
gboolean
disp_connection_is_too_slow (DispConnection *self, gint64 n, gint64 window)
{
  double wanted = (double) self->terms->min_rate * (double) window / G_USEC_PER_SEC;

  if ((double) (n - self->mark) < MAX (wanted, 1))
    return TRUE;
  self->mark = n;
  disp_connection_set_deadline (self, window);
  return FALSE;
}

static gboolean
is_gone (DispConnection *self)
{
  return self->poll.is_broken || (self->poll.is_hung_up && !self->terms->allows_half_close);
}

static void
check_hung_up (DispConnection *self)
{
  DispHungUp hung_up = self->hung_up;

  if (hung_up == NULL || !is_gone (self))
    return;
  disp_connection_unwatch (self);
  hung_up (self, self->hung_up_data);
}

static void
on_ready (DispPoll *poll)
{
  g_autoptr (DispConnection) self = disp_connection_ref (FROM_POLL (poll));

  if (self->is_blocked && poll->is_writable)
    disp_connection_unblock (self);
  /* One event may tell of more than that, which is not told again. */
  if (disp_connection_is_reading (self))
    disp_connection_read (self);
  else if (self->state == DISP_CONNECTION_SERVING)
    check_hung_up (self);
  else if (self->state == DISP_CONNECTION_LINGERING)
    disp_connection_discard (self);
  else if (!self->is_blocked && self->state != DISP_CONNECTION_CLOSED)
    disp_connection_flush (self);
}

static void
on_due (DispDeadline *deadline)
{
  g_autoptr (DispConnection) self = disp_connection_ref (FROM_DEADLINE (deadline));

  if (disp_connection_is_reading (self))
    disp_connection_input_late (self);
  else if (self->state == DISP_CONNECTION_LINGERING)
    disp_connection_close (self);
  else
    disp_connection_output_late (self);
}

/**
 * disp_connection_new:
 * @hall: what it shares with the others of its thread
 * @channel: (transfer full): the connection of the system, or what is above that
 * @peer: (transfer full): where it comes from
 *
 * Waits for requests from now on.
 *
 * Returns: (transfer full): the connection, to be kept until it is closed
 */
DispConnection *
disp_connection_new (DispHall *hall, DispChannel *channel, DispPeer *peer)
{
  DispConnection *self = g_new0 (DispConnection, 1);
  gboolean is_watched;

  g_ref_count_init (&self->ref_count);
  self->hall = hall;
  self->channel = channel;
  self->peer = peer;
  self->address = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_object_set_qdata (G_OBJECT (self->address), connection_quark (), self);
  self->poll.ready = on_ready;
  self->poll.fd = disp_channel_get_fd (channel);
  self->deadline.due = on_due;
  self->idle_link.data = self;
  is_watched = disp_poller_add (hall->poller, &self->poll);
  disp_connection_await_request (self);
  /* Without room for it, it is closed at once. */
  if (!is_watched)
    disp_connection_set_deadline (self, 0);
  return self;
}

/**
 * disp_connection_of_message:
 * @message: a message of a SoupServer to which disp_connection_get_address() was given as both
 * addresses
 *
 * Returns: (transfer none) (nullable): the connection that it came on; %NULL once that is freed
 */
DispConnection *
disp_connection_of_message (SoupServerMessage *message)
{
  GSocketAddress *address = soup_server_message_get_remote_address (message);

  return address != NULL ? g_object_get_qdata (G_OBJECT (address), connection_quark ()) : NULL;
}

/**
 * disp_connection_get_address:
 * @self: a connection
 *
 * Returns: (transfer none): the address to give to SoupServer along with a stream of it
 */
GSocketAddress *
disp_connection_get_address (DispConnection *self)
{
  return self->address;
}

/**
 * disp_connection_get_peer_name:
 * @self: a connection that is not closed
 *
 * Returns: (transfer none): where it comes from, see disp_peer_get_name()
 */
const char *
disp_connection_get_peer_name (DispConnection *self)
{
  return disp_peer_get_name (self->peer);
}

/**
 * disp_connection_set_exchange:
 * @self: a connection whose head has come
 * @exchange: (transfer none): what the owner has for the request in progress
 */
void
disp_connection_set_exchange (DispConnection *self, gpointer exchange)
{
  self->exchange = exchange;
}

/**
 * disp_connection_get_exchange:
 * @self: a connection
 *
 * Returns: (transfer none) (nullable): what it has for the request in progress
 */
gpointer
disp_connection_get_exchange (DispConnection *self)
{
  return self->exchange;
}

/**
 * disp_connection_expect_body:
 * @self: a connection whose head has come
 * @head: that head
 * @limit: the longest body, in bytes
 * @is_kept: whether the body is kept, rather than thrown away
 *
 * Has the body come; a client that waits for it is told to go on.
 */
void
disp_connection_expect_body (DispConnection *self, const DispHttpHead *head, gsize limit,
                             gboolean is_kept)
{
  static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";

  self->body = disp_request_body_new (self->hall->reception, self->terms, head, limit, is_kept);
  if (!head->expects_continue || self->in != NULL)
    return;
  disp_send_buffer_append (&self->output, go_on, sizeof go_on - 1);
  disp_connection_flush (self);
}

/**
 * disp_connection_keep:
 * @self: a connection whose request has been answered in full
 *
 * Says that the connection can carry another request after this one, as far as the answer goes.
 */
void
disp_connection_keep (DispConnection *self)
{
  self->keep = TRUE;
}

/**
 * disp_connection_will_stay:
 * @self: a connection with a request in progress
 *
 * Returns: whether another request may follow, as far as is known
 */
gboolean
disp_connection_will_stay (DispConnection *self)
{
  return self->is_persistent && !self->is_draining;
}

/**
 * disp_connection_watch:
 * @self: a connection whose request is whole
 * @hung_up: called at most once, when the client closes its side, be it in good order or not; never
 *   from inside a function of the connection
 * @user_data: for @hung_up
 */
void
disp_connection_watch (DispConnection *self, DispHungUp hung_up, gpointer user_data)
{
  g_return_if_fail (self->hung_up == NULL);

  self->hung_up = hung_up;
  self->hung_up_data = user_data;
  if (is_gone (self))
    disp_poller_again (&self->poll);
}

/**
 * disp_connection_unwatch:
 * @self: a connection
 *
 * Ends disp_connection_watch().
 */
void
disp_connection_unwatch (DispConnection *self)
{
  self->hung_up = NULL;
}

/**
 * disp_connection_drain:
 * @self: a connection
 * @is_patient: whether to wait for a first request, if none came yet
 *
 * Closes the connection: now if no request is in progress and none has come, else after its answer.
 */
void
disp_connection_drain (DispConnection *self, gboolean is_patient)
{
  self->is_draining = TRUE;
  if (self->state != DISP_CONNECTION_IDLE || (is_patient && !self->is_used))
    return;
  /* What has come already, and was not looked at, is served. */
  if (!disp_connection_has_come (self))
    disp_connection_close (self);
}

/**
 * disp_connection_is_spare:
 * @self: a connection
 *
 * Returns: whether it may be closed for another: it has waited for a request for a second, and none
 *   has come.  Before that, one is likely to be under way, and would be lost.
 */
gboolean
disp_connection_is_spare (DispConnection *self)
{
  return self->state == DISP_CONNECTION_IDLE
         && disp_deadlines_now (self->hall->deadlines) - self->idle_since >= MIN_IDLE
         && !disp_connection_has_come (self);
}

/**
 * disp_connection_end_request:
 * @self: a connection
 *
 * The request in progress, if any, is over.
 */
void
disp_connection_end_request (DispConnection *self)
{
  gboolean is_begun = self->is_begun;

  self->is_begun = FALSE;
  disp_connection_unwatch (self);
  g_clear_pointer (&self->body, disp_request_body_free);
  if (is_begun)
    self->hall->events.ended (self, self->hall->user_data);
  self->exchange = NULL;
  g_clear_pointer (&self->terms, disp_terms_unref);
}

/**
 * disp_connection_close:
 * @self: a connection
 *
 * Closes it: in good order, unless a client could take what it has got for the whole of an answer.
 * Its owner hears of it before this returns, and may free it.  A message of SoupServer that is in
 * progress must be detached before.
 */
void
disp_connection_close (DispConnection *self)
{
  G_GNUC_UNUSED g_autoptr (DispConnection) kept = disp_connection_ref (self);
  gboolean was_taken = self->state == DISP_CONNECTION_TAKEN;

  if (self->state == DISP_CONNECTION_CLOSED)
    return;
  if (self->state == DISP_CONNECTION_IDLE)
    g_queue_unlink (&self->hall->idle, &self->idle_link);
  self->state = DISP_CONNECTION_CLOSED;
  disp_deadline_clear (&self->deadline);
  disp_poller_remove (&self->poll);
  if (self->stream != NULL)
    disp_guarded_stream_forget (self->stream);
  self->stream = NULL;
  disp_connection_clear_input (self);
  disp_send_buffer_clear (&self->output);
  disp_channel_close (g_steal_pointer (&self->channel), was_taken || self->is_broken);
  if (was_taken && self->taken.broken != NULL)
    self->taken.broken (self->taken_data);
  disp_connection_end_request (self);
  disp_reception_leave (self->hall->reception, g_steal_pointer (&self->peer));
  self->hall->events.closed (self, self->hall->user_data);
}
