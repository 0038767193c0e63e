/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sources/fetch.h"

#include "core/error.h"

#define READ_SIZE 65536

/* More than are used at once: those that were cancelled may still be closing. */
#define MAX_CONNECTIONS 8

typedef struct
{
  char *url;            /* (owned) */
  SoupMessage *message; /* (owned) */
  gsize max_size;
  GByteArray *body; /* (owned) what has come so far */
} Fetch;

static void
fetch_free (gpointer data)
{
  Fetch *self = data;

  g_free (self->url);
  g_object_unref (self->message);
  g_byte_array_unref (self->body);
  g_free (self);
}

/**
 * disp_fetch_session_new:
 *
 * A session that asks the server that it was told to ask, and nobody else: no proxy out of the
 * environment, no authentication, no decoding of what was not asked for.
 *
 * Returns: (transfer full): a session for the thread-default context of the caller
 */
SoupSession *
disp_fetch_session_new (void)
{
  SoupSession *session = soup_session_new_with_options (
      "proxy-resolver", NULL, "user-agent", "dispatcherd", "max-conns", MAX_CONNECTIONS,
      "max-conns-per-host", MAX_CONNECTIONS, NULL);

  soup_session_remove_feature_by_type (session, SOUP_TYPE_AUTH_MANAGER);
  soup_session_remove_feature_by_type (session, SOUP_TYPE_CONTENT_DECODER);
  return session;
}

static void
return_too_long (GTask *task)
{
  Fetch *self = g_task_get_task_data (task);

  g_task_return_new_error (task, DISP_ERROR, DISP_ERROR_FAILED,
                           "%s: the answer is too long, expected at most %" G_GSIZE_FORMAT " bytes",
                           self->url, self->max_size);
}

static void
return_failure (GTask *task, const GError *reason)
{
  Fetch *self = g_task_get_task_data (task);

  g_task_return_new_error (task, DISP_ERROR, DISP_ERROR_FAILED, "%s: %s", self->url,
                           reason->message);
}

/* On a connection that is closed afterwards libsoup takes a body that is shorter than its
 * Content-Length for whole. */
static void
return_body (GTask *task)
{
  Fetch *self = g_task_get_task_data (task);
  SoupMessageHeaders *fields = soup_message_get_response_headers (self->message);

  if (soup_message_headers_get_encoding (fields) == SOUP_ENCODING_CONTENT_LENGTH
      && soup_message_headers_get_content_length (fields) != self->body->len)
    g_task_return_new_error (task, DISP_ERROR, DISP_ERROR_FAILED,
                             "%s: the answer ended after %u of %" G_GOFFSET_FORMAT " bytes",
                             self->url, self->body->len,
                             soup_message_headers_get_content_length (fields));
  else
    g_task_return_pointer (task, g_byte_array_ref (self->body),
                           (GDestroyNotify) g_byte_array_unref);
}

static void read_more (GTask *task, GInputStream *stream);

static void
body_read (GObject *object, GAsyncResult *result, gpointer user_data)
{
  GInputStream *stream = G_INPUT_STREAM (object);
  g_autoptr (GTask) task = user_data;
  Fetch *self = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = g_input_stream_read_bytes_finish (stream, result, &error);
  gconstpointer data;
  gsize size;

  if (bytes == NULL)
    {
      return_failure (task, error);
      return;
    }
  data = g_bytes_get_data (bytes, &size);
  if (size == 0)
    {
      return_body (task);
      return;
    }
  if (size > self->max_size - self->body->len)
    {
      return_too_long (task);
      return;
    }
  g_byte_array_append (self->body, data, (guint) size);
  read_more (g_steal_pointer (&task), stream);
}

/* Takes @task over. */
static void
read_more (GTask *task, GInputStream *stream)
{
  g_input_stream_read_bytes_async (stream, READ_SIZE, G_PRIORITY_DEFAULT,
                                   g_task_get_cancellable (task), body_read, task);
}

static void
head_read (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Fetch *self = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GInputStream) stream = soup_session_send_finish (SOUP_SESSION (object), result,
                                                              &error);
  SoupMessageHeaders *fields = soup_message_get_response_headers (self->message);
  guint status;

  if (stream == NULL)
    {
      return_failure (task, error);
      return;
    }
  status = soup_message_get_status (self->message);
  if (status != SOUP_STATUS_OK)
    {
      g_task_return_new_error (task, DISP_ERROR, DISP_ERROR_FAILED,
                               "%s: answered %u %s, expected 200 OK", self->url, status,
                               soup_status_get_phrase (status));
      return;
    }
  if (soup_message_headers_get_encoding (fields) == SOUP_ENCODING_CONTENT_LENGTH
      && (guint64) soup_message_headers_get_content_length (fields) > self->max_size)
    {
      return_too_long (task);
      return;
    }
  read_more (g_steal_pointer (&task), stream);
}

/**
 * disp_fetch_async:
 * @session: from disp_fetch_session_new()
 * @url: an http or https URL that libsoup accepts
 * @authorization: (nullable): the value of a field Authorization
 * @max_size: the longest body that is read, in bytes, at most half of %G_MAXUINT
 * @cancellable: (nullable): cancels it; the callback still comes
 * @callback: called once, on the context of the session, never from inside
 * @user_data: for @callback
 *
 * GETs one document, on a connection of its own.  Redirects are not followed.  There is no
 * deadline: that is the caller's, by @cancellable.  Keeps the session alive.
 */
void
disp_fetch_async (SoupSession *session, const char *url, const char *authorization, gsize max_size,
                  GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (session, cancellable, callback, user_data);
  Fetch *self = g_new0 (Fetch, 1);
  SoupMessageHeaders *fields;

  g_task_set_source_tag (task, disp_fetch_async);
  self->url = g_strdup (url);
  self->message = soup_message_new (SOUP_METHOD_GET, url);
  self->max_size = max_size;
  self->body = g_byte_array_new ();
  g_task_set_task_data (task, self, fetch_free);

  soup_message_add_flags (self->message, SOUP_MESSAGE_NO_REDIRECT | SOUP_MESSAGE_NEW_CONNECTION);
  fields = soup_message_get_request_headers (self->message);
  soup_message_headers_append (fields, "Accept", "application/json");
  if (authorization != NULL)
    soup_message_headers_append (fields, "Authorization", authorization);
  /* It is asked seldom: an open connection would only be one more thing that can go stale. */
  soup_message_headers_append (fields, "Connection", "close");
  soup_session_send_async (session, self->message, G_PRIORITY_DEFAULT, cancellable, head_read,
                           g_steal_pointer (&task));
}

/**
 * disp_fetch_finish:
 * @session: the session
 * @result: what the callback got
 * @error: %DISP_ERROR_FAILED, naming the URL and the reason, or %G_IO_ERROR_CANCELLED
 *
 * Only a whole answer with status 200 is an answer.
 *
 * Returns: (transfer full) (nullable): its body
 */
GByteArray *
disp_fetch_finish (SoupSession *session, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, session), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
