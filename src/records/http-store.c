/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/http-store.h"

#include "core/error.h"
#include "core/event.h"
#include "core/tsan.h"
#include "engine/heartbeat.h"
#include "records/delivery.h"
#include "records/spool-inlet.h"

#include <libsoup/soup.h>
#include <string.h>

/* How many connections there are at most, each with one post on its way.  Libsoup looks through all
 * of them for each post. */
#define MAX_CONNECTIONS 8

/* A spool, into which the thread of the log puts records, and a thread that delivers them. */
struct _DispHttpStore
{
  GObject parent_instance;
  char *address;            /* (owned) where records are posted */
  DispSpool *spool;         /* (owned) */
  DispSpoolInlet *inlet;    /* (owned) */
  DispSpoolOutlet *outlet;  /* (owned) of the thread */
  GMainContext *context;    /* (owned) of the thread */
  DispDelivery *delivery;   /* (owned) of the thread, but for what any may call */
  DispHeartbeat *heartbeat; /* (owned) */
  GThread *thread;          /* (owned) (nullable) until it was joined */
  GMutex lock;              /* held by nobody for long; guards the condition */
  GCond done;               /* the delivery has ended */
};

static gpointer
deliver (gpointer data)
{
  DispHttpStore *self = data;

  DISP_TSAN_ACQUIRE (self);
  g_main_context_push_thread_default (self->context);
  while (!disp_delivery_has_ended (self->delivery))
    g_main_context_iteration (self->context, TRUE);
  /* What libsoup still has to tidy up. */
  while (g_main_context_iteration (self->context, FALSE))
    ;
  g_main_context_pop_thread_default (self->context);
  disp_heartbeat_rest (self->heartbeat);
  g_mutex_lock (&self->lock);
  DISP_TSAN_RELEASE (self);
  g_cond_signal (&self->done);
  g_mutex_unlock (&self->lock);
  return NULL;
}

static gboolean
http_store_append_batch (DispStore *store, DispRecord *const *records, guint n_records,
                         guint *n_taken, guint *n_refused, GCancellable *cancellable,
                         GError **error)
{
  DispHttpStore *self = DISP_HTTP_STORE (store);
  gboolean settled;

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  settled = disp_spool_inlet_append (self->inlet, records, n_records, n_taken, n_refused, error);
  if (*n_taken > *n_refused)
    disp_delivery_wake (self->delivery);
  return settled;
}

static gint64
http_store_tidy (DispStore *store, G_GNUC_UNUSED gint64 now_real)
{
  disp_spool_inlet_tidy (DISP_HTTP_STORE (store)->inlet);
  return DISP_STORE_TIDY;
}

/* Waits until the delivery has ended, or for @patience. */
static void
wait_for_end (DispHttpStore *self, gint64 patience)
{
  gint64 deadline = g_get_monotonic_time () + patience;

  g_mutex_lock (&self->lock);
  while (!disp_delivery_has_ended (self->delivery)
         && g_cond_wait_until (&self->done, &self->lock, deadline))
    ;
  g_mutex_unlock (&self->lock);
}

static void
http_store_close (DispStore *store, gint64 patience)
{
  DispHttpStore *self = DISP_HTTP_STORE (store);
  guint64 n_left;

  if (self->thread == NULL)
    return;
  if (patience > 0)
    {
      disp_delivery_end (self->delivery);
      wait_for_end (self, patience);
    }
  disp_delivery_abort (self->delivery);
  g_thread_join (g_steal_pointer (&self->thread));
  DISP_TSAN_ACQUIRE (self);
  /* A thread that was asked how it is at the very last would be asked for ever. */
  while (g_main_context_iteration (self->context, FALSE))
    ;
  n_left = disp_spool_count (self->spool);
  if (n_left > 0)
    disp_event_log (DISP_EVENT_RECORDS_LEFT,
                    &(DispEventFields){ .store = self->address,
                                        .path = disp_spool_get_path (self->spool),
                                        .count = n_left },
                    "%" G_GUINT64_FORMAT " records were not delivered to %s; they are in \"%s\" "
                    "and are delivered after the next start",
                    n_left, self->address, disp_spool_get_path (self->spool));
}

static void
http_store_read (DispStore *store, DispStoreValues *values)
{
  DispHttpStore *self = DISP_HTTP_STORE (store);

  values->spooled = disp_spool_count (self->spool);
  values->refused = disp_delivery_count_refused (self->delivery);
}

static char *
http_store_dup_problem (DispStore *store)
{
  return disp_delivery_dup_problem (DISP_HTTP_STORE (store)->delivery);
}

static const char *
http_store_describe (DispStore *store)
{
  return DISP_HTTP_STORE (store)->address;
}

static void
http_store_add_heartbeats (DispStore *store, GPtrArray *heartbeats)
{
  g_ptr_array_add (heartbeats, disp_heartbeat_ref (DISP_HTTP_STORE (store)->heartbeat));
}

static void
http_store_iface_init (DispStoreInterface *iface)
{
  iface->append_batch = http_store_append_batch;
  iface->tidy = http_store_tidy;
  iface->close = http_store_close;
  iface->read = http_store_read;
  iface->dup_problem = http_store_dup_problem;
  iface->describe = http_store_describe;
  iface->add_heartbeats = http_store_add_heartbeats;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (DispHttpStore, disp_http_store, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_STORE, http_store_iface_init))

static void
disp_http_store_finalize (GObject *object)
{
  DispHttpStore *self = DISP_HTTP_STORE (object);

  http_store_close (DISP_STORE (self), 0);
  g_clear_pointer (&self->delivery, disp_delivery_free);
  g_clear_pointer (&self->outlet, disp_spool_outlet_free);
  g_clear_pointer (&self->inlet, disp_spool_inlet_free);
  g_clear_pointer (&self->spool, disp_spool_free);
  disp_heartbeat_unref (self->heartbeat);
  g_main_context_unref (self->context);
  g_free (self->address);
  g_cond_clear (&self->done);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (disp_http_store_parent_class)->finalize (object);
}

static void
disp_http_store_class_init (DispHttpStoreClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = disp_http_store_finalize;
}

static void
disp_http_store_init (DispHttpStore *self)
{
  self->context = g_main_context_new ();
  self->heartbeat = disp_heartbeat_new ("delivery", self->context);
  g_mutex_init (&self->lock);
  g_cond_init (&self->done);
}

/* GUri lets nearly everything be a host. */
static gboolean
is_host (const char *host)
{
  for (const char *p = host; p != NULL && *p != '\0'; p++)
    if (g_ascii_isspace (*p) || g_ascii_iscntrl (*p))
      return FALSE;
  return host != NULL && *host != '\0';
}

static const char *
find_fault (GUri *uri)
{
  if (!g_str_equal (g_uri_get_scheme (uri), "http")
      && !g_str_equal (g_uri_get_scheme (uri), "https"))
    return "its scheme is neither http nor https";
  if (!is_host (g_uri_get_host (uri)))
    return "it names no host";
  if (g_uri_get_port (uri) == 0)
    return "its port is 0";
  if (g_uri_get_userinfo (uri) != NULL)
    return "it has a user name";
  if (g_uri_get_query (uri) != NULL || g_uri_get_fragment (uri) != NULL)
    return "it has a query or a fragment";
  return NULL;
}

/**
 * disp_http_store_check_url:
 * @url: where a Requests Store is: "http://host:5002"
 * @error: %DISP_ERROR_INVALID_CONFIG, saying what was expected
 *
 * Returns: whether it is such an address
 */
gboolean
disp_http_store_check_url (const char *url, GError **error)
{
  g_autoptr (GError) reason = NULL;
  g_autoptr (GUri) uri = g_uri_parse (url, SOUP_HTTP_URI_FLAGS, &reason);
  const char *fault = uri != NULL ? find_fault (uri) : reason->message;

  if (fault != NULL)
    g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG,
                 "\"%s\" is not the address of a Requests Store: %s; expected "
                 "http://HOST[:PORT][/PATH] or https://HOST[:PORT][/PATH]",
                 url, fault);
  return fault == NULL;
}

static gboolean
open_spool (DispHttpStore *self, const DispHttpStoreSettings *settings, GError **error)
{
  self->spool = disp_spool_new (settings->spool_path, settings->spool_limit, error);
  if (self->spool != NULL)
    self->inlet = disp_spool_inlet_new (self->spool, settings->coalesces, settings->committed,
                                        error);
  if (self->inlet != NULL)
    self->outlet = disp_spool_outlet_new (self->spool, error);
  return self->outlet != NULL;
}

/**
 * disp_http_store_new:
 * @url: where the Requests Store is: "http://host:5002"
 * @settings: what the operator decided
 * @clock: the clock, which other threads may ask too
 * @notice: (nullable): is touched when the problem changes
 * @error: %DISP_ERROR_INVALID_CONFIG, when @url is no such address; %DISP_ERROR_STORE, saying what
 *   is wrong with the spool and what to do
 *
 * Takes records into a spool on disk, and posts each from there by itself to "/requests" under
 * @url, on a thread of its own: see disp_delivery_new().  What is in the spool from earlier is
 * posted too, whatever address it was meant for then.
 *
 * Returns: (transfer full) (nullable): a store; nothing needs to be reachable yet
 */
DispStore *
disp_http_store_new (const char *url, const DispHttpStoreSettings *settings, DispClock *clock,
                     DispNotice *notice, GError **error)
{
  g_autoptr (DispHttpStore) self = NULL;
  g_autoptr (DispHttpPoster) poster = NULL;
  gsize length = strlen (url);

  if (!disp_http_store_check_url (url, error))
    return NULL;
  while (url[length - 1] == '/')
    length--;
  self = g_object_new (DISP_TYPE_HTTP_STORE, NULL);
  self->address = g_strdup_printf ("%.*s/requests", (int) length, url);
  poster = disp_http_poster_new (self->address, clock, MAX_CONNECTIONS, error);
  if (poster != NULL)
    disp_http_poster_set_authorization (poster, settings->authorization);
  if (poster == NULL || !open_spool (self, settings, error))
    return NULL;
  self->delivery = disp_delivery_new (self->outlet, poster, clock, notice, settings->coalesces,
                                      MAX_CONNECTIONS, self->context);
  disp_delivery_wake (self->delivery);
  DISP_TSAN_RELEASE (self);
  self->thread = g_thread_new ("delivery", deliver, self);
  return DISP_STORE (g_steal_pointer (&self));
}

/**
 * disp_http_store_set_limits:
 * @self: a store
 * @spool_limit: how much of its spool may be in use, in bytes
 * @coalesces: whether of records of one id that wait together only the last is sent
 *
 * What it keeps to from now on.  Any thread.
 */
void
disp_http_store_set_limits (DispHttpStore *self, gint64 spool_limit, gboolean coalesces)
{
  disp_spool_set_limit (self->spool, spool_limit);
  disp_spool_inlet_set_coalesces (self->inlet, coalesces);
  disp_delivery_set_coalesces (self->delivery, coalesces);
}
