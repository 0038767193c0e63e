/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/exchange-private.h"

#include "front/connection.h"
#include "front/refusal.h"

/* The second half of an exchange: its answer, at once or later. */

/* The client is gone: nobody waits for the answer, so the work for it ends. */
static void
on_hung_up (DispConnection *connection, gpointer user_data)
{
  g_autoptr (DispExchange) self = disp_exchange_ref (user_data);
  G_GNUC_UNUSED g_autoptr (DispConnection) kept = g_object_ref (connection);

  disp_connection_detach (connection, g_steal_pointer (&self->message));
  disp_connection_close (connection);
  g_cancellable_cancel (self->cancellable);
}

/**
 * disp_exchange_begin_work:
 * @self: an exchange that is being served
 *
 * Says that the answer comes later.  Whoever gives it keeps a reference until then.
 *
 * Returns: (transfer none): is cancelled on this thread when the client hangs up before that, and
 *   in any case when the message has ended
 */
GCancellable *
disp_exchange_begin_work (DispExchange *self)
{
  g_return_val_if_fail (self->message != NULL && self->cancellable == NULL, NULL);

  self->cancellable = g_cancellable_new ();
  soup_server_message_pause (self->message);
  disp_connection_watch (disp_connection_of_message (self->message), on_hung_up, self);
  return self->cancellable;
}

/**
 * disp_exchange_is_gone:
 * @self: an exchange
 *
 * Returns: whether nobody waits for an answer any more
 */
gboolean
disp_exchange_is_gone (DispExchange *self)
{
  return self->message == NULL;
}

/**
 * disp_exchange_set_field:
 * @self: an exchange
 * @name: the name of a header field of the answer
 * @value: its value
 *
 * To be called before the answer is given.  Does nothing when the client is gone.
 */
void
disp_exchange_set_field (DispExchange *self, const char *name, const char *value)
{
  if (self->message != NULL)
    soup_message_headers_replace (soup_server_message_get_response_headers (self->message), name,
                                  value);
}

static void
set_optional_field (DispExchange *self, const char *name, const char *value)
{
  if (value != NULL)
    disp_exchange_set_field (self, name, value);
}

/* Writes what stands above the body of an answer. */
static void
write_head (DispExchange *self, guint status, const char *content_type)
{
  DispConnection *connection = disp_connection_of_message (self->message);

  soup_server_message_set_status (self->message, status, disp_status_get_phrase (status));
  set_optional_field (self, "Content-Type", content_type);
  set_optional_field (self, "X-Request-Id", self->request_id);
  /* A body in chunks is read without a limit, so what follows it may be lost: better no next
   * request. */
  if (self->chunked || (connection != NULL && disp_connection_is_draining (connection)))
    disp_exchange_set_field (self, "Connection", "close");
}

/**
 * disp_exchange_send:
 * @self: an exchange that is not gone, and whose answer has a head
 *
 * Lets SoupServer send what of the answer is there.
 */
void
disp_exchange_send (DispExchange *self)
{
  DispConnection *connection = disp_connection_of_message (self->message);

  if (self->cancellable == NULL)
    return;
  if (connection != NULL)
    disp_connection_unwatch (connection);
  soup_server_message_unpause (self->message);
}

/**
 * disp_exchange_respond:
 * @self: an exchange that was not answered yet
 * @answer: the answer
 *
 * Answers the client, if it is not gone.
 */
void
disp_exchange_respond (DispExchange *self, const DispAnswer *answer)
{
  SoupMessageBody *body;

  if (self->message == NULL)
    return;
  body = soup_server_message_get_response_body (self->message);
  write_head (self, answer->status, answer->content_type);
  set_optional_field (self, "Content-Encoding", answer->content_encoding);
  set_optional_field (self, "Retry-After", answer->retry_after);
  if (g_bytes_get_size (answer->body) > 0)
    soup_message_body_append_bytes (body, answer->body);
  soup_message_body_complete (body);
  disp_exchange_send (self);
}

/**
 * disp_exchange_respond_error:
 * @self: an exchange that was not answered yet
 * @error: what went wrong
 *
 * Answers the client with the status and the message of an error, if it is not gone.
 */
void
disp_exchange_respond_error (DispExchange *self, const GError *error)
{
  g_autoptr (DispAnswer) answer = disp_answer_new_for_error (error);

  disp_exchange_respond (self, answer);
}

static void
on_wrote_chunk (G_GNUC_UNUSED SoupServerMessage *message, gpointer user_data)
{
  DispExchange *self = user_data;

  if (self->n_unwritten > 0 && --self->n_unwritten == 0)
    self->written (self->written_data);
}

/**
 * disp_exchange_begin_body:
 * @self: an exchange that is not gone, whose work was begun and that was not answered yet
 * @content_type: the type of the body
 * @written: called on this thread whenever all that was appended has been written, until the body
 *   is ended or the client is gone
 * @user_data: for @written
 *
 * Begins an answer whose length is not known: its body comes in chunks, or goes on to the end of
 * the connection with a client of HTTP/1.0.  What was written is not kept.  Nothing is sent before
 * disp_exchange_send().
 *
 * Returns: whether the client wants the body; if not, the answer is complete
 */
gboolean
disp_exchange_begin_body (DispExchange *self, const char *content_type, DispWritten written,
                          gpointer user_data)
{
  SoupMessageBody *body = soup_server_message_get_response_body (self->message);
  gboolean in_chunks = soup_server_message_get_http_version (self->message) != SOUP_HTTP_1_0;

  write_head (self, SOUP_STATUS_OK, content_type);
  soup_message_headers_set_encoding (soup_server_message_get_response_headers (self->message),
                                     in_chunks ? SOUP_ENCODING_CHUNKED : SOUP_ENCODING_EOF);
  if (g_str_equal (soup_server_message_get_method (self->message), "HEAD"))
    {
      soup_message_body_complete (body);
      return FALSE;
    }
  soup_message_body_set_accumulate (body, FALSE);
  self->written = written;
  self->written_data = user_data;
  g_signal_connect (self->message, "wrote-chunk", G_CALLBACK (on_wrote_chunk), self);
  return TRUE;
}

/**
 * disp_exchange_append:
 * @self: an exchange that is not gone, and whose body was begun
 * @piece: bytes, of which there must be some
 *
 * Adds to the body.
 */
void
disp_exchange_append (DispExchange *self, GBytes *piece)
{
  soup_message_body_append_bytes (soup_server_message_get_response_body (self->message), piece);
  self->n_unwritten++;
}

/**
 * disp_exchange_end_body:
 * @self: an exchange that is not gone, and whose body was begun
 *
 * Says that the body is whole with what was appended.
 */
void
disp_exchange_end_body (DispExchange *self)
{
  self->n_unwritten = 0;
  soup_message_body_complete (soup_server_message_get_response_body (self->message));
}

/**
 * disp_exchange_break_off:
 * @self: an exchange that is not gone, and whose body was begun
 *
 * Ends the connection so that the client cannot take what it has got for the whole.
 */
void
disp_exchange_break_off (DispExchange *self)
{
  SoupServerMessage *message = g_steal_pointer (&self->message);
  g_autoptr (DispConnection) connection = g_object_ref (disp_connection_of_message (message));

  disp_connection_break_off (connection, message);
}
