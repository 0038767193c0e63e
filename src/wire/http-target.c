/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/http-target.h"

#include "core/error.h"
#include "wire/http-authority.h"

#include <string.h>

static gboolean
fail_character (DispSpan rest, const char *what, GError **error)
{
  g_autofree char *quoted = NULL;

  if (rest.start[0] == '#')
    return disp_http_fail (error, DISP_ERROR_BAD_REQUEST, "the target has a fragment");
  if (rest.start[0] == '%')
    rest.length = MIN (rest.length, 3);
  else
    rest.length = 1;
  quoted = disp_span_quote (rest);
  return disp_http_fail (error, DISP_ERROR_BAD_REQUEST,
                         "\"%s\" may not be in the %s of the target as it is", quoted, what);
}

/* pchar and @more (RFC 3986, sections 3.3 and 3.4) */
static gboolean
check_characters (DispSpan text, const char *what, const char *more, GError **error)
{
  while (text.length > 0)
    {
      char c = text.start[0];
      gsize length = 1;

      if (!disp_char_is_in_name (c) && (c == '\0' || strchr (more, c) == NULL))
        length = disp_span_measure_encoded (text);
      if (length == 0)
        return fail_character (text, what, error);
      disp_span_skip (&text, length);
    }
  return TRUE;
}

static gboolean
take_scheme (DispSpan *rest)
{
  static const char *const schemes[] = { "http://", "https://" };

  for (gsize i = 0; i < G_N_ELEMENTS (schemes); i++)
    {
      DispSpan start = { rest->start, MIN (rest->length, strlen (schemes[i])) };

      if (disp_span_is_any_case (start, schemes[i]))
        {
          disp_span_skip (rest, start.length);
          return TRUE;
        }
    }
  return FALSE;
}

static gboolean
fail_form (DispSpan text, GError **error)
{
  g_autofree char *quoted = disp_span_quote (text);

  return disp_http_fail (error, DISP_ERROR_BAD_REQUEST,
                         "the target \"%s\" is no path from \"/\" on and no http or https URI",
                         quoted);
}

static gsize
count_authority (DispSpan text)
{
  gsize n = 0;

  while (n < text.length && text.start[n] != '/' && text.start[n] != '?' && text.start[n] != '#')
    n++;
  return n;
}

/**
 * disp_http_target_read:
 * @text: what stands between the spaces of a request line
 * @target: (out): its parts; set only on success
 * @error: %DISP_ERROR_BAD_REQUEST
 *
 * Reads a target in origin-form or absolute-form (RFC 9112, sections 3.2.1 and 3.2.2), strictly by
 * RFC 3986: no fragment, nothing but ASCII, nothing that should be percent-encoded, no encoding of
 * NUL.  Nothing is decoded or normalised.  The other forms are refused: authority-form is for
 * CONNECT alone, and what "*" asks about is no resource of ours.
 *
 * Returns: whether it is one
 */
gboolean
disp_http_target_read (DispSpan text, DispHttpTarget *target, GError **error)
{
  DispHttpTarget found = { 0 };
  DispSpan rest = text;

  if (take_scheme (&rest))
    {
      found.authority = (DispSpan){ rest.start, count_authority (rest) };
      if (!disp_http_authority_check (found.authority, error))
        return FALSE;
      disp_span_skip (&rest, found.authority.length);
    }
  else if (text.length == 0 || text.start[0] != '/')
    return fail_form (text, error);

  found.path = disp_span_take_until (&rest, '?');
  found.has_query = disp_span_take (&rest, '?');
  found.query = rest;
  if (!check_characters (found.path, "path", ":@/", error)
      || !check_characters (found.query, "query", ":@/?", error))
    return FALSE;
  *target = found;
  return TRUE;
}
