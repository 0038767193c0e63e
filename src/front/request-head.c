/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/request-head.h"

#include "core/error.h"

#include <string.h>

/* Whether a request may go where it wants to, as far as its head tells. */

/* Whether a Content-Type says JSON: application/json, text/json, or anything with the suffix
 * "+json", whatever its parameters. */
static gboolean
is_json_type (const char *claimed)
{
  g_autofree char *type = g_ascii_strdown (claimed, (gssize) strcspn (claimed, ";"));

  g_strchomp (type);
  return g_str_equal (type, "application/json") || g_str_equal (type, "text/json")
         || g_str_has_suffix (type, "+json");
}

static gboolean
check_type (const DispHttpHead *head, GError **error)
{
  const char *claimed = disp_http_head_get (head, "Content-Type");
  const char *encoding = disp_http_head_get (head, "Content-Encoding");

  if (claimed != NULL && !is_json_type (claimed))
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_UNSUPPORTED_TYPE,
                   "the body claims to be \"%s\", expected Content-Type: application/json",
                   claimed);
      return FALSE;
    }
  if (encoding != NULL && g_ascii_strcasecmp (encoding, "identity") != 0)
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_UNSUPPORTED_TYPE,
                   "the body has Content-Encoding \"%s\", expected none", encoding);
      return FALSE;
    }
  return TRUE;
}

static gboolean
check_body (const DispHttpHead *head, DispBodyUse use, gsize body_limit, GError **error)
{
  if (head->framing == DISP_BODY_LENGTH && head->body_length > body_limit)
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_BODY_TOO_LARGE,
                   "the body is longer than %" G_GSIZE_FORMAT " bytes", body_limit);
      return FALSE;
    }
  if (use == DISP_BODY_UNUSED)
    return TRUE;
  if (head->framing == DISP_BODY_NONE)
    {
      g_set_error_literal (error, DISP_ERROR, DISP_ERROR_LENGTH_REQUIRED,
                           "the request has no body, expected one with Content-Length or chunks");
      return FALSE;
    }
  return use != DISP_BODY_JSON || check_type (head, error);
}

/**
 * disp_request_head_check:
 * @head: the head of a request
 * @resource: what is at its path
 * @body_limit: the longest body that is taken, in bytes
 * @error: %DISP_ERROR_METHOD_NOT_ALLOWED, %DISP_ERROR_BODY_TOO_LARGE, %DISP_ERROR_LENGTH_REQUIRED,
 *   %DISP_ERROR_UNSUPPORTED_TYPE
 *
 * Finds out where a request goes, and whether its body may come.
 *
 * Returns: (transfer none) (nullable): where it goes
 */
const DispEndpoint *
disp_request_head_check (const DispHttpHead *head, const DispResource *resource, gsize body_limit,
                         GError **error)
{
  const DispEndpoint *endpoint = disp_resource_get_endpoint (resource, head->method);

  if (endpoint == NULL)
    {
      g_autofree char *allow = disp_resource_dup_allow (resource);

      g_set_error (error, DISP_ERROR, DISP_ERROR_METHOD_NOT_ALLOWED, "this path takes %s only",
                   allow);
      return NULL;
    }
  return check_body (head, endpoint->body, body_limit, error) ? endpoint : NULL;
}
