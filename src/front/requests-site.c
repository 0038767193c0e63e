/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/requests-site.h"

#include "core/error.h"
#include "front/record-listing.h"
#include "front/record-query.h"
#include "front/store-wait.h"
#include "wire/record-document.h"

/* The embedded Requests Store: what the original answers, from the records that dispatcherd keeps.
 */
struct _DispRequestsSite
{
  GObject parent_instance;
  DispArchiveReader *reader; /* (owned) */
  DispRecordSink *sink;      /* (owned) */
  DispClock *clock;          /* (owned) */
  GCancellable *aborted;     /* (owned) */
};

static void
serve_status (G_GNUC_UNUSED DispSite *site, DispExchange *exchange)
{
  static const char status[] = "{\"status\":\"running\"}";
  g_autoptr (DispAnswer) answer = disp_answer_new (SOUP_STATUS_OK, "application/json",
                                                   g_bytes_new_static (status, sizeof status - 1));

  disp_exchange_respond (exchange, answer);
}

static void
serve_records (DispSite *site, DispExchange *exchange)
{
  DispRequestsSite *self = DISP_REQUESTS_SITE (site);
  g_auto (DispRecordFilter) filter = { 0 };
  g_autoptr (GError) error = NULL;
  DispProducer producer;

  if (disp_record_query_parse (disp_exchange_get_query (exchange),
                               disp_exchange_get_target (exchange), &filter, &error)
      && disp_record_listing_init (&producer, self->reader, &filter, &error))
    disp_streamed_answer_start (exchange, "application/json", &producer, self->aborted);
  else
    disp_exchange_respond_error (exchange, error);
}

static void
serve_metrics (DispSite *site, DispExchange *exchange)
{
  DispRequestsSite *self = DISP_REQUESTS_SITE (site);
  g_autoptr (GError) error = NULL;
  DispProducer producer;

  if (disp_metrics_listing_init (&producer, self->reader, &error))
    disp_streamed_answer_start (exchange, "application/json", &producer, self->aborted);
  else
    disp_exchange_respond_error (exchange, error);
}

/* Whether a posted record is dropped or refused does not matter to who posts it. */
static gboolean
admit (DispRequestsSite *self, DispExchange *exchange, guint n_records)
{
  g_autoptr (GError) error = NULL;

  if (disp_record_sink_admit (self->sink, n_records) == DISP_ADMISSION_RECORDED)
    return TRUE;
  error = g_error_new (DISP_ERROR, DISP_ERROR_RECORDS_FULL, "there is no room for %u more records",
                       n_records);
  disp_exchange_set_field (exchange, "X-Dispatch-Reason", disp_error_reason (error->code));
  disp_exchange_set_field (exchange, "Retry-After", G_STRINGIFY (DISP_RECORD_SINK_RETRY_AFTER));
  disp_exchange_respond_error (exchange, error);
  return FALSE;
}

static void
on_committed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  disp_record_sink_commit_finish (DISP_RECORD_SINK (source), result, &error);
  disp_store_wait_settle (user_data, error);
}

static void
serve_post (DispSite *site, DispExchange *exchange)
{
  DispRequestsSite *self = DISP_REQUESTS_SITE (site);
  g_autoptr (GPtrArray) records = g_ptr_array_new_with_free_func (
      (GDestroyNotify) disp_record_unref);
  g_autoptr (GBytes) body = disp_exchange_steal_body (exchange);
  g_autoptr (GError) error = NULL;
  gsize length;
  const char *text = g_bytes_get_data (body, &length);
  DispStoreWait *wait;

  if (!disp_record_document_parse (text, length, records, &error))
    {
      disp_exchange_respond_error (exchange, error);
      return;
    }
  if (records->len == 0)
    {
      g_autoptr (DispAnswer) answer = disp_answer_new (SOUP_STATUS_OK, "application/json",
                                                       g_steal_pointer (&body));

      disp_exchange_respond (exchange, answer);
      return;
    }
  if (!admit (self, exchange, records->len))
    return;
  wait = disp_store_wait_new (exchange, self->clock, g_steal_pointer (&body), records->len,
                              self->aborted);
  for (guint i = 0; i < records->len; i++)
    disp_record_sink_commit_async (self->sink, disp_record_ref (g_ptr_array_index (records, i)),
                                   on_committed, wait);
}

static void
on_cleared (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  disp_record_sink_clear_finish (DISP_RECORD_SINK (source), result, &error);
  disp_store_wait_settle (user_data, error);
}

static void
serve_delete (DispSite *site, DispExchange *exchange)
{
  DispRequestsSite *self = DISP_REQUESTS_SITE (site);

  disp_record_sink_clear_async (
      self->sink, on_cleared,
      disp_store_wait_new (exchange, self->clock, g_bytes_new_static ("{}", 2), 1, self->aborted));
}

static const DispResource *
requests_site_find (G_GNUC_UNUSED DispSite *site, const char *path, DispTarget *target,
                    GError **error)
{
  static const DispResource resources[] = {
    { "/", DISP_ENTRY_OPEN, { { "GET", DISP_BODY_UNUSED, serve_status } } },
    { "/requests",
      DISP_ENTRY_OPEN,
      { { "GET", DISP_BODY_UNUSED, serve_records },
        { "POST", DISP_BODY_JSON, serve_post },
        { "DELETE", DISP_BODY_UNUSED, serve_delete } } },
    { "/requests/*", DISP_ENTRY_OPEN, { { "GET", DISP_BODY_UNUSED, serve_records } } },
    { "/metrics", DISP_ENTRY_OPEN, { { "GET", DISP_BODY_UNUSED, serve_metrics } } },
  };
  const DispResource *found = disp_resources_find (resources, G_N_ELEMENTS (resources), path,
                                                   target);

  if (found == NULL)
    g_set_error_literal (error, DISP_ERROR, DISP_ERROR_NOT_FOUND,
                         "nothing is at this path, expected /requests, /requests/NODE or /metrics");
  return found;
}

static void
requests_site_abort (DispSite *site)
{
  g_cancellable_cancel (DISP_REQUESTS_SITE (site)->aborted);
}

static void
requests_site_iface_init (DispSiteInterface *iface)
{
  iface->find = requests_site_find;
  iface->abort = requests_site_abort;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (DispRequestsSite, disp_requests_site, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_SITE, requests_site_iface_init))

static void
disp_requests_site_finalize (GObject *object)
{
  DispRequestsSite *self = DISP_REQUESTS_SITE (object);

  disp_archive_reader_unref (self->reader);
  g_object_unref (self->sink);
  g_object_unref (self->clock);
  g_object_unref (self->aborted);
  G_OBJECT_CLASS (disp_requests_site_parent_class)->finalize (object);
}

static void
disp_requests_site_class_init (DispRequestsSiteClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = disp_requests_site_finalize;
}

static void
disp_requests_site_init (G_GNUC_UNUSED DispRequestsSite *self)
{
}

/**
 * disp_requests_site_new:
 * @archive: where records are read
 * @sink: where records go
 * @clock: the clock
 *
 * Returns: (transfer full): the Requests Store, to be served on the thread that may read @archive
 */
DispSite *
disp_requests_site_new (DispRecordArchive *archive, DispRecordSink *sink, DispClock *clock)
{
  DispRequestsSite *self = g_object_new (DISP_TYPE_REQUESTS_SITE, NULL);

  self->reader = disp_archive_reader_new (archive);
  self->sink = g_object_ref (sink);
  self->clock = g_object_ref (clock);
  self->aborted = g_cancellable_new ();
  return DISP_SITE (self);
}
