/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/exchange-private.h"

/* The second half of an exchange: its answer, at once or later. */

/* The client is gone: nobody waits for the answer, so the work for it ends. */
static void
on_hung_up (DispConnection *connection, gpointer user_data)
{
  DispExchange *self = user_data;

  disp_connection_detach (connection, g_steal_pointer (&self->message));
  disp_connection_close (connection);
}

/**
 * disp_exchange_begin_work:
 * @self: an exchange that is being served
 *
 * Says that the answer comes later, if that was not said before.  Whoever gives it keeps a
 * reference until then.
 *
 * Returns: (transfer none): is cancelled on this thread when the client hangs up before that, and
 *   in any case when the message has ended
 */
GCancellable *
disp_exchange_begin_work (DispExchange *self)
{
  if (self->cancellable != NULL)
    return self->cancellable;
  g_return_val_if_fail (self->message != NULL, NULL);

  self->cancellable = g_cancellable_new ();
  soup_server_message_pause (self->message);
  disp_connection_watch (self->connection, on_hung_up, self);
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
  soup_server_message_set_status (self->message, status, disp_status_get_phrase (status));
  set_optional_field (self, "Content-Type", content_type);
  set_optional_field (self, "X-Request-Id", self->request_id);
  if (!disp_connection_will_stay (self->connection))
    disp_exchange_set_field (self, "Connection", "close");
  else if (self->head->minor_version == 0)
    disp_exchange_set_field (self, "Connection", "keep-alive");
}

/* Lets SoupServer send what was written. */
static void
let_send (DispExchange *self)
{
  if (self->cancellable == NULL)
    return;
  disp_connection_unwatch (self->connection);
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
  let_send (self);
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

/**
 * disp_exchange_respond_refusal:
 * @self: an exchange that was not answered yet
 * @refusal: why it is refused
 *
 * As disp_exchange_respond_error(), with the header fields that belong to it.
 */
void
disp_exchange_respond_refusal (DispExchange *self, const DispRefusal *refusal)
{
  g_autoptr (DispAnswer) answer = disp_answer_new_for_error (refusal->error);

  set_optional_field (self, "Allow", refusal->allow);
  set_optional_field (self, "WWW-Authenticate", refusal->challenge);
  if (refusal->retry_after != NULL)
    {
      g_free (answer->retry_after);
      answer->retry_after = g_strdup (refusal->retry_after);
    }
  disp_exchange_respond (self, answer);
}

/* The head of an answer as it is sent. */
static GBytes *
format_head (SoupServerMessage *message)
{
  GString *head = g_string_new (NULL);
  guint status = soup_server_message_get_status (message);
  SoupMessageHeadersIter iter;
  const char *name;
  const char *value;

  g_string_append_printf (head, "HTTP/1.1 %u %s\r\n", status, disp_status_get_phrase (status));
  soup_message_headers_iter_init (&iter, soup_server_message_get_response_headers (message));
  while (soup_message_headers_iter_next (&iter, &name, &value))
    g_string_append_printf (head, "%s: %s\r\n", name, value);
  g_string_append (head, "\r\n");
  return g_string_free_to_bytes (head);
}

static DispFraming
choose_framing (const DispHttpHead *head)
{
  if (g_str_equal (head->method, "HEAD"))
    return DISP_FRAMING_NONE;
  return head->minor_version == 0 ? DISP_FRAMING_END : DISP_FRAMING_CHUNKS;
}

/**
 * disp_exchange_begin_body:
 * @self: an exchange that is not gone, whose work was begun and that was not answered yet
 * @content_type: the type of the body
 * @events: what to tell; copied
 * @user_data: for @events
 *
 * Begins an answer whose length is not known: its body comes in chunks, or goes on to the end of
 * the connection with a client of HTTP/1.0.  It is not written by SoupServer, which closes a body
 * in chunks on another thread, where a slow client can hold it for ever, and also when the body is
 * broken off.  So the exchange is gone with this.
 *
 * Returns: (transfer full): what writes the body
 */
DispBodyWriter *
disp_exchange_begin_body (DispExchange *self, const char *content_type,
                          const DispBodyWriterEvents *events, gpointer user_data)
{
  SoupServerMessage *message = self->message;
  DispFraming framing = choose_framing (self->head);
  g_autoptr (GBytes) head = NULL;

  write_head (self, SOUP_STATUS_OK, content_type);
  /* Also with HEAD, but never to HTTP/1.0 (RFC 9112, section 6.1). */
  if (self->head->minor_version > 0)
    disp_exchange_set_field (self, "Transfer-Encoding", "chunked");
  else if (framing == DISP_FRAMING_END)
    disp_exchange_set_field (self, "Connection", "close");
  head = format_head (message);
  self->message = NULL;
  return disp_body_writer_new (self->connection, message, head, framing, events, user_data);
}
