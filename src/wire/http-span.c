/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/http-span.h"

#include "core/error.h"

#include <string.h>

/* The longest part of a request that an error quotes, in bytes. */
#define MAX_QUOTED 60

/**
 * disp_span_is:
 * @self: a span
 * @text: what it may be
 *
 * Returns: whether it is just that
 */
gboolean
disp_span_is (DispSpan self, const char *text)
{
  /* An empty one may be nowhere. */
  return self.length == strlen (text)
         && (self.length == 0 || memcmp (self.start, text, self.length) == 0);
}

/**
 * disp_span_is_any_case:
 * @self: a span
 * @text: what it may be
 *
 * Returns: whether it is that, whatever the case of its ASCII letters
 */
gboolean
disp_span_is_any_case (DispSpan self, const char *text)
{
  return self.length == strlen (text) && g_ascii_strncasecmp (self.start, text, self.length) == 0;
}

/**
 * disp_span_quote:
 * @self: a span of any bytes
 *
 * Returns: (transfer full): what a message may show of it: printable ASCII, whatever it is, and not
 * much of it
 */
char *
disp_span_quote (DispSpan self)
{
  g_autoptr (GString) quoted = g_string_new (NULL);

  for (gsize i = 0; i < MIN (self.length, MAX_QUOTED); i++)
    if (g_ascii_isprint (self.start[i]))
      g_string_append_c (quoted, self.start[i]);
    else
      g_string_append_printf (quoted, "\\x%02x", (guchar) self.start[i]);
  if (self.length > MAX_QUOTED)
    g_string_append (quoted, "...");
  return g_string_free (g_steal_pointer (&quoted), FALSE);
}

/**
 * disp_span_skip:
 * @self: a span
 * @n: how many bytes to leave out at its start, at most its length
 */
void
disp_span_skip (DispSpan *self, gsize n)
{
  g_assert (n <= self->length);
  self->start += n;
  self->length -= n;
}

/**
 * disp_span_skip_space:
 * @self: a span
 *
 * Leaves out spaces and tabs at its start (OWS of RFC 9110, section 5.6.3).
 */
void
disp_span_skip_space (DispSpan *self)
{
  while (self->length > 0 && (self->start[0] == ' ' || self->start[0] == '\t'))
    disp_span_skip (self, 1);
}

/**
 * disp_span_take:
 * @self: a span
 * @wanted: what it may begin with
 *
 * Returns: whether it began with that, which it then does no longer
 */
gboolean
disp_span_take (DispSpan *self, char wanted)
{
  if (self->length == 0 || self->start[0] != wanted)
    return FALSE;
  disp_span_skip (self, 1);
  return TRUE;
}

/**
 * disp_span_take_until:
 * @self: a span
 * @end: a character
 *
 * Returns: what was before the first @end, or all; @self begins with @end then, or is empty
 */
DispSpan
disp_span_take_until (DispSpan *self, char end)
{
  const char *found = memchr (self->start, end, self->length);
  DispSpan taken = { self->start, found != NULL ? (gsize) (found - self->start) : self->length };

  disp_span_skip (self, taken.length);
  return taken;
}

/**
 * disp_span_take_token:
 * @self: a span
 *
 * Returns: the token (RFC 9110, section 5.6.2) that it began with, which may be empty
 */
DispSpan
disp_span_take_token (DispSpan *self)
{
  DispSpan taken = { self->start, 0 };

  while (taken.length < self->length && disp_char_is_token (taken.start[taken.length]))
    taken.length++;
  disp_span_skip (self, taken.length);
  return taken;
}

/**
 * disp_span_take_quoted:
 * @self: a span of a field value
 *
 * Returns: whether it began with a quoted string (RFC 9110, section 5.6.4), which it then does no
 * longer
 */
gboolean
disp_span_take_quoted (DispSpan *self)
{
  gsize i = 1;

  if (self->length == 0 || self->start[0] != '"')
    return FALSE;
  while (i < self->length && self->start[i] != '"')
    i += self->start[i] == '\\' ? 2 : 1;
  if (i >= self->length)
    return FALSE;
  disp_span_skip (self, i + 1);
  return TRUE;
}

/**
 * disp_char_is_control:
 * @c: a byte
 *
 * Returns: whether it is a control character of ASCII, HTAB among them
 */
gboolean
disp_char_is_control (char c)
{
  return (guchar) c < 0x20 || c == 0x7f;
}

/**
 * disp_char_is_token:
 * @c: a byte
 *
 * Returns: whether it may be in a token (RFC 9110, section 5.6.2)
 */
gboolean
disp_char_is_token (char c)
{
  return g_ascii_isalnum (c) || (c != '\0' && strchr ("-_.!#$%&'*+^`|~", c) != NULL);
}

/**
 * disp_char_is_in_name:
 * @c: a byte
 *
 * Returns: whether it may be in the name of a host, and everywhere else in a target, as it is:
 * unreserved or a sub-delimiter (RFC 3986, section 2)
 */
gboolean
disp_char_is_in_name (char c)
{
  return g_ascii_isalnum (c) || (c != '\0' && strchr ("-._~!$&'()*+,;=", c) != NULL);
}

/**
 * disp_span_measure_encoded:
 * @self: a span
 *
 * Returns: 3 if it begins with a percent-encoding (RFC 3986, section 2.1) of anything but NUL,
 * which is in no name and cuts those of the careless; 0 otherwise
 */
gsize
disp_span_measure_encoded (DispSpan self)
{
  if (self.length < 3 || self.start[0] != '%' || !g_ascii_isxdigit (self.start[1])
      || !g_ascii_isxdigit (self.start[2]))
    return 0;
  return self.start[1] == '0' && self.start[2] == '0' ? 0 : 3;
}

/**
 * disp_http_fail:
 * @error: where to say it
 * @code: a #DispError
 * @format: what is wrong, and what was expected
 *
 * Returns: %FALSE
 */
gboolean
disp_http_fail (GError **error, int code, const char *format, ...)
{
  va_list arguments;
  g_autofree char *message = NULL;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error_literal (error, DISP_ERROR, code, message);
  return FALSE;
}
