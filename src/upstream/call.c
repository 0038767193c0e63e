/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "upstream/call.h"

#include "core/error.h"
#include "wire/json-scanner.h"

#include <string.h>
#include <sys/socket.h>

/* How much of an answer is read at a time while its length is not known, in bytes. */
#define READ_SIZE 16384
/* The most that is set aside at once for an answer because its head says it is so long, in bytes.
 */
#define MAX_READ_SIZE (4 * 1024 * 1024)

/* One call on its way. */
typedef struct
{
  DispClock *clock; /* (owned) */
  DispUpstreamSettings settings;
  DispContainer *container;  /* (owned) */
  DispRequest *request;      /* (owned) */
  GUri *uri;                 /* (owned) */
  DispSlotPool *pool;        /* (unowned) */
  DispSlot *slot;            /* (owned by us while taken) */
  SoupMessage *message;      /* (owned) */
  GInputStream *stream;      /* (owned) (nullable) the body of the answer */
  GByteArray *body;          /* (owned) */
  GSource *readable;         /* (owned) (nullable) */
  GSource *connect_timer;    /* (owned) (nullable) while a connection is being opened */
  GCancellable *cancellable; /* (owned) of this call; follows the caller's */
  gulong cancelled_id;
  gboolean opened;    /* this message opened a connection */
  gboolean connected; /* and that is open, so that something may have been sent */
  gboolean resent;
  gboolean connect_timed_out;
} Call;

static const char cut_short[] = "closed the connection before its whole answer came";

static void send_message (GTask *task);
static void read_body (GTask *task);

static void
call_free (gpointer data)
{
  Call *call = data;

  g_assert (call->slot == NULL && call->connect_timer == NULL && call->readable == NULL);
  g_object_unref (call->clock);
  disp_container_unref (call->container);
  disp_request_unref (call->request);
  g_uri_unref (call->uri);
  g_clear_object (&call->message);
  g_clear_object (&call->stream);
  g_byte_array_unref (call->body);
  g_object_unref (call->cancellable);
  g_free (call);
}

/* The one place where a call ends.  Takes @answer or @error. */
static void
settle (GTask *task, DispAnswer *answer, GError *error)
{
  Call *call = g_task_get_task_data (task);

  disp_clock_clear_timer (&call->connect_timer);
  g_clear_pointer (&call->readable, g_source_unref);
  if (call->message != NULL)
    g_signal_handlers_disconnect_by_data (call->message, task);
  if (call->cancelled_id != 0)
    g_signal_handler_disconnect (g_task_get_cancellable (task), call->cancelled_id);
  if (answer != NULL)
    disp_slot_pool_give (call->pool, g_steal_pointer (&call->slot), disp_clock_now (call->clock));
  else
    disp_slot_pool_discard (call->pool, g_steal_pointer (&call->slot));

  if (answer != NULL)
    g_task_return_pointer (task, answer, (GDestroyNotify) disp_answer_free);
  else
    g_task_return_error (task, error);
  g_object_unref (task);
}

static void G_GNUC_PRINTF (3, 4) fail (GTask *task, DispError code, const char *why, ...)
{
  Call *call = g_task_get_task_data (task);
  g_autofree char *said = NULL;
  va_list arguments;

  va_start (arguments, why);
  said = g_strdup_vprintf (why, arguments);
  va_end (arguments);
  settle (task, NULL,
          g_error_new (DISP_ERROR, (int) code, "container \"%s\" %s", call->container->name, said));
}

/* Says in our words what libsoup or GIO said in theirs. */
static void
fail_with (GTask *task, const GError *error)
{
  Call *call = g_task_get_task_data (task);

  if (call->connect_timed_out)
    fail (task, DISP_ERROR_UNREACHABLE, "could not be reached within %g s",
          (double) call->settings.connect_timeout / G_USEC_PER_SEC);
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    settle (task, NULL, g_error_copy (error));
  else if (call->opened && !call->connected)
    fail (task, DISP_ERROR_UNREACHABLE, "could not be reached: %s", error->message);
  else if (error->domain == SOUP_SESSION_ERROR && error->code == SOUP_SESSION_ERROR_PARSING)
    fail (task, DISP_ERROR_BAD_ANSWER, "gave an answer that is not HTTP");
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT))
    fail (task, DISP_ERROR_UPSTREAM, "%s", cut_short);
  else
    fail (task, DISP_ERROR_UPSTREAM, "broke off: %s", error->message);
}

/* Whether the peer has closed the connection and nothing is left to read. */
static gboolean
is_at_end (const DispSlot *slot)
{
  char byte;

  return slot->socket != NULL
         && recv (g_socket_get_fd (slot->socket), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static gboolean
is_whole_json (const GByteArray *body)
{
  DispJsonScanner scanner;

  disp_json_scanner_init (&scanner, (const char *) body->data, body->len, DISP_JSON_MAX_DEPTH);
  scanner.nan = TRUE;
  return disp_json_scanner_value (&scanner, NULL) && disp_json_scanner_end (&scanner, NULL);
}

/*
 * libsoup takes a connection that is closed between two chunks for the end of the body, and so it
 * does with a chunk size that is none.  An answer in chunks therefore has to prove itself, by being
 * a whole JSON text; but one that says it is something else cannot, and passes.
 */
static const char *
find_flaw_of_chunks (const Call *call)
{
  SoupMessageHeaders *headers = soup_message_get_response_headers (call->message);
  const char *type = soup_message_headers_get_content_type (headers, NULL);
  gboolean ended;

  if (soup_message_headers_get_one (headers, "Content-Encoding") != NULL
      || (type != NULL && g_ascii_strcasecmp (type, "application/json") != 0))
    return NULL;
  ended = is_at_end (call->slot);
  if ((type == NULL && !ended) || is_whole_json (call->body))
    return NULL;
  return ended ? cut_short : "gave an answer whose chunks are not a whole JSON text";
}

/*
 * An answer must say where it ends, or half of one would pass for the whole: libsoup takes a
 * connection that is closed for the end of the body, even before Content-Length if the connection
 * was to be closed anyway.
 */
static const char *
find_flaw (const Call *call)
{
  SoupMessageHeaders *headers = soup_message_get_response_headers (call->message);

  switch (soup_message_headers_get_encoding (headers))
    {
    case SOUP_ENCODING_EOF:
      return call->body->len > 0 ? "gave an answer with neither Content-Length nor chunks" : NULL;
    case SOUP_ENCODING_CONTENT_LENGTH:
      return (goffset) call->body->len != soup_message_headers_get_content_length (headers)
                 ? cut_short
                 : NULL;
    case SOUP_ENCODING_CHUNKED:
      return find_flaw_of_chunks (call);
    default:
      return NULL;
    }
}

static void
on_body_read (GTask *task)
{
  Call *call = g_task_get_task_data (task);
  SoupMessageHeaders *headers = soup_message_get_response_headers (call->message);
  const char *flaw = find_flaw (call);
  DispAnswer *answer;

  if (flaw != NULL)
    {
      fail (task, flaw == cut_short ? DISP_ERROR_UPSTREAM : DISP_ERROR_BAD_ANSWER, "%s", flaw);
      return;
    }
  g_input_stream_close (call->stream, NULL, NULL);
  answer = disp_answer_new (soup_message_get_status (call->message),
                            soup_message_headers_get_one (headers, "Content-Type"),
                            g_byte_array_free_to_bytes (g_steal_pointer (&call->body)));
  answer->content_encoding = g_strdup (soup_message_headers_get_one (headers, "Content-Encoding"));
  answer->retry_after = g_strdup (soup_message_headers_get_one (headers, "Retry-After"));
  call->body = g_byte_array_new ();
  settle (task, answer, NULL);
}

static gboolean
on_readable (G_GNUC_UNUSED GObject *stream, gpointer user_data)
{
  GTask *task = user_data;
  Call *call = g_task_get_task_data (task);

  g_clear_pointer (&call->readable, g_source_unref);
  read_body (task);
  return G_SOURCE_REMOVE;
}

static void
wait_until_readable (GTask *task)
{
  Call *call = g_task_get_task_data (task);

  call->readable = g_pollable_input_stream_create_source (G_POLLABLE_INPUT_STREAM (call->stream),
                                                          call->cancellable);
  g_source_set_static_name (call->readable, "upstream answer");
  g_source_set_callback (call->readable, G_SOURCE_FUNC (on_readable), task, NULL);
  g_source_attach (call->readable, g_main_context_get_thread_default ());
}

/* How much to read next: what is left by the head's own words, one byte more to see the end. */
static gsize
next_read_size (const Call *call)
{
  SoupMessageHeaders *headers = soup_message_get_response_headers (call->message);
  goffset length = soup_message_headers_get_content_length (headers);

  return length > (goffset) call->body->len
             ? (gsize) MIN (length - call->body->len + 1, MAX_READ_SIZE)
             : READ_SIZE;
}

static void
read_body (GTask *task)
{
  Call *call = g_task_get_task_data (task);
  gssize n;

  do
    {
      g_autoptr (GError) error = NULL;
      guint used = call->body->len;
      gsize room = next_read_size (call);

      g_byte_array_set_size (call->body, (guint) (used + room));
      n = g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (call->stream),
                                                    call->body->data + used, room,
                                                    call->cancellable, &error);
      g_byte_array_set_size (call->body, (guint) (used + MAX (n, 0)));
      if (call->body->len > call->settings.answer_limit)
        {
          fail (task, DISP_ERROR_BAD_ANSWER, "gave an answer longer than %" G_GSIZE_FORMAT " bytes",
                call->settings.answer_limit);
          return;
        }
      if (n < 0)
        {
          if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
            wait_until_readable (task);
          else
            fail_with (task, error);
          return;
        }
    }
  while (n > 0);
  on_body_read (task);
}

/*
 * A connection that was idle may have been closed by the container in the very moment in which we
 * used it.  Then not one byte of an answer comes, and the request is sent again, once (RFC 9112,
 * section 9.3.1); but not one that must not be made twice, since the container may have closed the
 * connection for another reason, and after it has read the request.
 */
static gboolean
is_stale (const Call *call, const GError *error)
{
  SoupMessageMetrics *metrics = soup_message_get_metrics (call->message);

  return !call->opened && !call->resent && !call->request->once
         && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
         && soup_message_metrics_get_response_header_bytes_received (metrics) == 0;
}

static void
on_head (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Call *call = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  call->stream = soup_session_send_finish (SOUP_SESSION (source), result, &error);
  if (call->stream != NULL)
    {
      read_body (task);
      return;
    }
  if (!is_stale (call, error))
    {
      fail_with (task, error);
      return;
    }
  call->resent = TRUE;
  g_signal_handlers_disconnect_by_data (call->message, task);
  g_clear_object (&call->message);
  send_message (task);
}

static gboolean
on_connect_timeout (gpointer user_data)
{
  Call *call = g_task_get_task_data (user_data);

  call->connect_timed_out = TRUE;
  g_cancellable_cancel (call->cancellable);
  return G_SOURCE_REMOVE;
}

/* Follows the opening of a connection, so that it has a time limit of its own. */
static void
on_network_event (G_GNUC_UNUSED SoupMessage *message, GSocketClientEvent event,
                  GIOStream *connection, gpointer user_data)
{
  GTask *task = user_data;
  Call *call = g_task_get_task_data (task);

  if (event == G_SOCKET_CLIENT_RESOLVING || event == G_SOCKET_CLIENT_CONNECTING)
    {
      call->opened = TRUE;
      g_clear_object (&call->slot->socket);
      if (call->connect_timer == NULL)
        call->connect_timer = disp_clock_add_timer (
            call->clock, disp_clock_now (call->clock) + call->settings.connect_timeout,
            "upstream connect", on_connect_timeout, task);
    }
  else if (event == G_SOCKET_CLIENT_COMPLETE)
    {
      call->connected = TRUE;
      disp_clock_clear_timer (&call->connect_timer);
      if (G_IS_SOCKET_CONNECTION (connection))
        call->slot->socket = g_object_ref (
            g_socket_connection_get_socket (G_SOCKET_CONNECTION (connection)));
    }
}

/* The body: the slices of what the client sent, not copied. */
static void
set_body (SoupMessage *message, const DispRequest *request)
{
  g_autoptr (GInputStream) stream = g_memory_input_stream_new ();
  const char *type = request->content_type != NULL ? request->content_type : "application/json";
  gsize length = 0;

  for (guint i = 0; i < request->n_slices; i++)
    {
      g_autoptr (GBytes) bytes = g_bytes_new_from_bytes (request->body, request->slices[i].offset,
                                                         request->slices[i].length);

      g_memory_input_stream_add_bytes (G_MEMORY_INPUT_STREAM (stream), bytes);
      length += request->slices[i].length;
    }
  soup_message_set_request_body (message, type, stream, (gssize) length);
}

/* The flag "idempotent" makes libsoup reuse a connection for a POST; it still never sends one twice
 * by itself.  The methods are written out because libsoup's macros for them set a variable that all
 * threads share. */
static SoupMessage *
new_message (const Call *call)
{
  const DispRequest *request = call->request;
  SoupMessage *message = soup_message_new_from_uri (request->body != NULL ? "POST" : "GET",
                                                    call->uri);
  SoupMessageHeaders *headers = soup_message_get_request_headers (message);

  soup_message_add_flags (message, SOUP_MESSAGE_IDEMPOTENT | SOUP_MESSAGE_NO_REDIRECT
                                       | SOUP_MESSAGE_COLLECT_METRICS);
  soup_message_headers_append (headers, "X-Dispatch-Id", request->id);
  if (request->request_id != NULL)
    soup_message_headers_append (headers, "X-Request-Id", request->request_id);
  if (request->content_encoding != NULL)
    soup_message_headers_append (headers, "Content-Encoding", request->content_encoding);
  if (request->body != NULL)
    set_body (message, request);
  return message;
}

static void
send_message (GTask *task)
{
  Call *call = g_task_get_task_data (task);

  call->message = new_message (call);
  g_signal_connect (call->message, "network-event", G_CALLBACK (on_network_event), task);
  soup_session_send_async (call->slot->session, call->message, G_PRIORITY_DEFAULT,
                           call->cancellable, on_head, task);
}

static void
on_cancelled (G_GNUC_UNUSED GCancellable *cancellable, gpointer user_data)
{
  g_cancellable_cancel (user_data);
}

/**
 * disp_call_start:
 * @task: (transfer full): returns the #DispAnswer; its cancellable gives the call up
 * @clock: the clock
 * @settings: what the operator decided; copied
 * @pool: where the slot comes from; outlives the call
 * @container: where to send it
 * @request: what to send
 * @uri: (transfer full): what to ask for
 *
 * Takes a slot, sends the request on it, reads the whole answer, and gives the slot back.  What
 * goes wrong is returned with the name of the container: as %DISP_ERROR_UNREACHABLE when no
 * connection was opened, so that nothing was sent; as %DISP_ERROR_UPSTREAM when it broke before the
 * whole answer had come; as %DISP_ERROR_BAD_ANSWER when that cannot be passed on.
 */
void
disp_call_start (GTask *task, DispClock *clock, const DispUpstreamSettings *settings,
                 DispSlotPool *pool, DispContainer *container, DispRequest *request, GUri *uri)
{
  Call *call = g_new0 (Call, 1);
  GCancellable *cancellable = g_task_get_cancellable (task);

  call->clock = g_object_ref (clock);
  call->settings = *settings;
  call->container = disp_container_ref (container);
  call->request = disp_request_ref (request);
  call->uri = uri;
  call->pool = pool;
  call->slot = disp_slot_pool_take (pool);
  call->body = g_byte_array_new ();
  call->cancellable = g_cancellable_new ();
  g_task_set_task_data (task, call, call_free);
  if (cancellable != NULL)
    {
      call->cancelled_id = g_signal_connect (cancellable, "cancelled", G_CALLBACK (on_cancelled),
                                             call->cancellable);
      if (g_cancellable_is_cancelled (cancellable))
        g_cancellable_cancel (call->cancellable);
    }
  send_message (task);
}
