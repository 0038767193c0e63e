/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/timeout-field.h"

#include "core/error.h"
#include "wire/http-span.h"

#include <string.h>

/* No request has longer, whatever its client says. */
#define MAX_TIMEOUT G_TIME_SPAN_DAY

/**
 * disp_timeout_field_parse:
 * @value: (nullable): of the field %DISP_TIMEOUT_FIELD; %NULL = there is none
 * @timeout: (out): how long the request may take, in microseconds and a day at most; 0 = the client
 *   does not say
 * @error: %DISP_ERROR_INVALID_VALUE, naming the field and what is in it
 *
 * Takes a whole number of milliseconds, at least 1, and nothing else: what is read in another way
 * than it was meant would give a request the wrong time.
 *
 * Returns: whether the value is right
 */
gboolean
disp_timeout_field_parse (const char *value, gint64 *timeout, GError **error)
{
  const gint64 most = MAX_TIMEOUT / G_TIME_SPAN_MILLISECOND;
  gint64 number = 0;
  g_autofree char *quoted = NULL;

  if (value == NULL)
    {
      *timeout = 0;
      return TRUE;
    }
  for (const char *c = value; g_ascii_isdigit (*c); c++)
    number = MIN (number * 10 + (*c - '0'), most);
  if (number > 0 && strspn (value, "0123456789") == strlen (value))
    {
      *timeout = number * G_TIME_SPAN_MILLISECOND;
      return TRUE;
    }
  quoted = disp_span_quote ((DispSpan){ value, strlen (value) });
  g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_VALUE,
               DISP_TIMEOUT_FIELD " is \"%s\", expected a whole number of milliseconds above 0",
               quoted);
  return FALSE;
}
