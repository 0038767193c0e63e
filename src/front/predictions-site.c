/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/predictions-site.h"

#include "core/error.h"
#include "front/documents.h"
#include "front/envelope-reader.h"
#include "front/exchange.h"
#include "wire/predict-envelope.h"
#include "wire/timeout-field.h"

#include <string.h>

#define SERVING_PREFIX "/v1/models/"

/* How long a body may be that is read at once, in bytes: even the worst takes a few milliseconds,
 * while its thread serves nobody else. */
#define MAX_AT_ONCE (256 * 1024)

/* What clients know: predictions in both of their forms, and how the daemon is. */
struct _DispPredictionsSite
{
  GObject parent_instance;
  DispDispatcher *dispatcher; /* (owned) */
  DispEnvelopeReader *reader; /* (owned) of long bodies */
};

static DispSwitchboard *
get_switchboard (DispSite *site)
{
  return disp_dispatcher_get_switchboard (DISP_PREDICTIONS_SITE (site)->dispatcher);
}

static void
serve_status (DispSite *site, DispExchange *exchange)
{
  g_autoptr (DispAnswer) answer = disp_document_status (get_switchboard (site));

  disp_exchange_respond (exchange, answer);
}

static void
serve_live (G_GNUC_UNUSED DispSite *site, DispExchange *exchange)
{
  g_autoptr (DispAnswer) answer = disp_document_live ();

  disp_exchange_respond (exchange, answer);
}

static void
serve_ready (DispSite *site, DispExchange *exchange)
{
  g_autoptr (DispAnswer) answer = disp_document_ready (get_switchboard (site));

  disp_exchange_respond (exchange, answer);
}

static void
serve_models (DispSite *site, DispExchange *exchange)
{
  g_autoptr (DispAnswer) answer = disp_document_models (get_switchboard (site));

  disp_exchange_respond (exchange, answer);
}

typedef struct
{
  DispExchange *exchange; /* (owned) */
  DispRequest *request;   /* (owned) */
} Dispatching;

/* The header fields that tell how a request was dispatched. */
static void
describe_reply (DispExchange *exchange, const DispRequest *request, const DispReply *reply)
{
  if (disp_request_is_prediction (request))
    disp_exchange_set_field (exchange, "X-Dispatch-Id", request->id);
  if (reply->reason != NULL)
    disp_exchange_set_field (exchange, "X-Dispatch-Reason", reply->reason);
  if (reply->container != NULL)
    {
      g_autofree char *timing = g_strdup_printf ("queue;dur=%.3f, upstream;dur=%.3f",
                                                 (double) reply->queued / 1000,
                                                 (double) reply->upstream / 1000);

      disp_exchange_set_field (exchange, "X-Dispatch-Container", reply->container->name);
      disp_exchange_set_field (exchange, "Server-Timing", timing);
    }
}

static void
on_dispatched (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Dispatching *dispatching = user_data;
  g_autoptr (DispReply) reply = disp_dispatcher_dispatch_finish (DISP_DISPATCHER (source), result);

  describe_reply (dispatching->exchange, dispatching->request, reply);
  disp_exchange_respond (dispatching->exchange, reply->answer);
  disp_request_unref (dispatching->request);
  disp_exchange_unref (dispatching->exchange);
  g_free (dispatching);
}

/* What the operator decided for the model: which header field its policy, or the shadow, wants to
 * know, and whether its predictions change something. */
static void
take_settings (DispSite *site, DispExchange *exchange, DispRequest *request)
{
  g_autoptr (DispRouting) routing = NULL;
  g_autoptr (DispEngineSettings) settings = NULL;
  const char *header = NULL;

  disp_switchboard_enter (get_switchboard (site), &routing, &settings);
  if (routing != NULL)
    header = disp_policies_get_header (disp_routing_get_policies (routing), request->model);
  if (header != NULL)
    request->affinity = g_strdup (disp_exchange_get_field (exchange, header));
  request->once = disp_request_is_prediction (request) && settings->not_idempotent != NULL
                  && g_strv_contains ((const char *const *) settings->not_idempotent,
                                      request->model);
}

static void
dispatch (DispSite *site, DispExchange *exchange, DispRequest *request)
{
  Dispatching *dispatching = g_new0 (Dispatching, 1);

  take_settings (site, exchange, request);
  dispatching->exchange = disp_exchange_ref (exchange);
  dispatching->request = disp_request_ref (request);
  disp_dispatcher_dispatch_async (DISP_PREDICTIONS_SITE (site)->dispatcher, request,
                                  disp_exchange_begin_work (exchange), on_dispatched, dispatching);
}

/* Returns %NULL for a request that was answered already, since a field of its head is wrong. */
static DispRequest *
new_request (DispSite *site, DispExchange *exchange, DispVerb verb)
{
  DispClock *clock = disp_switchboard_get_clock (get_switchboard (site));
  const char *timeout_field = disp_exchange_get_field (exchange, DISP_TIMEOUT_FIELD);
  gint64 timeout;
  DispRequest *request;
  g_autoptr (GError) error = NULL;

  if (!disp_timeout_field_parse (timeout_field, &timeout, &error))
    {
      disp_exchange_respond_error (exchange, error);
      return NULL;
    }
  request = disp_request_new (verb, disp_clock_now_real (clock));
  request->timeout = timeout;
  disp_request_set_request_id (request, disp_exchange_get_request_id (exchange));
  request->body = disp_exchange_steal_body (exchange);
  if (request->body == NULL)
    return request;
  request->content_type = g_strdup (disp_exchange_get_field (exchange, "Content-Type"));
  request->content_encoding = g_strdup (disp_exchange_get_field (exchange, "Content-Encoding"));
  return request;
}

/* Takes over what @envelope says, and goes on. */
static void
dispatch_envelope (DispSite *site, DispExchange *exchange, DispRequest *request,
                   DispEnvelope *envelope)
{
  request->model = g_steal_pointer (&envelope->model);
  request->version = envelope->version;
  envelope->version = (DispVersion){ 0 };
  request->instances = envelope->instances;
  memcpy (request->slices, envelope->slices, sizeof envelope->slices);
  request->n_slices = envelope->n_slices;
  /* What is forwarded is JSON whatever the client called it. */
  g_clear_pointer (&request->content_type, g_free);
  dispatch (site, exchange, request);
}

typedef struct
{
  DispSite *site;         /* (owned) */
  DispExchange *exchange; /* (owned) */
  DispRequest *request;   /* (owned) */
} Reading;

static void
on_read (G_GNUC_UNUSED GObject *source, GAsyncResult *result, gpointer user_data)
{
  Reading *reading = user_data;
  g_auto (DispEnvelope) envelope = { 0 };
  g_autoptr (GError) error = NULL;
  gboolean is_read = disp_envelope_reader_read_finish (result, &envelope, &error);

  if (is_read && !disp_exchange_is_gone (reading->exchange))
    dispatch_envelope (reading->site, reading->exchange, reading->request, &envelope);
  else if (!disp_exchange_is_gone (reading->exchange))
    disp_exchange_respond_error (reading->exchange, error);
  disp_request_unref (reading->request);
  disp_exchange_unref (reading->exchange);
  g_object_unref (reading->site);
  g_free (reading);
}

static void
read_later (DispSite *site, DispExchange *exchange, DispRequest *request)
{
  Reading *reading = g_new0 (Reading, 1);

  reading->site = g_object_ref (site);
  reading->exchange = disp_exchange_ref (exchange);
  reading->request = disp_request_ref (request);
  disp_envelope_reader_read_async (DISP_PREDICTIONS_SITE (site)->reader, request->body,
                                   DISP_ENVELOPE_ROUTED, disp_exchange_begin_work (exchange),
                                   on_read, reading);
}

static void
serve_predict (DispSite *site, DispExchange *exchange)
{
  g_autoptr (DispRequest) request = new_request (site, exchange, DISP_VERB_PREDICT);
  g_auto (DispEnvelope) envelope = { 0 };
  g_autoptr (GError) error = NULL;
  gsize length;
  const char *text;

  if (request == NULL)
    return;
  text = g_bytes_get_data (request->body, &length);
  if (length > MAX_AT_ONCE)
    read_later (site, exchange, request);
  else if (!disp_envelope_scan (text, length, DISP_ENVELOPE_ROUTED, &envelope, &error))
    disp_exchange_respond_error (exchange, error);
  else
    dispatch_envelope (site, exchange, request, &envelope);
}

/*
 * A serving path says everything in its head, so its body is forwarded as it is; whether it is JSON
 * is for the model server to say.  The body is only looked into for the record, where that keeps
 * it.
 */
static void
take_whole_body (DispSite *site, DispRequest *request)
{
  g_autoptr (DispEngineSettings) settings = disp_switchboard_ref_settings (get_switchboard (site));
  g_auto (DispEnvelope) envelope = { 0 };
  gsize length;
  const char *text = g_bytes_get_data (request->body, &length);

  request->slices[0] = (DispSlice){ 0, length };
  request->n_slices = 1;
  request->skip_instances = settings->payload_limit >= 0
                            && length > (gsize) settings->payload_limit;
  if (request->skip_instances)
    request->instances = request->slices[0];
  else if (disp_envelope_scan (text, length, DISP_ENVELOPE_PLAIN, &envelope, NULL))
    request->instances = envelope.instances;
}

static void
serve_serving (DispSite *site, DispExchange *exchange)
{
  DispServingTarget *target = disp_exchange_get_target (exchange);
  g_autoptr (DispRequest) request = new_request (site, exchange, target->verb);

  if (request == NULL)
    return;
  request->model = g_steal_pointer (&target->model);
  request->version = target->version;
  target->version = (DispVersion){ 0 };
  if (request->body != NULL)
    take_whole_body (site, request);
  dispatch (site, exchange, request);
}

/* The paths that lead to one resource each; the serving paths are a grammar of their own. */
static const DispResource resources[] = {
  { "/", DISP_ENTRY_OPEN, { { "GET", DISP_BODY_UNUSED, serve_status } } },
  { "/predict", DISP_ENTRY_GUARDED, { { "POST", DISP_BODY_JSON, serve_predict } } },
  { "/healthz/live", DISP_ENTRY_OPEN, { { "GET", DISP_BODY_UNUSED, serve_live } } },
  { "/healthz/ready", DISP_ENTRY_OPEN, { { "GET", DISP_BODY_UNUSED, serve_ready } } },
  { "/v1/models", DISP_ENTRY_GUARDED, { { "GET", DISP_BODY_UNUSED, serve_models } } },
};
static const DispResource call_resource = {
  .endpoints = { { "POST", DISP_BODY_WANTED, serve_serving } },
  .entry = DISP_ENTRY_GUARDED,
};
static const DispResource query_resource = {
  .endpoints = { { "GET", DISP_BODY_UNUSED, serve_serving } },
  .entry = DISP_ENTRY_GUARDED,
};

static void
serving_target_free (gpointer data)
{
  DispServingTarget *target = data;

  disp_serving_target_clear (target);
  g_free (target);
}

static const DispResource *
predictions_site_find (G_GNUC_UNUSED DispSite *site, const char *path, DispTarget *target,
                       GError **error)
{
  const DispResource *resource = disp_resources_find (resources, G_N_ELEMENTS (resources), path,
                                                      target);
  g_auto (DispServingTarget) serving = { 0 };

  if (resource != NULL)
    return resource;
  if (!g_str_has_prefix (path, SERVING_PREFIX))
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_NOT_FOUND,
                   "nothing is at this path, expected /predict or " SERVING_PREFIX "NAME:predict");
      return NULL;
    }
  if (!disp_serving_path_parse (path, &serving, error))
    return NULL;
  resource = serving.verb <= DISP_VERB_REGRESS ? &call_resource : &query_resource;
  *target = (DispTarget){ g_memdup2 (&serving, sizeof serving), serving_target_free };
  serving = (DispServingTarget){ 0 };
  return resource;
}

static void
predictions_site_abort (DispSite *site)
{
  disp_dispatcher_abort (DISP_PREDICTIONS_SITE (site)->dispatcher);
}

static void
predictions_site_iface_init (DispSiteInterface *iface)
{
  iface->find = predictions_site_find;
  iface->abort = predictions_site_abort;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (DispPredictionsSite, disp_predictions_site, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_SITE, predictions_site_iface_init))

static void
disp_predictions_site_finalize (GObject *object)
{
  DispPredictionsSite *self = DISP_PREDICTIONS_SITE (object);

  disp_envelope_reader_free (self->reader);
  g_object_unref (self->dispatcher);
  G_OBJECT_CLASS (disp_predictions_site_parent_class)->finalize (object);
}

static void
disp_predictions_site_class_init (DispPredictionsSiteClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = disp_predictions_site_finalize;
}

static void
disp_predictions_site_init (DispPredictionsSite *self)
{
  self->reader = disp_envelope_reader_new ();
}

/**
 * disp_predictions_site_new:
 * @dispatcher: answers predictions
 *
 * Returns: (transfer full): the site that clients of dispatcherd know
 */
DispSite *
disp_predictions_site_new (DispDispatcher *dispatcher)
{
  DispPredictionsSite *self = g_object_new (DISP_TYPE_PREDICTIONS_SITE, NULL);

  self->dispatcher = g_object_ref (dispatcher);
  return DISP_SITE (self);
}
