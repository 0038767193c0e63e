/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/http-coding.h"

#include "core/error.h"

/* *( OWS ";" OWS token BWS "=" BWS ( token / quoted-string ) ) (RFC 9112, section 7) */
static gboolean
take_parameters (DispSpan *rest, gboolean *has_parameters)
{
  *has_parameters = FALSE;
  disp_span_skip_space (rest);
  while (disp_span_take (rest, ';'))
    {
      *has_parameters = TRUE;
      disp_span_skip_space (rest);
      if (disp_span_take_token (rest).length == 0)
        return FALSE;
      disp_span_skip_space (rest);
      if (!disp_span_take (rest, '='))
        return FALSE;
      disp_span_skip_space (rest);
      if (disp_span_take_token (rest).length == 0 && !disp_span_take_quoted (rest))
        return FALSE;
      disp_span_skip_space (rest);
    }
  return TRUE;
}

/**
 * disp_http_coding_check:
 * @value: of a Transfer-Encoding field, in ASCII
 * @error: %DISP_ERROR_UNKNOWN_CODING if there are other codings below chunked (RFC 9112, section
 *   6.1), %DISP_ERROR_BAD_REQUEST if chunked is not the last, so that nobody knows where the body
 *   ends (section 6.3), is there twice or has parameters (section 7.1), or if the value is no list
 *   of codings.  An empty member, which a list may have elsewhere, makes it none: not all who read
 *   it agree on what such a list says
 *
 * Returns: whether @value is "chunked"
 */
gboolean
disp_http_coding_check (DispSpan value, GError **error)
{
  DispSpan rest = value;
  DispSpan name;
  gboolean is_chunked;
  guint n_codings = 0;
  guint n_chunked = 0;

  do
    {
      gboolean has_parameters;

      disp_span_skip_space (&rest);
      name = disp_span_take_token (&rest);
      if (name.length == 0 || !take_parameters (&rest, &has_parameters))
        return disp_http_fail (error, DISP_ERROR_BAD_REQUEST,
                               "Transfer-Encoding is no list of codings, expected chunked");
      is_chunked = disp_span_is_any_case (name, "chunked");
      if (is_chunked && has_parameters)
        return disp_http_fail (error, DISP_ERROR_BAD_REQUEST,
                               "the coding chunked has parameters, expected none");
      n_codings++;
      n_chunked += is_chunked ? 1 : 0;
    }
  while (disp_span_take (&rest, ','));

  if (rest.length > 0)
    return disp_http_fail (error, DISP_ERROR_BAD_REQUEST,
                           "Transfer-Encoding is no list of codings, expected chunked");
  if (!is_chunked || n_chunked > 1)
    return disp_http_fail (error, DISP_ERROR_BAD_REQUEST,
                           "Transfer-Encoding does not end with chunked, or has it twice");
  if (n_codings > 1)
    return disp_http_fail (error, DISP_ERROR_UNKNOWN_CODING,
                           "Transfer-Encoding has more than chunked, which is all that is known");
  return TRUE;
}
