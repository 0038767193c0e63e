/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/http-store.h"

#include "core/error.h"
#include "wire/record-document.h"

#include <libsoup/soup.h>
#include <string.h>

/* How long the Requests Store may be silent, in seconds. */
#define TIMEOUT 5
/* How long a connection is kept without use, in seconds. */
#define IDLE_TIMEOUT 30
/* More of an answer is not read, in bytes.  The original answers with the record itself. */
#define MAX_ANSWER (4 * 1024 * 1024)
/* So many records in a row must be accepted before refusals are news again. */
#define CALM 1000

#define MESSAGE_ID_REFUSED "0b4550c61f784da4821e489d3ad2cac0"

/* SoupSession belongs to the thread and the main context in which it was made. */
struct _DispHttpStore
{
  GObject parent_instance;
  GUri *uri;            /* (owned) where records are posted */
  char *address;        /* (owned) the same, for people */
  GMainContext *loop;   /* (owned) that of the session; pushed while the session is used */
  SoupSession *session; /* (owned) (nullable) until the first post, and after a failure */
  guint64 connection;   /* which connection carried the last answer; 0 = none */
  gboolean refusing;    /* a refusal was reported */
  guint n_accepted;     /* in a row, while refusing */
};

/* One connection, and nothing that could make a post anything but a post to that very address. */
static SoupSession *
make_session (void)
{
  SoupSession *session = soup_session_new_with_options (
      "idle-timeout", IDLE_TIMEOUT, "max-conns", 1, "max-conns-per-host", 1, "proxy-resolver", NULL,
      "timeout", TIMEOUT, "user-agent", "dispatcherd", NULL);

  soup_session_remove_feature_by_type (session, SOUP_TYPE_AUTH_MANAGER);
  soup_session_remove_feature_by_type (session, SOUP_TYPE_CONTENT_DECODER);
  return session;
}

/* A session keeps the first address of a host for ever; a new one looks it up anew. */
static void
drop_session (DispHttpStore *self)
{
  if (self->session == NULL)
    return;
  soup_session_abort (self->session);
  g_clear_object (&self->session);
  self->connection = 0;
}

/* Reads the answer to its end, for the sake of the connection; the status has said all. */
static void
skip_answer (GInputStream *stream, GCancellable *cancellable)
{
  char bytes[8192];
  gsize total = 0;
  gssize n;

  do
    {
      n = g_input_stream_read (stream, bytes, sizeof bytes, cancellable, NULL);
      total += (gsize) MAX (n, 0);
    }
  while (n > 0 && total < MAX_ANSWER);
  g_input_stream_close (stream, NULL, NULL);
}

static void
keep_result (G_GNUC_UNUSED GObject *session, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

/* Waits for the head of the answer.  Not by soup_session_send(): libsoup 3.2.3 looks twice whether
 * an idle connection is still open, and when the server closes the only one between the two looks,
 * that call waits for ever, and no cancellable ends it. */
static GInputStream *
send_and_wait (DispHttpStore *self, SoupMessage *message, GCancellable *cancellable, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  soup_session_send_async (self->session, message, G_PRIORITY_DEFAULT, cancellable, keep_result,
                           &result);
  while (result == NULL)
    g_main_context_iteration (self->loop, TRUE);
  return soup_session_send_finish (self->session, result, error);
}

/* Posts @body once.  @reused tells whether on a connection that had carried an answer before. */
static gboolean
post (DispHttpStore *self, GBytes *body, guint *status, gboolean *reused, GCancellable *cancellable,
      GError **error)
{
  g_autoptr (SoupMessage) message = soup_message_new_from_uri ("POST", self->uri);
  g_autoptr (GInputStream) stream = NULL;

  if (self->session == NULL)
    self->session = make_session ();
  /* Without the first flag libsoup opens a connection for each POST. */
  soup_message_set_flags (message, SOUP_MESSAGE_IDEMPOTENT | SOUP_MESSAGE_NO_REDIRECT);
  soup_message_set_request_body_from_bytes (message, "application/json", body);
  stream = send_and_wait (self, message, cancellable, error);
  *reused = self->connection != 0 && soup_message_get_connection_id (message) == self->connection;
  if (stream == NULL)
    return FALSE;
  self->connection = soup_message_get_connection_id (message);
  *status = soup_message_get_status (message);
  skip_answer (stream, cancellable);
  return TRUE;
}

/* Posts @record, and once more when the connection turned out to have been closed meanwhile.  A
 * Requests Store keeps one record of an id, so that it may come twice. */
static gboolean
deliver (DispHttpStore *self, const DispRecord *record, guint *status, GCancellable *cancellable,
         GError **error)
{
  g_auto (DispJsonWriter) writer;
  g_autoptr (GBytes) body = NULL;
  g_autoptr (GError) reason = NULL;
  gboolean reused;

  disp_json_writer_init (&writer);
  disp_record_document_write (&writer, NULL, record);
  body = disp_json_writer_steal_bytes (&writer);
  if (post (self, body, status, &reused, cancellable, &reason))
    return TRUE;
  if (reused && !g_cancellable_is_cancelled (cancellable))
    {
      g_clear_error (&reason);
      if (post (self, body, status, &reused, cancellable, &reason))
        return TRUE;
    }
  drop_session (self);
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  g_set_error (error, DISP_ERROR, DISP_ERROR_STORE, "cannot post to the Requests Store \"%s\": %s",
               self->address, reason->message);
  return FALSE;
}

/* Whether @status says that the record itself is not wanted, now or later (RFC 9110, 15.5, but for
 * 408 and 429, which ask to come again). */
static gboolean
is_refusal (guint status)
{
  return status >= 400 && status < 500 && status != SOUP_STATUS_REQUEST_TIMEOUT && status != 429;
}

/* Reports the first refusal, and the next after a time without any. */
static void
note_refusal (DispHttpStore *self, const DispRecord *record, guint status)
{
  self->n_accepted = 0;
  if (self->refusing)
    return;
  self->refusing = TRUE;
  g_log_structured (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "MESSAGE_ID", MESSAGE_ID_REFUSED,
                    "REQUEST_ID", record->id, "MESSAGE",
                    "the Requests Store \"%s\" refused record %s with HTTP status %u; what it "
                    "refuses is counted and not stored",
                    self->address, record->id, status);
}

static void
note_acceptance (DispHttpStore *self)
{
  if (self->refusing && ++self->n_accepted == CALM)
    self->refusing = FALSE;
}

static gboolean
append (DispHttpStore *self, const DispRecord *record, gboolean *refused, GCancellable *cancellable,
        GError **error)
{
  guint status;

  if (!deliver (self, record, &status, cancellable, error))
    return FALSE;
  *refused = is_refusal (status);
  if (*refused)
    note_refusal (self, record, status);
  else if (SOUP_STATUS_IS_SUCCESSFUL (status))
    note_acceptance (self);
  else
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_STORE,
                   "the Requests Store \"%s\" answered HTTP status %u, expected 2xx", self->address,
                   status);
      return FALSE;
    }
  return TRUE;
}

static gboolean
http_store_append_batch (DispStore *store, DispRecord *const *records, guint n_records,
                         guint *n_taken, guint *n_refused, GCancellable *cancellable,
                         GError **error)
{
  DispHttpStore *self = DISP_HTTP_STORE (store);
  gboolean refused;

  g_main_context_push_thread_default (self->loop);
  while (*n_taken < n_records && append (self, records[*n_taken], &refused, cancellable, error))
    {
      *n_taken += 1;
      *n_refused += refused ? 1 : 0;
    }
  g_main_context_pop_thread_default (self->loop);
  return *n_taken == n_records;
}

static const char *
http_store_describe (DispStore *store)
{
  return DISP_HTTP_STORE (store)->address;
}

static void
http_store_iface_init (DispStoreInterface *iface)
{
  iface->append_batch = http_store_append_batch;
  iface->describe = http_store_describe;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (DispHttpStore, disp_http_store, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_STORE, http_store_iface_init))

static void
disp_http_store_finalize (GObject *object)
{
  DispHttpStore *self = DISP_HTTP_STORE (object);

  g_main_context_push_thread_default (self->loop);
  drop_session (self);
  g_main_context_pop_thread_default (self->loop);
  g_main_context_unref (self->loop);
  g_clear_pointer (&self->uri, g_uri_unref);
  g_free (self->address);
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
  self->loop = g_main_context_new ();
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

static gboolean
check_url (const char *url, GError **error)
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

/**
 * disp_http_store_new:
 * @url: where the Requests Store is: "http://host:5002"
 * @error: %DISP_ERROR_INVALID_CONFIG, when @url is no such address
 *
 * Posts each record by itself to "/requests" under @url, in their order, so that a record comes
 * first as created and then as completed.  An answer 2xx means stored.  With 4xx, other than 408
 * and 429, the store refuses the record for good, and the next one is posted.  With any other
 * answer, or none, the batch ends there.
 *
 * Returns: (transfer full) (nullable): a store; nothing is connected yet
 */
DispStore *
disp_http_store_new (const char *url, GError **error)
{
  g_autoptr (DispHttpStore) self = NULL;
  g_autofree char *base = g_strdup (url);
  gsize length = strlen (base);

  if (!check_url (url, error))
    return NULL;
  while (base[length - 1] == '/')
    base[--length] = '\0';
  self = g_object_new (DISP_TYPE_HTTP_STORE, NULL);
  self->address = g_strconcat (base, "/requests", NULL);
  self->uri = g_uri_parse (self->address, SOUP_HTTP_URI_FLAGS, error);
  return self->uri != NULL ? DISP_STORE (g_steal_pointer (&self)) : NULL;
}
