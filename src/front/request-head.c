/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/request-head.h"

#include "core/error.h"
#include "front/connection.h"

/* What is known of a request before its body. */

/* Whether a Content-Type says JSON: application/json, text/json, or anything with the suffix
 * "+json".  SoupServer gives no type for what is none. */
static gboolean
is_json_type (const char *type)
{
  g_autofree char *small = g_ascii_strdown (type != NULL ? type : "", -1);

  return g_str_equal (small, "application/json") || g_str_equal (small, "text/json")
         || g_str_has_suffix (small, "+json");
}

static gboolean
check_type (SoupMessageHeaders *headers, GError **error)
{
  const char *claimed = soup_message_headers_get_one (headers, "Content-Type");
  const char *encoding = soup_message_headers_get_one (headers, "Content-Encoding");

  if (claimed != NULL && !is_json_type (soup_message_headers_get_content_type (headers, NULL)))
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
check_body (SoupMessageHeaders *headers, DispBodyUse use, GError **error)
{
  SoupEncoding encoding = soup_message_headers_get_encoding (headers);

  if (use == DISP_BODY_UNUSED)
    return TRUE;
  if (encoding != SOUP_ENCODING_CONTENT_LENGTH && encoding != SOUP_ENCODING_CHUNKED)
    {
      g_set_error_literal (error, DISP_ERROR, DISP_ERROR_LENGTH_REQUIRED,
                           "the request has no body, expected one with Content-Length or chunks");
      return FALSE;
    }
  return use != DISP_BODY_JSON || check_type (headers, error);
}

static void
set_not_allowed (SoupServerMessage *message, const DispResource *resource, GError **error)
{
  g_autofree char *allow = disp_resource_dup_allow (resource);

  soup_message_headers_replace (soup_server_message_get_response_headers (message), "Allow", allow);
  g_set_error (error, DISP_ERROR, DISP_ERROR_METHOD_NOT_ALLOWED, "this path takes %s only", allow);
}

/**
 * disp_request_head_check:
 * @message: a message whose head has come
 * @site: what is served
 * @body_limit: the longest body that is taken, in bytes
 * @target: (inout): empty; takes what the path names besides the resource
 * @error: %DISP_ERROR_BODY_TOO_LARGE, %DISP_ERROR_NOT_FOUND, %DISP_ERROR_METHOD_NOT_ALLOWED (then
 *   the response gets its Allow header field), %DISP_ERROR_LENGTH_REQUIRED,
 *   %DISP_ERROR_UNSUPPORTED_TYPE
 *
 * Finds out where a request goes, and whether it may.
 *
 * Returns: (transfer none) (nullable): where it goes
 */
const DispEndpoint *
disp_request_head_check (SoupServerMessage *message, DispSite *site, gsize body_limit,
                         DispTarget *target, GError **error)
{
  const char *path = g_uri_get_path (soup_server_message_get_uri (message));
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  const DispResource *resource;
  const DispEndpoint *endpoint;

  if (soup_message_headers_get_encoding (headers) == SOUP_ENCODING_CONTENT_LENGTH
      && soup_message_headers_get_content_length (headers) > (goffset) body_limit)
    {
      disp_request_head_set_too_large (body_limit, error);
      return NULL;
    }
  resource = disp_site_find (site, path, target, error);
  if (resource == NULL)
    return NULL;
  endpoint = disp_resource_get_endpoint (resource, soup_server_message_get_method (message));
  if (endpoint == NULL)
    {
      set_not_allowed (message, resource, error);
      return NULL;
    }
  return check_body (headers, endpoint->body, error) ? endpoint : NULL;
}

/**
 * disp_request_head_set_too_large:
 * @body_limit: the longest body that is taken, in bytes
 * @error: %DISP_ERROR_BODY_TOO_LARGE
 *
 * Says that a body is too long.
 */
void
disp_request_head_set_too_large (gsize body_limit, GError **error)
{
  g_set_error (error, DISP_ERROR, DISP_ERROR_BODY_TOO_LARGE,
               "the body is longer than %" G_GSIZE_FORMAT " bytes", body_limit);
}

/**
 * disp_request_head_get_body_length:
 * @message: a message whose head has come
 *
 * Returns: how long the body is by the words of the head, in bytes, or %DISP_BODY_CHUNKED
 */
goffset
disp_request_head_get_body_length (SoupServerMessage *message)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);

  switch (soup_message_headers_get_encoding (headers))
    {
    case SOUP_ENCODING_CONTENT_LENGTH:
      return soup_message_headers_get_content_length (headers);
    case SOUP_ENCODING_CHUNKED:
      return DISP_BODY_CHUNKED;
    default:
      return 0;
    }
}

/**
 * disp_request_head_is_persistent:
 * @message: a message that was answered
 *
 * Returns: whether the client may send another request after this one (RFC 9112, section 9.3)
 */
gboolean
disp_request_head_is_persistent (SoupServerMessage *message)
{
  return soup_server_message_get_http_version (message) == SOUP_HTTP_1_1
         && !soup_message_headers_header_contains (
             soup_server_message_get_request_headers (message), "Connection", "close")
         && !soup_message_headers_header_contains (
             soup_server_message_get_response_headers (message), "Connection", "close");
}
