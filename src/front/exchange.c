/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/exchange-private.h"

#include "core/error.h"
#include "core/request.h"
#include "front/connection.h"
#include "front/lingering-close.h"
#include "front/refusal.h"
#include "front/request-head.h"

/* The first half of an exchange: its request, and its life.  The other is exchange-answer.c. */

static const char exchange_key[] = "disp-exchange";

static void
exchange_clear (gpointer data)
{
  DispExchange *self = data;

  disp_target_clear (&self->target);
  g_clear_pointer (&self->body, g_byte_array_unref);
  g_clear_object (&self->cancellable);
  g_free (self->request_id);
  g_object_unref (self->clock);
  g_object_unref (self->site);
}

/* Ends a message whose body must not be read: SoupServer would, so its connection is taken away. */
static void
refuse_body (DispExchange *self, const GError *error)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (self->message);
  DispConnection *connection = disp_connection_of_message (self->message);
  const DispRefusal refusal = {
    .error = error,
    .allow = soup_message_headers_get_one (headers, "Allow"),
    .request_id = self->request_id,
    .without_body = g_str_equal (soup_server_message_get_method (self->message), "HEAD"),
  };

  /* What came of it may be large, and is of no more use from here on. */
  g_clear_pointer (&self->body, g_byte_array_unref);
  disp_lingering_close (connection, g_steal_pointer (&self->message),
                        disp_refusal_to_bytes (&refusal), self->clock);
}

static void
refuse (DispExchange *self, const GError *error)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (self->message);

  /* A body in chunks may have no end.  A client that waits for "100 Continue" may or may not send
   * its body now; what follows cannot be told apart. */
  if (g_error_matches (error, DISP_ERROR, DISP_ERROR_BODY_TOO_LARGE) || self->chunked
      || soup_message_headers_get_expectations (headers) != 0)
    refuse_body (self, error);
  else
    disp_exchange_respond_error (self, error);
}

static void
on_got_chunk (G_GNUC_UNUSED SoupServerMessage *message, GBytes *chunk, gpointer user_data)
{
  DispExchange *self = user_data;
  gsize size;
  const guint8 *bytes = g_bytes_get_data (chunk, &size);
  g_autoptr (GError) error = NULL;

  self->received += size;
  if (self->received > self->body_limit)
    {
      disp_request_head_set_too_large (self->body_limit, &error);
      refuse_body (self, error);
    }
  else if (self->body != NULL)
    g_byte_array_append (self->body, bytes, (guint) size);
}

static void
on_wrote_body (G_GNUC_UNUSED SoupServerMessage *message, gpointer user_data)
{
  DispExchange *self = user_data;

  self->answered = TRUE;
}

/* Nobody waits for an answer any more. */
static void
end_message (DispExchange *self)
{
  self->message = NULL;
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
}

static void
on_finished (SoupServerMessage *message, gpointer user_data)
{
  DispExchange *self = user_data;
  DispConnection *connection = disp_connection_of_message (message);

  if (connection != NULL && self->answered && disp_request_head_is_persistent (message))
    disp_connection_keep (connection);
  end_message (self);
}

/* When the server ends, its messages go without having finished. */
static void
on_message_freed (gpointer data)
{
  end_message (data);
  disp_exchange_unref (data);
}

static DispExchange *
new_exchange (SoupServerMessage *message, DispSite *site, DispClock *clock, gsize body_limit)
{
  DispExchange *self = g_rc_box_new0 (DispExchange);
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  const char *request_id = soup_message_headers_get_one (headers, "X-Request-Id");

  self->message = message;
  self->site = g_object_ref (site);
  self->clock = g_object_ref (clock);
  self->body_limit = body_limit;
  self->chunked = soup_message_headers_get_encoding (headers) == SOUP_ENCODING_CHUNKED;
  if (disp_request_id_is_sane (request_id))
    self->request_id = g_strdup (request_id);
  return self;
}

/**
 * disp_exchange_begin:
 * @message: a message whose head has come
 * @site: what is served
 * @clock: the clock
 * @body_limit: the longest body that is taken, in bytes
 *
 * Checks the head, and refuses or prepares for the body.
 */
void
disp_exchange_begin (SoupServerMessage *message, DispSite *site, DispClock *clock, gsize body_limit)
{
  DispExchange *self = new_exchange (message, site, clock, body_limit);
  g_autoptr (GError) error = NULL;

  g_object_set_data_full (G_OBJECT (message), exchange_key, self, on_message_freed);
  g_signal_connect (message, "got-chunk", G_CALLBACK (on_got_chunk), self);
  g_signal_connect (message, "wrote-body", G_CALLBACK (on_wrote_body), self);
  g_signal_connect (message, "finished", G_CALLBACK (on_finished), self);

  disp_connection_expect_body (disp_connection_of_message (message),
                               disp_request_head_get_body_length (message));
  /* The body is collected here, in one piece, instead of by SoupServer in many; and no range of an
   * answer is given. */
  soup_message_body_set_accumulate (soup_server_message_get_request_body (message), FALSE);
  soup_message_headers_remove (soup_server_message_get_request_headers (message), "Range");

  self->endpoint = disp_request_head_check (message, site, body_limit, &self->target, &error);
  if (self->endpoint == NULL)
    refuse (self, error);
  else if (self->endpoint->body != DISP_BODY_UNUSED)
    self->body = g_byte_array_new ();
}

/**
 * disp_exchange_serve:
 * @message: a message that disp_exchange_begin() did not refuse, and whose body has come
 *
 * Has its site answer it, at once or later.
 */
void
disp_exchange_serve (SoupServerMessage *message)
{
  DispExchange *self = g_object_get_data (G_OBJECT (message), exchange_key);

  self->endpoint->serve (self->site, self);
}

/**
 * disp_exchange_ref:
 * @self: an exchange
 *
 * Returns: (transfer full): @self, which stays after the client has gone
 */
DispExchange *
disp_exchange_ref (DispExchange *self)
{
  return g_rc_box_acquire (self);
}

/**
 * disp_exchange_unref:
 * @self: (transfer full): an exchange
 */
void
disp_exchange_unref (DispExchange *self)
{
  g_rc_box_release_full (self, exchange_clear);
}

/**
 * disp_exchange_get_target:
 * @self: an exchange
 *
 * Returns: (transfer none) (nullable): what its path names besides the resource, as its site found
 *   it
 */
gpointer
disp_exchange_get_target (DispExchange *self)
{
  return self->target.value;
}

/**
 * disp_exchange_get_query:
 * @self: an exchange that is not gone
 *
 * Returns: (transfer none) (nullable): what stands behind the question mark, percent-encoded
 */
const char *
disp_exchange_get_query (DispExchange *self)
{
  g_return_val_if_fail (self->message != NULL, NULL);

  return g_uri_get_query (soup_server_message_get_uri (self->message));
}

/**
 * disp_exchange_get_field:
 * @self: an exchange that is not gone
 * @name: the name of a header field of the request
 *
 * Returns: (transfer none) (nullable): its value
 */
const char *
disp_exchange_get_field (DispExchange *self, const char *name)
{
  g_return_val_if_fail (self->message != NULL, NULL);

  return soup_message_headers_get_one (soup_server_message_get_request_headers (self->message),
                                       name);
}

/**
 * disp_exchange_get_request_id:
 * @self: an exchange
 *
 * Returns: (transfer none) (nullable): the X-Request-Id of the client, if it was sane
 */
const char *
disp_exchange_get_request_id (DispExchange *self)
{
  return self->request_id;
}

/**
 * disp_exchange_steal_body:
 * @self: an exchange
 *
 * Returns: (transfer full) (nullable): the body of the request, if its endpoint uses one and nobody
 *   has taken it yet
 */
GBytes *
disp_exchange_steal_body (DispExchange *self)
{
  if (self->body == NULL)
    return NULL;
  return g_byte_array_free_to_bytes (g_steal_pointer (&self->body));
}
