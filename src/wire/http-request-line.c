/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/http-request-line.h"

#include "core/error.h"

#include <string.h>

static gboolean
read_method (DispSpan text, const char **method, GError **error)
{
  static const char *const methods[] = { "GET",    "HEAD",  "POST",    "PUT",
                                         "DELETE", "PATCH", "OPTIONS", "TRACE" };
  g_autofree char *quoted = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (methods); i++)
    if (disp_span_is (text, methods[i]))
      {
        *method = methods[i];
        return TRUE;
      }
  quoted = disp_span_quote (text);
  return disp_http_fail (error, DISP_ERROR_UNKNOWN_METHOD, "the method \"%s\" is not known",
                         quoted);
}

static gboolean
is_version (DispSpan text)
{
  static const char name[] = "HTTP/";

  return text.length == 8 && memcmp (text.start, name, strlen (name)) == 0
         && g_ascii_isdigit (text.start[5]) && text.start[6] == '.'
         && g_ascii_isdigit (text.start[7]);
}

/* A later minor version is taken for the latest that is known, as RFC 9110, section 2.5, has it. */
static gboolean
read_version (DispSpan text, guint *minor_version, GError **error)
{
  g_autofree char *quoted = NULL;

  if (is_version (text) && text.start[5] == '1')
    {
      *minor_version = text.start[7] == '0' ? 0 : 1;
      return TRUE;
    }
  quoted = disp_span_quote (text);
  if (is_version (text))
    return disp_http_fail (error, DISP_ERROR_UNKNOWN_HTTP_VERSION,
                           "the version %s is not known, expected HTTP/1.1 or HTTP/1.0", quoted);
  return disp_http_fail (error, DISP_ERROR_BAD_REQUEST,
                         "the request line ends with \"%s\", expected HTTP/1.1 or HTTP/1.0",
                         quoted);
}

/**
 * disp_request_line_read:
 * @line: it, without its end, and without control characters
 * @request_line: (out): what it says; set only on success
 * @error: %DISP_ERROR_BAD_REQUEST, %DISP_ERROR_UNKNOWN_METHOD, %DISP_ERROR_UNKNOWN_HTTP_VERSION
 *
 * Reads a request line (RFC 9112, section 3): a method that some server has, a target and a
 * version, with single spaces between them.  The version is looked at first, since it says by which
 * rules the rest is to be judged.  CONNECT is not known: this is no proxy.
 *
 * Returns: whether it is one
 */
gboolean
disp_request_line_read (DispSpan line, DispRequestLine *request_line, GError **error)
{
  DispRequestLine found = { 0 };
  DispSpan rest = line;
  DispSpan method = disp_span_take_token (&rest);
  DispSpan target;

  if (method.length == 0 || !disp_span_take (&rest, ' '))
    return disp_http_fail (error, DISP_ERROR_BAD_REQUEST,
                           "the request line does not begin with a method and a space");
  target = disp_span_take_until (&rest, ' ');
  if (target.length == 0 || !disp_span_take (&rest, ' '))
    return disp_http_fail (error, DISP_ERROR_BAD_REQUEST,
                           "the request line is not METHOD TARGET HTTP/1.1 with single spaces");
  if (!read_version (rest, &found.minor_version, error)
      || !read_method (method, &found.method, error)
      || !disp_http_target_read (target, &found.target, error))
    return FALSE;
  *request_line = found;
  return TRUE;
}
