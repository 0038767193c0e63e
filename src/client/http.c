/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/http.h"

#include "core/clean-text.h"
#include "core/error.h"
#include "wire/json-member.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gi18n.h>
#include <libsoup/soup.h>
#include <string.h>

#define UNIX_PREFIX "unix:"

/* No more of an answer that is no JSON is shown, in bytes. */
#define MAX_SHOWN 500

/* Waiting longer than the daemon does itself is no use, in seconds. */
#define TIMEOUT 3600

/* The host and port to ask: who listens at all addresses is found at that of the machine itself. */
static char *
host_of (const char *address)
{
  if (g_str_has_prefix (address, UNIX_PREFIX))
    return g_strdup ("localhost");
  if (g_str_has_prefix (address, "0.0.0.0:"))
    return g_strconcat ("127.0.0.1:", address + strlen ("0.0.0.0:"), NULL);
  if (g_str_has_prefix (address, "[::]:"))
    return g_strconcat ("[::1]:", address + strlen ("[::]:"), NULL);
  return g_strdup (address);
}

static SoupSession *
make_session (const char *address)
{
  g_autoptr (GSocketAddress) socket = NULL;
  SoupSession *session;

  if (g_str_has_prefix (address, UNIX_PREFIX))
    socket = g_unix_socket_address_new (address + strlen (UNIX_PREFIX));
  session = soup_session_new_with_options ("timeout", TIMEOUT, "remote-connectable", socket, NULL);
  /* No proxy stands between a machine and itself. */
  soup_session_set_proxy_resolver (session, NULL);
  return session;
}

/* The milliseconds of a metric of Server-Timing, in microseconds; -1 when it is not there. */
static gint64
read_timing (const char *timing, const char *metric)
{
  const char *found = timing != NULL ? strstr (timing, metric) : NULL;
  const char *number;
  char *end;
  double milliseconds;

  if (found == NULL)
    return -1;
  number = found + strlen (metric);
  milliseconds = g_ascii_strtod (number, &end);
  return end != number && milliseconds >= 0 ? (gint64) (milliseconds * 1000 + 0.5) : -1;
}

static void
read_head (SoupMessage *message, DispHttpAnswer *answer)
{
  SoupMessageHeaders *headers = soup_message_get_response_headers (message);
  const char *timing = soup_message_headers_get_list (headers, "Server-Timing");

  answer->status = soup_message_get_status (message);
  answer->container = g_strdup (soup_message_headers_get_one (headers, "X-Dispatch-Container"));
  answer->id = g_strdup (soup_message_headers_get_one (headers, "X-Dispatch-Id"));
  answer->queue = read_timing (timing, "queue;dur=");
  answer->upstream = read_timing (timing, "upstream;dur=");
}

static gboolean
ask_at (const char *address, const DispHttpQuestion *question, DispHttpAnswer *answer,
        GError **error)
{
  g_autofree char *host = host_of (address);
  g_autofree char *url = g_strconcat ("http://", host, question->path, NULL);
  g_autoptr (SoupSession) session = make_session (address);
  g_autoptr (SoupMessage) message = soup_message_new (question->method, url);
  gint64 began = g_get_monotonic_time ();
  GBytes *read;

  if (message == NULL)
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_FAILED, _ ("\"%s\" is no address to be asked"),
                   address);
      return FALSE;
    }
  if (question->body != NULL)
    soup_message_set_request_body_from_bytes (message, "application/json", question->body);
  if (question->authorization != NULL)
    soup_message_headers_replace (soup_message_get_request_headers (message), "Authorization",
                                  question->authorization);
  read = soup_session_send_and_read (session, message, NULL, error);
  if (read == NULL)
    {
      g_prefix_error (error, _ ("no answer from %s: "), address);
      return FALSE;
    }
  answer->body = read;
  answer->time = g_get_monotonic_time () - began;
  read_head (message, answer);
  return TRUE;
}

/* Only what was not sent at all may be sent once more, to another address. */
static gboolean
was_not_sent (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED)
         || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)
         || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
}

/* UNIX sockets first: no TLS is spoken there, which this does not know how to. */
static GPtrArray *
sort_addresses (const char *const *addresses)
{
  GPtrArray *sorted = g_ptr_array_new ();

  for (guint pass = 0; pass < 2; pass++)
    for (const char *const *address = addresses; *address != NULL; address++)
      if (g_str_has_prefix (*address, UNIX_PREFIX) == (pass == 0))
        g_ptr_array_add (sorted, (gpointer) *address);
  return sorted;
}

/**
 * disp_http_ask:
 * @addresses: (array zero-terminated=1): "ADDRESS:PORT" or "unix:PATH" each
 * @question: what is asked
 * @answer: (out caller-allocates): what was answered, whatever its status; set only on success
 * @error: why nobody answered
 *
 * Asks at the first of @addresses that can be connected to, UNIX sockets before others, and waits
 * for the answer.
 *
 * Returns: whether there was an answer
 */
gboolean
disp_http_ask (const char *const *addresses, const DispHttpQuestion *question,
               DispHttpAnswer *answer, GError **error)
{
  g_autoptr (GPtrArray) sorted = sort_addresses (addresses);
  g_autoptr (GError) problem = NULL;

  for (guint i = 0; i < sorted->len; i++)
    {
      DispHttpAnswer got = { 0 };

      g_clear_error (&problem);
      if (ask_at (g_ptr_array_index (sorted, i), question, &got, &problem))
        {
          *answer = got;
          return TRUE;
        }
      if (!was_not_sent (problem))
        break;
    }
  if (problem == NULL)
    g_set_error_literal (&problem, DISP_ERROR, DISP_ERROR_FAILED, _ ("the daemon listens nowhere"));
  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

void
disp_http_answer_clear (DispHttpAnswer *self)
{
  g_clear_pointer (&self->body, g_bytes_unref);
  g_clear_pointer (&self->container, g_free);
  g_clear_pointer (&self->id, g_free);
}

/* The text of {"error":"…"}. */
static char *
read_error (const char *text, gsize length)
{
  DispJsonScanner scanner;
  DispJsonMember member = { 0 };
  gboolean more;

  disp_json_scanner_init (&scanner, text, length, DISP_JSON_MAX_DEPTH);
  if (!disp_json_enter_object (&scanner, "an object", &more, NULL))
    return NULL;
  while (more)
    {
      if (!disp_json_read_name (&scanner, &member, NULL)
          || !disp_json_read_value (&scanner, &member, NULL))
        return NULL;
      if (member.name_length == strlen ("error")
          && memcmp (member.name, "error", member.name_length) == 0)
        return disp_json_member_dup_string (&member, length);
      if (!disp_json_next_member (&scanner, &more, NULL))
        return NULL;
    }
  return NULL;
}

/**
 * disp_http_get_problem:
 * @self: an answer
 *
 * Returns: (transfer full) (nullable): what its body says is wrong; %NULL when it is a good one
 */
char *
disp_http_get_problem (const DispHttpAnswer *self)
{
  gsize length;
  const char *text = g_bytes_get_data (self->body, &length);
  g_autofree char *problem = NULL;

  if (self->status >= 200 && self->status < 300)
    return NULL;
  problem = read_error (text != NULL ? text : "", length);
  if (problem == NULL)
    problem = g_strndup (text != NULL ? text : "", MIN (length, MAX_SHOWN));
  return disp_clean_text (problem);
}
