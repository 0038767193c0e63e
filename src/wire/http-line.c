/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/http-line.h"

#include "core/error.h"

/* The lines of a head, and what can be said of a byte without knowing the rest of its line. */

/* What a TLS record with a handshake begins with (RFC 8446, section 5.1). */
#define TLS_HANDSHAKE 0x16

static gboolean
fail_size (GError **error)
{
  return disp_http_fail (error, DISP_ERROR_HEAD_TOO_LARGE,
                         "the head of the request is longer than %d bytes", DISP_MAX_HEAD_SIZE);
}

static gboolean
check_control (const DispHeadScan *scan, char c, GError **error)
{
  const char *where = scan->n_lines == 0 ? "the request line" : "a field line";

  switch (c)
    {
    case '\t':
      return scan->n_lines > 0
             || disp_http_fail (error, DISP_ERROR_BAD_REQUEST,
                                "a tab in the request line, expected single spaces");
    case '\n':
      return disp_http_fail (error, DISP_ERROR_BAD_REQUEST,
                             "%s ends with LF alone, expected CR and LF", where);
    case '\0':
      return disp_http_fail (error, DISP_ERROR_BAD_REQUEST, "there is a NUL in %s", where);
    default:
      return disp_http_fail (error, DISP_ERROR_BAD_REQUEST,
                             "there is a control character, 0x%02x, in %s", (guchar) c, where);
    }
}

static gboolean
check_first (const DispHeadScan *scan, char c, GError **error)
{
  if (scan->n_lines == 0)
    {
      if (c == TLS_HANDSHAKE)
        return disp_http_fail (error, DISP_ERROR_BAD_REQUEST,
                               "this looks like TLS, expected plain HTTP");
      if (!disp_char_is_token (c) && !disp_char_is_control (c))
        return disp_http_fail (error, DISP_ERROR_BAD_REQUEST,
                               "the request does not begin with a method");
      return TRUE;
    }
  if (scan->n_lines > DISP_MAX_FIELDS)
    return disp_http_fail (error, DISP_ERROR_HEAD_TOO_LARGE,
                           "the request has more than %d header fields", DISP_MAX_FIELDS);
  if (c == ' ' || c == '\t')
    return disp_http_fail (error, DISP_ERROR_BAD_REQUEST,
                           "a field line begins with space, expected a field name");
  if (!disp_char_is_token (c) && !disp_char_is_control (c))
    return disp_http_fail (error, DISP_ERROR_BAD_REQUEST,
                           "a field line does not begin with a field name");
  return TRUE;
}

/* Anything but CR. */
static gboolean
check_byte (const DispHeadScan *scan, const char *bytes, gsize at, GError **error)
{
  gsize offset = at - scan->length;
  char c = bytes[at];

  if (scan->n_lines == 0 && offset >= DISP_MAX_REQUEST_LINE)
    return disp_http_fail (error, DISP_ERROR_TARGET_TOO_LONG,
                           "the request line is longer than %d bytes", DISP_MAX_REQUEST_LINE);
  if (offset == 0 && !check_first (scan, c, error))
    return FALSE;
  return !disp_char_is_control (c) || check_control (scan, c, error);
}

/* Passes over what is nothing special wherever it is in a line but at its start, which is most. */
static void
skip_plain (DispHeadScan *scan, const char *bytes, gsize n)
{
  gsize end = scan->n_lines == 0 ? MIN (n, scan->length + DISP_MAX_REQUEST_LINE) : n;
  gsize at = scan->scanned;

  if (at == scan->length)
    return;
  while (at < end && bytes[at] >= ' ' && bytes[at] < 0x7f)
    at++;
  scan->scanned = at;
}

/* @at is that of a CR. */
static DispLineState
end_line (DispHeadScan *scan, const char *bytes, gsize n, gsize at, DispSpan *line, GError **error)
{
  gsize start = scan->length;

  if (at + 1 >= DISP_MAX_HEAD_SIZE)
    {
      fail_size (error);
      return DISP_LINE_WRONG;
    }
  if (at + 1 == n)
    return DISP_LINE_PARTIAL;
  if (bytes[at + 1] != '\n')
    {
      disp_http_fail (error, DISP_ERROR_BAD_REQUEST, "CR without LF in the head of the request");
      return DISP_LINE_WRONG;
    }
  scan->length = at + 2;
  scan->scanned = at + 2;
  if (at == start)
    return DISP_LINE_END;
  scan->n_lines++;
  *line = (DispSpan){ bytes + start, at - start };
  return DISP_LINE_WHOLE;
}

/* An empty line before the request line: one is skipped, for the sake of clients that send one
 * after a body (RFC 9112, section 2.2). */
static gboolean
skip_empty (DispHeadScan *scan, GError **error)
{
  if (scan->skipped > 0)
    return disp_http_fail (error, DISP_ERROR_BAD_REQUEST,
                           "there is more than one empty line before the request");
  scan->skipped = scan->length;
  return TRUE;
}

/**
 * disp_http_line_next:
 * @scan: how far the head was looked at
 * @bytes: all of it that has come
 * @n: how many bytes that are
 * @line: (out): with %DISP_LINE_WHOLE, the line without its end
 * @error: why, with %DISP_LINE_WRONG: %DISP_ERROR_BAD_REQUEST, %DISP_ERROR_TARGET_TOO_LONG,
 *   %DISP_ERROR_HEAD_TOO_LARGE
 *
 * Looks for the end of the next line, from where @scan is on, and looks at each byte once.  A line
 * has no control characters but tabs, which the request line has not either, and begins as it must;
 * a line that is whole or not is found wrong at the same byte, however what comes is cut.
 *
 * Returns: what was found
 */
DispLineState
disp_http_line_next (DispHeadScan *scan, const char *bytes, gsize n, DispSpan *line, GError **error)
{
  gsize end = MIN (n, DISP_MAX_HEAD_SIZE);

  while (scan->scanned < end)
    {
      DispLineState state;

      skip_plain (scan, bytes, end);
      if (scan->scanned == end)
        break;
      if (bytes[scan->scanned] != '\r')
        {
          if (!check_byte (scan, bytes, scan->scanned, error))
            return DISP_LINE_WRONG;
          scan->scanned++;
          continue;
        }
      state = end_line (scan, bytes, n, scan->scanned, line, error);
      if (state != DISP_LINE_END || scan->n_lines > 0)
        return state;
      if (!skip_empty (scan, error))
        return DISP_LINE_WRONG;
    }
  if (n < DISP_MAX_HEAD_SIZE)
    return DISP_LINE_PARTIAL;
  fail_size (error);
  return DISP_LINE_WRONG;
}
