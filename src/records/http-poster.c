/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/http-poster.h"

#include "core/error.h"

#include <libsoup/soup.h>
#include <string.h>

/* How long the Requests Store may be silent, in seconds. */
#define TIMEOUT 5
/* How long a post may take in all, and how much longer for each byte, in microseconds. */
#define DEADLINE (30 * G_USEC_PER_SEC)
#define DEADLINE_PER_BYTE 16
/* How long a connection is kept without use, in seconds. */
#define IDLE_TIMEOUT 30
/* More of an answer is not read, in bytes.  The original answers with the record itself. */
#define MAX_ANSWER (4 * 1024 * 1024)
#define READ_SIZE 8192
/* How much of an answer people get to see, in bytes. */
#define MAX_TEXT 200

/* SoupSession belongs to the thread and the main context in which it was made. */
struct _DispHttpPoster
{
  GObject parent_instance;
  GUri *uri;            /* (owned) where records are posted */
  char *address;        /* (owned) the same, for people */
  char *authorization;  /* (owned) (nullable) secret */
  DispClock *clock;     /* (owned) */
  guint n_connections;  /* at most, at once */
  SoupSession *session; /* (owned) (nullable) until the first post, and after a failure */
};

G_DEFINE_FINAL_TYPE (DispHttpPoster, disp_http_poster, G_TYPE_OBJECT)

/* One post on its way. */
typedef struct
{
  GBytes *body;              /* (owned) */
  SoupSession *session;      /* (owned) that of the poster, when it began */
  SoupMessage *message;      /* (owned) (nullable) */
  GInputStream *stream;      /* (owned) (nullable) the body of the answer */
  GString *text;             /* (owned) the beginning of it */
  gsize n_read;              /* how much of it was read */
  GSource *readable;         /* (owned) (nullable) */
  GSource *deadline;         /* (owned) (nullable) until it has ended */
  GCancellable *cancellable; /* (owned) of this post; follows the caller's */
  gulong cancelled_id;
  gboolean opened; /* this message opened a connection */
  gboolean resent;
  gboolean timed_out;
} Post;

static void send_message (GTask *task);
static void read_answer (GTask *task);

static void
post_free (gpointer data)
{
  Post *post = data;

  g_assert (post->deadline == NULL && post->readable == NULL);
  g_bytes_unref (post->body);
  g_clear_object (&post->stream);
  g_clear_object (&post->message);
  g_object_unref (post->session);
  g_string_free (post->text, TRUE);
  g_object_unref (post->cancellable);
  g_free (post);
}

/* The one place where a post ends.  Takes @answer or @error, and @task. */
static void
settle (GTask *task, DispPostAnswer *answer, GError *error)
{
  Post *post = g_task_get_task_data (task);

  disp_clock_clear_timer (&post->deadline);
  g_clear_pointer (&post->readable, g_source_unref);
  g_signal_handlers_disconnect_by_data (post->message, task);
  if (post->cancelled_id != 0)
    g_signal_handler_disconnect (g_task_get_cancellable (task), post->cancelled_id);
  if (answer != NULL)
    g_task_return_pointer (task, answer, (GDestroyNotify) disp_post_answer_free);
  else
    g_task_return_error (task, error);
  g_object_unref (task);
}

static void
fail (GTask *task, const GError *reason)
{
  DispHttpPoster *self = g_task_get_source_object (task);
  Post *post = g_task_get_task_data (task);

  if (post->timed_out)
    settle (task, NULL,
            g_error_new (DISP_ERROR, DISP_ERROR_STORE,
                         "cannot post to the Requests Store \"%s\": it takes too long",
                         self->address));
  else if (g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    settle (task, NULL, g_error_copy (reason));
  else
    settle (task, NULL,
            g_error_new (DISP_ERROR, DISP_ERROR_STORE,
                         "cannot post to the Requests Store \"%s\": %s", self->address,
                         reason->message));
}

/* The head has said all that counts: whether the rest came is nearly the same.  Only after all of
 * it was read the connection can be used again. */
static void
end_answer (GTask *task)
{
  DispHttpPoster *self = g_task_get_source_object (task);
  Post *post = g_task_get_task_data (task);
  SoupMessageHeaders *fields = soup_message_get_response_headers (post->message);

  g_input_stream_close (post->stream, NULL, NULL);
  settle (task,
          disp_post_answer_new (soup_message_get_status (post->message),
                                soup_message_headers_get_one (fields, "Retry-After"), post->text,
                                disp_clock_now_real (self->clock)),
          NULL);
}

static gboolean
on_readable (G_GNUC_UNUSED GObject *stream, gpointer user_data)
{
  GTask *task = user_data;
  Post *post = g_task_get_task_data (task);

  g_clear_pointer (&post->readable, g_source_unref);
  read_answer (task);
  return G_SOURCE_REMOVE;
}

static void
wait_until_readable (GTask *task)
{
  Post *post = g_task_get_task_data (task);

  post->readable = g_pollable_input_stream_create_source (G_POLLABLE_INPUT_STREAM (post->stream),
                                                          post->cancellable);
  g_source_set_static_name (post->readable, "answer of the Requests Store");
  g_source_set_callback (post->readable, G_SOURCE_FUNC (on_readable), task, NULL);
  g_source_attach (post->readable, g_main_context_get_thread_default ());
}

static void
read_answer (GTask *task)
{
  Post *post = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  char bytes[READ_SIZE];
  gssize n;

  do
    {
      n = g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (post->stream), bytes,
                                                    sizeof bytes, post->cancellable, &error);
      if (n <= 0)
        break;
      if (post->text->len < MAX_TEXT)
        g_string_append_len (post->text, bytes, MIN (n, (gssize) (MAX_TEXT - post->text->len)));
      post->n_read += (gsize) n;
    }
  while (post->n_read < MAX_ANSWER);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    wait_until_readable (task);
  else
    end_answer (task);
}

/*
 * A connection that was idle may have been closed by the store in the very moment in which we used
 * it.  Then not one byte of an answer comes, and the record is posted again, once (RFC 9112,
 * section 9.3.1); but not to a store that is silent, which may be at work on it.  A Requests Store
 * keeps one record of an id, so that it may come twice.
 */
static gboolean
is_stale (const Post *post, const GError *error)
{
  SoupMessageMetrics *metrics = soup_message_get_metrics (post->message);

  return !post->opened && !post->resent
         && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
         && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT)
         && soup_message_metrics_get_response_header_bytes_received (metrics) == 0;
}

static void
on_head (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Post *post = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  post->stream = soup_session_send_finish (SOUP_SESSION (source), result, &error);
  if (post->stream != NULL)
    {
      read_answer (task);
      return;
    }
  if (!is_stale (post, error))
    {
      fail (task, error);
      return;
    }
  post->resent = TRUE;
  g_signal_handlers_disconnect_by_data (post->message, task);
  g_clear_object (&post->message);
  send_message (task);
}

static void
on_network_event (G_GNUC_UNUSED SoupMessage *message, GSocketClientEvent event,
                  G_GNUC_UNUSED GIOStream *connection, gpointer user_data)
{
  Post *post = g_task_get_task_data (user_data);

  if (event == G_SOCKET_CLIENT_RESOLVING || event == G_SOCKET_CLIENT_CONNECTING)
    post->opened = TRUE;
}

/* Not by soup_session_send(): libsoup 3.2.3 looks twice whether an idle connection is still open,
 * and when the server closes the only one between the two looks, that call waits for ever, and no
 * cancellable ends it.  Without the flag "idempotent" libsoup opens a connection for each POST; it
 * still never sends one twice by itself. */
static void
send_message (GTask *task)
{
  DispHttpPoster *self = g_task_get_source_object (task);
  Post *post = g_task_get_task_data (task);

  post->message = soup_message_new_from_uri ("POST", self->uri);
  soup_message_set_flags (post->message, SOUP_MESSAGE_IDEMPOTENT | SOUP_MESSAGE_NO_REDIRECT
                                             | SOUP_MESSAGE_COLLECT_METRICS);
  soup_message_set_request_body_from_bytes (post->message, "application/json", post->body);
  if (self->authorization != NULL)
    soup_message_headers_append (soup_message_get_request_headers (post->message), "Authorization",
                                 self->authorization);
  g_signal_connect (post->message, "network-event", G_CALLBACK (on_network_event), task);
  soup_session_send_async (post->session, post->message, G_PRIORITY_DEFAULT, post->cancellable,
                           on_head, task);
}

static gboolean
on_deadline (gpointer user_data)
{
  Post *post = g_task_get_task_data (user_data);

  post->timed_out = TRUE;
  g_cancellable_cancel (post->cancellable);
  return G_SOURCE_REMOVE;
}

static void
on_cancelled (G_GNUC_UNUSED GCancellable *cancellable, gpointer user_data)
{
  g_cancellable_cancel (user_data);
}

/* A few connections, and nothing that could make a post anything but a post to that very address.
 */
static SoupSession *
make_session (DispHttpPoster *self)
{
  SoupSession *session = soup_session_new_with_options (
      "idle-timeout", IDLE_TIMEOUT, "max-conns", self->n_connections, "max-conns-per-host",
      self->n_connections, "proxy-resolver", NULL, "timeout", TIMEOUT, "user-agent", "dispatcherd",
      NULL);

  soup_session_remove_feature_by_type (session, SOUP_TYPE_AUTH_MANAGER);
  soup_session_remove_feature_by_type (session, SOUP_TYPE_CONTENT_DECODER);
  return session;
}

/**
 * disp_http_poster_post_async:
 * @self: a poster
 * @body: a record as JSON
 * @cancellable: (nullable): gives the post up; the callback still comes
 * @callback: called once, on the thread-default context of the caller, never from inside
 * @user_data: for @callback
 *
 * Posts one record.  Redirects are not followed, and of a long answer the rest is not waited for.
 * A store that is silent for five seconds has failed.  Keeps @self alive.
 */
void
disp_http_poster_post_async (DispHttpPoster *self, GBytes *body, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  Post *post = g_new0 (Post, 1);

  g_task_set_source_tag (task, disp_http_poster_post_async);
  /* An answer that came before it was cancelled is one. */
  g_task_set_check_cancellable (task, FALSE);
  if (self->session == NULL)
    self->session = make_session (self);
  post->body = g_bytes_ref (body);
  post->session = g_object_ref (self->session);
  post->text = g_string_new (NULL);
  post->cancellable = g_cancellable_new ();
  g_task_set_task_data (task, post, post_free);
  post->deadline = disp_clock_add_timer (self->clock,
                                         disp_clock_now (self->clock) + DEADLINE
                                             + DEADLINE_PER_BYTE * (gint64) g_bytes_get_size (body),
                                         "post to the Requests Store", on_deadline, task);
  if (cancellable != NULL)
    {
      post->cancelled_id = g_signal_connect (cancellable, "cancelled", G_CALLBACK (on_cancelled),
                                             post->cancellable);
      if (g_cancellable_is_cancelled (cancellable))
        g_cancellable_cancel (post->cancellable);
    }
  send_message (task);
}

/**
 * disp_http_poster_post_finish:
 * @self: a poster
 * @result: what the callback got
 * @error: %DISP_ERROR_STORE: there was no answer; %G_IO_ERROR_CANCELLED
 *
 * Returns: (transfer full) (nullable): the answer, of whatever status
 */
DispPostAnswer *
disp_http_poster_post_finish (DispHttpPoster *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * disp_http_poster_renew:
 * @self: a poster
 *
 * Has the next posts look up the address of the host anew, and open connections of their own: a
 * session keeps the first address for ever.  Posts that are on their way go on.  On the thread that
 * posts.
 */
void
disp_http_poster_renew (DispHttpPoster *self)
{
  g_clear_object (&self->session);
}

/**
 * disp_http_poster_get_address:
 * @self: a poster
 *
 * Returns: (transfer none): where it posts to; any thread
 */
const char *
disp_http_poster_get_address (DispHttpPoster *self)
{
  return self->address;
}

static void
disp_http_poster_finalize (GObject *object)
{
  DispHttpPoster *self = DISP_HTTP_POSTER (object);

  g_clear_object (&self->session);
  g_clear_pointer (&self->uri, g_uri_unref);
  g_free (self->address);
  g_free (self->authorization);
  g_clear_object (&self->clock);
  G_OBJECT_CLASS (disp_http_poster_parent_class)->finalize (object);
}

static void
disp_http_poster_class_init (DispHttpPosterClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = disp_http_poster_finalize;
}

static void
disp_http_poster_init (G_GNUC_UNUSED DispHttpPoster *self)
{
}

/**
 * disp_http_poster_new:
 * @address: where to post to, "http://host:5002/requests"
 * @clock: the clock
 * @n_connections: how many connections to have at most
 * @error: @address is none
 *
 * Returns: (transfer full) (nullable): a poster; nothing is connected yet
 */
DispHttpPoster *
disp_http_poster_new (const char *address, DispClock *clock, guint n_connections, GError **error)
{
  g_autoptr (GUri) uri = g_uri_parse (address, SOUP_HTTP_URI_FLAGS, error);
  DispHttpPoster *self;

  if (uri == NULL)
    return NULL;
  self = g_object_new (DISP_TYPE_HTTP_POSTER, NULL);
  self->uri = g_steal_pointer (&uri);
  self->address = g_strdup (address);
  self->clock = g_object_ref (clock);
  self->n_connections = n_connections;
  return self;
}

/**
 * disp_http_poster_set_authorization:
 * @self: a poster that has posted nothing yet
 * @authorization: (nullable): a value of the field Authorization, which comes with each post
 */
void
disp_http_poster_set_authorization (DispHttpPoster *self, const char *authorization)
{
  g_free (self->authorization);
  self->authorization = g_strdup (authorization);
}
