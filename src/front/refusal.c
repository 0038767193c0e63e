/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/refusal.h"

#include "engine/transport.h"

#include <libsoup/soup.h>

static void
append_field (GString *head, const char *name, const char *value)
{
  if (value != NULL)
    g_string_append_printf (head, "%s: %s\r\n", name, value);
}

/**
 * disp_refusal_to_bytes:
 * @self: a refusal
 *
 * Returns: (transfer full): the whole response, which says that the connection ends
 */
GBytes *
disp_refusal_to_bytes (const DispRefusal *self)
{
  g_autoptr (DispAnswer) answer = disp_answer_new_for_error (self->error);
  GString *response = g_string_new (NULL);
  gsize length;
  const char *body = g_bytes_get_data (answer->body, &length);

  g_string_append_printf (
      response, "HTTP/1.1 %u %s\r\nContent-Length: %" G_GSIZE_FORMAT "\r\nConnection: close\r\n",
      answer->status, disp_status_get_phrase (answer->status), length);
  append_field (response, "Content-Type", answer->content_type);
  append_field (response, "Allow", self->allow);
  append_field (response, "X-Request-Id", self->request_id);
  g_string_append (response, "\r\n");
  if (!self->without_body)
    g_string_append_len (response, body, (gssize) length);
  return g_string_free_to_bytes (response);
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
