/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/refusal.h"

#include "core/error.h"
#include "engine/transport.h"

#include <libsoup/soup.h>

/* RFC 9110, section 6.6.1. */
static char *
format_date (void)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();

  return soup_date_time_to_string (now, SOUP_DATE_HTTP);
}

/* When a client may come again for whom there was no room, in seconds. */
#define RETRY_AFTER "1"

static void
append_field (GString *head, const char *name, const char *value)
{
  if (value != NULL)
    g_string_append_printf (head, "%s: %s\r\n", name, value);
}

/**
 * disp_refusal_clear:
 * @self: a refusal, which may be all zero
 *
 * Frees what it has.
 */
void
disp_refusal_clear (DispRefusal *self)
{
  g_clear_error (&self->error);
  g_clear_pointer (&self->allow, g_free);
  g_clear_pointer (&self->challenge, g_free);
  g_clear_pointer (&self->retry_after, g_free);
}

static const char *
find_retry_after (const GError *error, const DispRefusal *fields)
{
  if (fields->retry_after != NULL)
    return fields->retry_after;
  return g_error_matches (error, DISP_ERROR, DISP_ERROR_TOO_MANY_CONNECTIONS)
                 || g_error_matches (error, DISP_ERROR, DISP_ERROR_BODIES_FULL)
             ? RETRY_AFTER
             : NULL;
}

/* A response that is written without SoupServer, on a connection that ends with it. */
static GBytes *
format_response (const GError *error, const DispRefusal *fields, const char *request_id,
                 gboolean without_body)
{
  g_autoptr (DispAnswer) answer = disp_answer_new_for_error (error);
  g_autofree char *date = format_date ();
  GString *response = g_string_new (NULL);
  gsize length;
  const char *body = g_bytes_get_data (answer->body, &length);

  g_string_append_printf (
      response, "HTTP/1.1 %u %s\r\nContent-Length: %" G_GSIZE_FORMAT "\r\nConnection: close\r\n",
      answer->status, disp_status_get_phrase (answer->status), length);
  append_field (response, "Date", date);
  append_field (response, "Content-Type", answer->content_type);
  append_field (response, "Allow", fields->allow);
  append_field (response, "WWW-Authenticate", fields->challenge);
  append_field (response, "Retry-After", find_retry_after (error, fields));
  append_field (response, "X-Request-Id", request_id);
  g_string_append (response, "\r\n");
  if (!without_body)
    g_string_append_len (response, body, (gssize) length);
  return g_string_free_to_bytes (response);
}

/**
 * disp_refusal_to_bytes:
 * @self: a refusal, with an error
 * @request_id: (nullable): the X-Request-Id to echo
 * @without_body: whether the client asked with HEAD
 *
 * Returns: (transfer full): the whole response, which says that the connection ends
 */
GBytes *
disp_refusal_to_bytes (const DispRefusal *self, const char *request_id, gboolean without_body)
{
  return format_response (self->error, self, request_id, without_body);
}

/**
 * disp_error_to_response:
 * @error: what is wrong with what a client sent, before it is known what it wants
 *
 * Returns: (transfer full): the whole response, which says that the connection ends
 */
GBytes *
disp_error_to_response (const GError *error)
{
  static const DispRefusal nothing;

  return format_response (error, &nothing, NULL, FALSE);
}

/**
 * disp_status_get_phrase:
 * @status: an HTTP status
 *
 * Returns: (transfer none): its reason phrase, also for those that libsoup has none for (RFC 6585)
 */
const char *
disp_status_get_phrase (guint status)
{
  switch (status)
    {
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    default:
      return soup_status_get_phrase (status);
    }
}
