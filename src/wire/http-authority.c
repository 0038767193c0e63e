/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/http-authority.h"

#include "core/error.h"

#include <string.h>

#define MAX_PORT 65535

/* dec-octet (RFC 3986, section 3.2.2): a number up to 255 without zeros in front */
static gboolean
take_octet (DispSpan *rest)
{
  guint value = 0;
  gsize n_digits = 0;

  while (n_digits < 3 && n_digits < rest->length && g_ascii_isdigit (rest->start[n_digits]))
    value = value * 10 + (guint) (rest->start[n_digits++] - '0');
  if (n_digits == 0 || value > 255 || (n_digits > 1 && rest->start[0] == '0'))
    return FALSE;
  disp_span_skip (rest, n_digits);
  return TRUE;
}

static gboolean
is_ipv4 (DispSpan text)
{
  for (guint i = 0; i < 4; i++)
    if ((i > 0 && !disp_span_take (&text, '.')) || !take_octet (&text))
      return FALSE;
  return text.length == 0;
}

static gsize
count_hex (DispSpan text)
{
  gsize n = 0;

  while (n < text.length && g_ascii_isxdigit (text.start[n]))
    n++;
  return n;
}

/* IPv6address (RFC 3986, section 3.2.2): eight groups, or fewer with "::" once; the last two may be
 * an IPv4 address. */
static gboolean
is_ipv6 (DispSpan text)
{
  gboolean is_short = FALSE;
  guint n_groups = 0;

  if (text.length >= 2 && text.start[0] == ':' && text.start[1] == ':')
    {
      is_short = TRUE;
      disp_span_skip (&text, 2);
    }
  while (text.length > 0)
    {
      gsize n_digits = count_hex (text);

      if (n_digits < text.length && text.start[n_digits] == '.')
        {
          n_groups += 2;
          if (!is_ipv4 (text))
            return FALSE;
          break;
        }
      if (n_digits == 0 || n_digits > 4)
        return FALSE;
      n_groups++;
      disp_span_skip (&text, n_digits);
      if (text.length == 0)
        break;
      if (!disp_span_take (&text, ':') || text.length == 0)
        return FALSE;
      if (disp_span_take (&text, ':'))
        {
          if (is_short)
            return FALSE;
          is_short = TRUE;
        }
    }
  return is_short ? n_groups < 8 : n_groups == 8;
}

/* IPvFuture (RFC 3986, section 3.2.2) */
static gboolean
is_future_address (DispSpan text)
{
  gsize n_digits;

  if (!disp_span_take (&text, 'v') && !disp_span_take (&text, 'V'))
    return FALSE;
  n_digits = count_hex (text);
  disp_span_skip (&text, n_digits);
  if (n_digits == 0 || !disp_span_take (&text, '.') || text.length == 0)
    return FALSE;
  for (gsize i = 0; i < text.length; i++)
    if (!disp_char_is_in_name (text.start[i]) && text.start[i] != ':')
      return FALSE;
  return TRUE;
}

static gboolean
take_literal (DispSpan *rest)
{
  DispSpan literal;

  disp_span_skip (rest, 1);
  literal = disp_span_take_until (rest, ']');
  return disp_span_take (rest, ']') && (is_ipv6 (literal) || is_future_address (literal));
}

/* reg-name (RFC 3986, section 3.2.2), which takes IPv4 addresses in.  An http URI has one that is
 * not empty (RFC 9110, section 4.2.1). */
static gboolean
take_name (DispSpan *rest)
{
  const char *start = rest->start;

  while (rest->length > 0)
    {
      gsize length = disp_char_is_in_name (rest->start[0]) ? 1 : disp_span_measure_encoded (*rest);

      if (length == 0)
        break;
      disp_span_skip (rest, length);
    }
  return rest->start > start;
}

static gboolean
is_port (DispSpan text)
{
  guint value = 0;

  for (gsize i = 0; i < text.length; i++)
    {
      if (!g_ascii_isdigit (text.start[i]))
        return FALSE;
      value = MIN (value * 10 + (guint) (text.start[i] - '0'), MAX_PORT + 1);
    }
  return value <= MAX_PORT;
}

/**
 * disp_http_authority_check:
 * @authority: what a Host field or a target says
 * @error: %DISP_ERROR_BAD_REQUEST
 *
 * Judges a host with or without a port (RFC 9110, sections 4.2.1 and 7.2; RFC 3986, section 3.2).
 * The host may not be empty; the port may, and is 65535 at most; user information, which both may
 * not have (RFC 9110, section 4.2.4), is refused.
 *
 * Returns: whether it is one
 */
gboolean
disp_http_authority_check (DispSpan authority, GError **error)
{
  DispSpan rest = authority;
  g_autofree char *quoted = NULL;

  if (authority.length == 0)
    return disp_http_fail (error, DISP_ERROR_BAD_REQUEST, "the host is empty");
  if ((authority.start[0] == '[' ? take_literal (&rest) : take_name (&rest))
      && (rest.length == 0 || (disp_span_take (&rest, ':') && is_port (rest))))
    return TRUE;
  quoted = disp_span_quote (authority);
  if (memchr (authority.start, '@', authority.length) != NULL)
    return disp_http_fail (error, DISP_ERROR_BAD_REQUEST,
                           "the host \"%s\" has user information, expected HOST[:PORT]", quoted);
  return disp_http_fail (error, DISP_ERROR_BAD_REQUEST,
                         "the host \"%s\" is no name or address with or without a port", quoted);
}
