/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/exchange-private.h"

#include "core/error.h"
#include "core/request.h"
#include "front/entry.h"
#include "front/request-head.h"

/* The first half of an exchange: its request, and its life.  The other is exchange-answer.c. */

/* The longest body that is read of a request that is refused, in bytes, so that its connection can
 * stay. */
#define MAX_DISCARDED (1024 * 1024)

static void
exchange_clear (gpointer data)
{
  DispExchange *self = data;

  disp_target_clear (&self->target);
  disp_refusal_clear (&self->refusal);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_clear_object (&self->cancellable);
  g_free (self->request_id);
  disp_http_head_free (self->head);
  g_object_unref (self->site);
}

static gboolean
check_entry (DispExchange *self, const DispTerms *terms, DispRateLimit *rate_limit)
{
  DispEntryRefusal refusal;

  if (disp_entry_check (terms, rate_limit, disp_http_head_get (self->head, "Authorization"),
                        disp_connection_get_peer_name (self->connection),
                        disp_connection_now (self->connection), &refusal, &self->refusal.error))
    return TRUE;
  self->refusal.challenge = g_strdup (refusal.challenge);
  if (refusal.retry_after > 0)
    self->refusal.retry_after = g_strdup_printf ("%u", refusal.retry_after);
  return FALSE;
}

/* Finds out where a request goes, or why it goes nowhere. */
static void
find_endpoint (DispExchange *self, const DispTerms *terms, DispRateLimit *rate_limit)
{
  GError **error = &self->refusal.error;
  const DispResource *resource = disp_site_find (self->site, self->head->path, &self->target,
                                                 error);

  if (resource == NULL
      || (resource->entry == DISP_ENTRY_GUARDED && !check_entry (self, terms, rate_limit)))
    return;
  self->endpoint = disp_request_head_check (self->head, resource, terms->body_limit, error);
  if (g_error_matches (*error, DISP_ERROR, DISP_ERROR_METHOD_NOT_ALLOWED))
    self->refusal.allow = disp_resource_dup_allow (resource);
}

/* Whether a refused request is better answered before its body has come, on a connection that then
 * ends: its body is too long to be thrown away, or may have no end, or may not come at all. */
static gboolean
is_refused_at_once (const DispExchange *self, const DispTerms *terms)
{
  return self->head->expects_continue || self->head->framing == DISP_BODY_CHUNKS
         || (self->head->framing == DISP_BODY_LENGTH
             && self->head->body_length > MIN (MAX_DISCARDED, terms->body_limit));
}

/**
 * disp_exchange_refuse:
 * @self: an exchange that is not served yet
 * @error: (nullable): what is wrong with what came of its body; %NULL = why it goes nowhere
 *
 * Returns: (transfer full): the response for disp_connection_refuse()
 */
GBytes *
disp_exchange_refuse (DispExchange *self, const GError *error)
{
  const DispRefusal late = { .error = (GError *) error };

  return disp_refusal_to_bytes (error != NULL ? &late : &self->refusal, self->request_id,
                                g_str_equal (self->head->method, "HEAD"));
}

/* Has the body come, or refuses the request at once. */
static void
go_on (DispExchange *self, const DispTerms *terms)
{
  if (self->endpoint != NULL)
    disp_connection_expect_body (self->connection, self->head, terms->body_limit,
                                 self->endpoint->body != DISP_BODY_UNUSED);
  else if (is_refused_at_once (self, terms))
    disp_connection_refuse (self->connection, disp_exchange_refuse (self, NULL));
  else
    disp_connection_expect_body (self->connection, self->head, MAX_DISCARDED, FALSE);
}

/**
 * disp_exchange_begin:
 * @connection: a connection on which a head has come
 * @head: (transfer full): that head
 * @site: what is served
 * @terms: on what terms
 * @rate_limit: how often each client may ask
 *
 * Begins an exchange: finds out where the request goes and has its body come, or refuses it.  It is
 * that of the connection until disp_exchange_end(), which may be called from inside.
 */
void
disp_exchange_begin (DispConnection *connection, DispHttpHead *head, DispSite *site,
                     const DispTerms *terms, DispRateLimit *rate_limit)
{
  g_autoptr (DispExchange) self = g_rc_box_new0 (DispExchange);
  const char *request_id = disp_http_head_get (head, "X-Request-Id");

  self->connection = connection;
  self->head = head;
  self->site = g_object_ref (site);
  if (disp_request_id_is_sane (request_id))
    self->request_id = g_strdup (request_id);
  disp_connection_set_exchange (connection, disp_exchange_ref (self));
  find_endpoint (self, terms, rate_limit);
  go_on (self, terms);
}

/**
 * disp_exchange_open:
 * @self: an exchange whose request is whole
 * @soup: what serves it
 * @body: (transfer full) (nullable): its body
 *
 * Has SoupServer take the request.
 */
void
disp_exchange_open (DispExchange *self, SoupServer *soup, GBytes *body)
{
  g_autoptr (GIOStream) stream = disp_connection_open_stream (self->connection, self->head);
  GSocketAddress *address = disp_connection_get_address (self->connection);

  self->body = body;
  soup_server_accept_iostream (soup, stream, address, address, NULL);
}

static void
on_wrote_body (G_GNUC_UNUSED SoupServerMessage *message, gpointer user_data)
{
  DispExchange *self = user_data;

  self->answered = TRUE;
}

static void
on_finished (SoupServerMessage *message, gpointer user_data)
{
  DispExchange *self = user_data;

  /* Where SoupServer has its own opinion of an answer it says that the connection ends. */
  if (self->connection != NULL && self->answered
      && !soup_message_headers_header_contains (soup_server_message_get_response_headers (message),
                                                "Connection", "close"))
    disp_connection_keep (self->connection);
  self->message = NULL;
}

/* When the server ends, its messages go without having finished. */
static void
on_message_freed (gpointer data)
{
  DispExchange *self = data;

  self->message = NULL;
  disp_exchange_unref (self);
}

/**
 * disp_exchange_attach:
 * @self: an exchange whose request SoupServer has taken
 * @message: the message that it has made for it
 */
void
disp_exchange_attach (DispExchange *self, SoupServerMessage *message)
{
  static const char key[] = "disp-exchange";

  self->message = message;
  g_object_set_data_full (G_OBJECT (message), key, disp_exchange_ref (self), on_message_freed);
  g_signal_connect (message, "wrote-body", G_CALLBACK (on_wrote_body), self);
  g_signal_connect (message, "finished", G_CALLBACK (on_finished), self);
}

/**
 * disp_exchange_serve:
 * @self: an exchange whose message SoupServer wants to be answered
 *
 * Has its site answer it, at once or later.
 */
void
disp_exchange_serve (DispExchange *self)
{
  if (self->endpoint != NULL)
    self->endpoint->serve (self->site, self);
  else
    disp_exchange_respond_refusal (self, &self->refusal);
}

/**
 * disp_exchange_end:
 * @self: (transfer full): an exchange whose request is over on its connection
 *
 * Nobody waits for an answer any more.
 */
void
disp_exchange_end (DispExchange *self)
{
  self->connection = NULL;
  self->message = NULL;
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  disp_exchange_unref (self);
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
 * @self: an exchange
 *
 * Returns: (transfer none) (nullable): what stands behind the question mark, percent-encoded
 */
const char *
disp_exchange_get_query (DispExchange *self)
{
  return self->head->query;
}

/**
 * disp_exchange_get_field:
 * @self: an exchange
 * @name: the name of a header field of the request
 *
 * Returns: (transfer none) (nullable): its value
 */
const char *
disp_exchange_get_field (DispExchange *self, const char *name)
{
  return disp_http_head_get (self->head, name);
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
  return g_steal_pointer (&self->body);
}
