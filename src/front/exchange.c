/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/exchange.h"

#include "core/error.h"
#include "front/connection.h"
#include "front/documents.h"
#include "front/lingering-close.h"
#include "front/refusal.h"
#include "front/routes.h"
#include "wire/predict-envelope.h"

#include <string.h>

/*
 * One HTTP message from a client: it begins with a whole head, collects the body, is served, is
 * answered.  It lives as long as its message or its request, whichever ends last.
 */
struct _DispExchange
{
  SoupServerMessage *message; /* (unowned) (nullable) until it has ended */
  DispDispatcher *dispatcher; /* (owned) */
  DispMatch match;            /* (owned) where it goes */
  gsize body_limit;           /* in bytes */
  gsize received;             /* how much of the body has come, in bytes */
  GByteArray *body;           /* (owned) (nullable) what came of the body, while it is collected */
  char *request_id;           /* (owned) (nullable) to be echoed */
  gboolean chunked;           /* the body of the request comes in chunks */
  gboolean answered;          /* the answer was sent to its end */
  GCancellable *cancellable;  /* (owned) (nullable) while its request is dispatched */
};

static const char exchange_key[] = "disp-exchange";

static void
exchange_clear (gpointer data)
{
  DispExchange *self = data;

  disp_match_clear (&self->match);
  g_clear_pointer (&self->body, g_byte_array_unref);
  g_clear_object (&self->cancellable);
  g_free (self->request_id);
  g_object_unref (self->dispatcher);
}

static void
exchange_unref (gpointer data)
{
  g_rc_box_release_full (data, exchange_clear);
}

static gboolean
is_draining (DispExchange *self)
{
  return disp_switchboard_get_status (disp_dispatcher_get_switchboard (self->dispatcher), NULL)
         == DISP_STATUS_DRAINING;
}

/* Writes an answer into the message. */
static void
respond (DispExchange *self, const DispAnswer *answer)
{
  SoupServerMessage *message = self->message;
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);

  soup_server_message_set_status (message, answer->status, disp_status_get_phrase (answer->status));
  if (answer->content_type != NULL)
    soup_message_headers_replace (headers, "Content-Type", answer->content_type);
  if (answer->content_encoding != NULL)
    soup_message_headers_replace (headers, "Content-Encoding", answer->content_encoding);
  if (answer->retry_after != NULL)
    soup_message_headers_replace (headers, "Retry-After", answer->retry_after);
  if (self->request_id != NULL)
    soup_message_headers_replace (headers, "X-Request-Id", self->request_id);
  /* A body in chunks is read without a limit, so what follows it may be lost: better no next
   * request. */
  if (is_draining (self) || self->chunked)
    soup_message_headers_replace (headers, "Connection", "close");
  if (g_bytes_get_size (answer->body) > 0)
    soup_message_body_append_bytes (soup_server_message_get_response_body (message), answer->body);
  soup_message_body_complete (soup_server_message_get_response_body (message));
}

static void
respond_error (DispExchange *self, const GError *error)
{
  g_autoptr (DispAnswer) answer = disp_answer_new_for_error (error);

  respond (self, answer);
}

/* The header fields that tell how a request was dispatched. */
static void
describe_reply (DispExchange *self, const DispRequest *request, const DispReply *reply)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (self->message);

  if (disp_request_is_prediction (request))
    soup_message_headers_replace (headers, "X-Dispatch-Id", request->id);
  if (reply->reason != NULL)
    soup_message_headers_replace (headers, "X-Dispatch-Reason", reply->reason);
  if (reply->container != NULL)
    {
      g_autofree char *timing = g_strdup_printf ("queue;dur=%.3f, upstream;dur=%.3f",
                                                 (double) reply->queued / 1000,
                                                 (double) reply->upstream / 1000);

      soup_message_headers_replace (headers, "X-Dispatch-Container", reply->container->name);
      soup_message_headers_replace (headers, "Server-Timing", timing);
    }
}

typedef struct
{
  DispExchange *exchange; /* (owned) */
  DispRequest *request;   /* (owned) */
} Dispatching;

static void
on_dispatched (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Dispatching *dispatching = user_data;
  DispExchange *self = dispatching->exchange;
  g_autoptr (DispReply) reply = disp_dispatcher_dispatch_finish (DISP_DISPATCHER (source), result);

  if (self->message != NULL)
    {
      DispConnection *connection = disp_connection_of_message (self->message);

      if (connection != NULL)
        disp_connection_unwatch (connection);
      describe_reply (self, dispatching->request, reply);
      respond (self, reply->answer);
      soup_server_message_unpause (self->message);
    }
  disp_request_unref (dispatching->request);
  exchange_unref (self);
  g_free (dispatching);
}

/* The client is gone: nobody waits for the answer, so the work for it ends. */
static void
on_hung_up (DispConnection *connection, gpointer user_data)
{
  DispExchange *self = user_data;
  G_GNUC_UNUSED g_autoptr (DispConnection) kept = g_object_ref (connection);
  g_autoptr (GCancellable) cancellable = g_object_ref (self->cancellable);

  disp_connection_detach (connection, g_steal_pointer (&self->message));
  disp_connection_close (connection);
  g_cancellable_cancel (cancellable);
}

static void
dispatch (DispExchange *self, DispRequest *request)
{
  DispConnection *connection = disp_connection_of_message (self->message);
  Dispatching *dispatching = g_new0 (Dispatching, 1);

  dispatching->exchange = g_rc_box_acquire (self);
  dispatching->request = disp_request_ref (request);
  self->cancellable = g_cancellable_new ();
  soup_server_message_pause (self->message);
  disp_connection_watch (connection, on_hung_up, self);
  disp_dispatcher_dispatch_async (self->dispatcher, request, self->cancellable, on_dispatched,
                                  dispatching);
}

static DispRequest *
new_request (DispExchange *self, DispVerb verb)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (self->message);
  DispClock *clock = disp_switchboard_get_clock (
      disp_dispatcher_get_switchboard (self->dispatcher));
  DispRequest *request = disp_request_new (verb, disp_clock_now_real (clock));

  disp_request_set_request_id (request, self->request_id);
  if (self->body == NULL)
    return request;
  request->content_type = g_strdup (soup_message_headers_get_one (headers, "Content-Type"));
  request->content_encoding = g_strdup (soup_message_headers_get_one (headers, "Content-Encoding"));
  request->body = g_byte_array_free_to_bytes (g_steal_pointer (&self->body));
  return request;
}

static void
serve_predict (DispExchange *self)
{
  g_autoptr (DispRequest) request = new_request (self, DISP_VERB_PREDICT);
  g_auto (DispEnvelope) envelope = { 0 };
  g_autoptr (GError) error = NULL;
  gsize length;
  const char *text = g_bytes_get_data (request->body, &length);

  if (!disp_envelope_scan (text, length, DISP_ENVELOPE_ROUTED, &envelope, &error))
    {
      respond_error (self, error);
      return;
    }
  request->model = g_steal_pointer (&envelope.model);
  request->version = envelope.version;
  envelope.version = (DispVersion){ 0 };
  request->instances = envelope.instances;
  memcpy (request->slices, envelope.slices, sizeof envelope.slices);
  request->n_slices = envelope.n_slices;
  /* What is forwarded is JSON whatever the client called it. */
  g_clear_pointer (&request->content_type, g_free);
  dispatch (self, request);
}

/*
 * A serving path says everything in its head, so its body is forwarded as it is; whether it is JSON
 * is for the model server to say.  The body is only looked into for the record, where that keeps
 * it.
 */
static void
take_whole_body (DispExchange *self, DispRequest *request)
{
  const DispEngineSettings *settings = disp_switchboard_get_settings (
      disp_dispatcher_get_switchboard (self->dispatcher));
  g_auto (DispEnvelope) envelope = { 0 };
  gsize length;
  const char *text = g_bytes_get_data (request->body, &length);

  request->slices[0] = (DispSlice){ 0, length };
  request->n_slices = 1;
  if (settings->payload_limit >= 0 && length > (gsize) settings->payload_limit)
    request->instances = request->slices[0];
  else if (disp_envelope_scan (text, length, DISP_ENVELOPE_PLAIN, &envelope, NULL))
    request->instances = envelope.instances;
}

static void
serve_serving (DispExchange *self)
{
  g_autoptr (DispRequest) request = new_request (self, self->match.target.verb);

  request->model = g_steal_pointer (&self->match.target.model);
  request->version = self->match.target.version;
  self->match.target.version = (DispVersion){ 0 };
  if (request->body != NULL)
    take_whole_body (self, request);
  dispatch (self, request);
}

/* Whether a Content-Type says JSON: application/json, text/json, or anything with the suffix
 * "+json".  SoupServer gives no type for what is none. */
static gboolean
is_json_type (const char *type)
{
  g_autofree char *small = g_ascii_strdown (type != NULL ? type : "", -1);

  return g_str_equal (small, "application/json") || g_str_equal (small, "text/json")
         || g_str_has_suffix (small, "+json");
}

static gboolean
check_type (DispExchange *self, GError **error)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (self->message);
  const char *claimed = soup_message_headers_get_one (headers, "Content-Type");
  const char *encoding = soup_message_headers_get_one (headers, "Content-Encoding");

  if (claimed != NULL && !is_json_type (soup_message_headers_get_content_type (headers, NULL)))
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_UNSUPPORTED_TYPE,
                   "the body claims to be \"%s\", expected Content-Type: application/json",
                   claimed);
      return FALSE;
    }
  if (encoding != NULL && g_ascii_strcasecmp (encoding, "identity") != 0)
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_UNSUPPORTED_TYPE,
                   "the body has Content-Encoding \"%s\", expected none", encoding);
      return FALSE;
    }
  return TRUE;
}

static gboolean
set_too_large (DispExchange *self, GError **error)
{
  g_set_error (error, DISP_ERROR, DISP_ERROR_BODY_TOO_LARGE,
               "the body is longer than %" G_GSIZE_FORMAT " bytes", self->body_limit);
  return FALSE;
}

static gboolean
check_body_head (DispExchange *self, GError **error)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (self->message);
  SoupEncoding encoding = soup_message_headers_get_encoding (headers);

  if (!g_str_equal (disp_endpoint_get_allow (self->match.endpoint), "POST"))
    return TRUE;
  if (encoding != SOUP_ENCODING_CONTENT_LENGTH && encoding != SOUP_ENCODING_CHUNKED)
    {
      g_set_error_literal (error, DISP_ERROR, DISP_ERROR_LENGTH_REQUIRED,
                           "the request has no body, expected one with Content-Length or chunks");
      return FALSE;
    }
  return self->match.endpoint != DISP_ENDPOINT_PREDICT || check_type (self, error);
}

static gboolean
check_head (DispExchange *self, GError **error)
{
  const char *path = g_uri_get_path (soup_server_message_get_uri (self->message));
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (self->message);

  if (soup_message_headers_get_encoding (headers) == SOUP_ENCODING_CONTENT_LENGTH
      && soup_message_headers_get_content_length (headers) > (goffset) self->body_limit)
    return set_too_large (self, error);
  if (!disp_routes_match (path, &self->match, error))
    return FALSE;
  if (!disp_endpoint_allows (self->match.endpoint, soup_server_message_get_method (self->message)))
    {
      soup_message_headers_replace (soup_server_message_get_response_headers (self->message),
                                    "Allow", disp_endpoint_get_allow (self->match.endpoint));
      g_set_error (error, DISP_ERROR, DISP_ERROR_METHOD_NOT_ALLOWED, "this path takes %s only",
                   disp_endpoint_get_allow (self->match.endpoint));
      return FALSE;
    }
  return check_body_head (self, error);
}

/* Ends a message whose body must not be read: SoupServer would, so its connection is taken away. */
static void
refuse_body (DispExchange *self, const GError *error)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (self->message);
  DispConnection *connection = disp_connection_of_message (self->message);
  DispClock *clock = disp_switchboard_get_clock (
      disp_dispatcher_get_switchboard (self->dispatcher));
  const DispRefusal refusal = {
    .error = error,
    .allow = soup_message_headers_get_one (headers, "Allow"),
    .request_id = self->request_id,
    .without_body = g_str_equal (soup_server_message_get_method (self->message), "HEAD"),
  };

  disp_lingering_close (connection, g_steal_pointer (&self->message),
                        disp_refusal_to_bytes (&refusal), clock);
}

/* How long the body is by the words of the head. */
static goffset
body_length (SoupMessageHeaders *headers)
{
  switch (soup_message_headers_get_encoding (headers))
    {
    case SOUP_ENCODING_CONTENT_LENGTH:
      return soup_message_headers_get_content_length (headers);
    case SOUP_ENCODING_CHUNKED:
      return DISP_BODY_CHUNKED;
    default:
      return 0;
    }
}

/* Whether the client may send another request after this one (RFC 9112, section 9.3). */
static gboolean
is_persistent (SoupServerMessage *message)
{
  return soup_server_message_get_http_version (message) == SOUP_HTTP_1_1
         && !soup_message_headers_header_contains (
             soup_server_message_get_request_headers (message), "Connection", "close")
         && !soup_message_headers_header_contains (
             soup_server_message_get_response_headers (message), "Connection", "close");
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
      set_too_large (self, &error);
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

  if (connection != NULL && self->answered && is_persistent (message))
    disp_connection_keep (connection);
  end_message (self);
}

/* When the server ends, its messages go without having finished. */
static void
on_message_freed (gpointer data)
{
  end_message (data);
  exchange_unref (data);
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
    respond_error (self, error);
}

/**
 * disp_exchange_begin:
 * @message: a message whose head has come
 * @dispatcher: answers predictions
 * @body_limit: the longest body that is taken, in bytes
 *
 * Checks the head, and refuses or prepares for the body.
 */
void
disp_exchange_begin (SoupServerMessage *message, DispDispatcher *dispatcher, gsize body_limit)
{
  DispExchange *self = g_rc_box_new0 (DispExchange);
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  g_autoptr (GError) error = NULL;
  const char *request_id;

  self->message = message;
  self->dispatcher = g_object_ref (dispatcher);
  self->body_limit = body_limit;
  request_id = soup_message_headers_get_one (headers, "X-Request-Id");
  if (disp_request_id_is_sane (request_id))
    self->request_id = g_strdup (request_id);
  g_object_set_data_full (G_OBJECT (message), exchange_key, self, on_message_freed);
  g_signal_connect (message, "got-chunk", G_CALLBACK (on_got_chunk), self);
  g_signal_connect (message, "wrote-body", G_CALLBACK (on_wrote_body), self);
  g_signal_connect (message, "finished", G_CALLBACK (on_finished), self);

  self->chunked = soup_message_headers_get_encoding (headers) == SOUP_ENCODING_CHUNKED;
  disp_connection_expect_body (disp_connection_of_message (message), body_length (headers));
  /* The body is collected here, in one piece, instead of by SoupServer in many; and no answer is
   * given in parts. */
  soup_message_body_set_accumulate (soup_server_message_get_request_body (message), FALSE);
  soup_message_headers_remove (headers, "Range");

  if (!check_head (self, &error))
    refuse (self, error);
  else if (g_str_equal (disp_endpoint_get_allow (self->match.endpoint), "POST"))
    self->body = g_byte_array_new ();
}

/**
 * disp_exchange_serve:
 * @message: a message that disp_exchange_begin() did not refuse, and whose body has come
 *
 * Answers it, or has it answered later.
 */
void
disp_exchange_serve (SoupServerMessage *message)
{
  DispExchange *self = g_object_get_data (G_OBJECT (message), exchange_key);
  DispSwitchboard *switchboard = disp_dispatcher_get_switchboard (self->dispatcher);
  g_autoptr (DispAnswer) answer = NULL;

  switch (self->match.endpoint)
    {
    case DISP_ENDPOINT_STATUS:
      answer = disp_document_status (switchboard);
      break;
    case DISP_ENDPOINT_LIVE:
      answer = disp_document_live ();
      break;
    case DISP_ENDPOINT_READY:
      answer = disp_document_ready (switchboard);
      break;
    case DISP_ENDPOINT_MODELS:
      answer = disp_document_models (switchboard);
      break;
    case DISP_ENDPOINT_PREDICT:
      serve_predict (self);
      break;
    case DISP_ENDPOINT_SERVING_CALL:
    case DISP_ENDPOINT_SERVING_QUERY:
      serve_serving (self);
      break;
    }
  if (answer != NULL)
    respond (self, answer);
}
