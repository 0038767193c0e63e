/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/post-answer.h"

#include <libsoup/soup.h>

/* What the field says, a number of seconds or a date (RFC 9110, section 10.2.3). */
static gint64
read_retry_after (const char *field, gint64 now_real)
{
  g_autoptr (GDateTime) date = NULL;
  guint64 seconds;

  if (field == NULL)
    return 0;
  if (g_ascii_string_to_unsigned (field, 10, 0, G_MAXUINT32, &seconds, NULL))
    return (gint64) seconds * G_USEC_PER_SEC;
  date = soup_date_time_new_from_http_string (field);
  if (date == NULL)
    return 0;
  return MAX (g_date_time_to_unix (date) * G_USEC_PER_SEC - now_real, 0);
}

/* The beginning of a body as a line that can be shown. */
static char *
make_text (const GString *body)
{
  char *text = g_utf8_make_valid (body->str, (gssize) body->len);

  for (char *p = text; *p != '\0'; p++)
    if (g_ascii_iscntrl (*p))
      *p = ' ';
  return g_strstrip (text);
}

/**
 * disp_post_answer_new:
 * @status: the HTTP status
 * @retry_after: (nullable): the field of that name
 * @body: the beginning of the body
 * @now_real: the time, in microseconds since the epoch
 *
 * Returns: (transfer full): an answer
 */
DispPostAnswer *
disp_post_answer_new (guint status, const char *retry_after, const GString *body, gint64 now_real)
{
  DispPostAnswer *self = g_new (DispPostAnswer, 1);

  *self = (DispPostAnswer){
    .status = status,
    .retry_after = read_retry_after (retry_after, now_real),
    .text = make_text (body),
  };
  return self;
}

/**
 * disp_post_answer_free:
 * @self: (transfer full): an answer
 */
void
disp_post_answer_free (DispPostAnswer *self)
{
  g_free (self->text);
  g_free (self);
}

/**
 * disp_post_answer_is_of_address:
 * @self: an answer that is a refusal
 *
 * Returns: whether it tells of where records are posted and by whom, rather than of this record
 *   (RFC 9110, 15.5): 401, 403, 404, 405 or 407
 */
gboolean
disp_post_answer_is_of_address (const DispPostAnswer *self)
{
  switch (self->status)
    {
    case SOUP_STATUS_UNAUTHORIZED:
    case SOUP_STATUS_FORBIDDEN:
    case SOUP_STATUS_NOT_FOUND:
    case SOUP_STATUS_METHOD_NOT_ALLOWED:
    case SOUP_STATUS_PROXY_AUTHENTICATION_REQUIRED:
      return TRUE;
    default:
      return FALSE;
    }
}

/**
 * disp_post_answer_is_accepted:
 * @self: an answer
 *
 * Returns: whether the record is stored
 */
gboolean
disp_post_answer_is_accepted (const DispPostAnswer *self)
{
  return SOUP_STATUS_IS_SUCCESSFUL (self->status);
}

/**
 * disp_post_answer_is_refusal:
 * @self: an answer
 *
 * Returns: whether the record itself is not wanted, now or later: status 4xx (RFC 9110, section
 *   15.5), but for 408 and 429, which ask to come again
 */
gboolean
disp_post_answer_is_refusal (const DispPostAnswer *self)
{
  return SOUP_STATUS_IS_CLIENT_ERROR (self->status) && self->status != SOUP_STATUS_REQUEST_TIMEOUT
         && self->status != 429;
}
