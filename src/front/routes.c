/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/routes.h"

#include "core/error.h"

#define SERVING_PREFIX "/v1/models/"

/* The paths that lead to one endpoint each; the serving paths are a grammar of their own. */
static const struct
{
  const char *path;
  DispEndpoint endpoint;
} fixed_routes[] = {
  { "/", DISP_ENDPOINT_STATUS },           { "/predict", DISP_ENDPOINT_PREDICT },
  { "/healthz/live", DISP_ENDPOINT_LIVE }, { "/healthz/ready", DISP_ENDPOINT_READY },
  { "/v1/models", DISP_ENDPOINT_MODELS },
};

/**
 * disp_routes_match:
 * @path: the path of a request, percent-encoded
 * @match: (out caller-allocates): where it leads
 * @error: %DISP_ERROR_NOT_FOUND
 *
 * Returns: whether it leads anywhere
 */
gboolean
disp_routes_match (const char *path, DispMatch *match, GError **error)
{
  g_auto (DispServingTarget) target = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (fixed_routes); i++)
    if (g_str_equal (fixed_routes[i].path, path))
      {
        *match = (DispMatch){ .endpoint = fixed_routes[i].endpoint };
        return TRUE;
      }
  if (!g_str_has_prefix (path, SERVING_PREFIX))
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_NOT_FOUND,
                   "nothing is at this path, expected /predict or " SERVING_PREFIX "NAME:predict");
      return FALSE;
    }
  if (!disp_serving_path_parse (path, &target, error))
    return FALSE;
  *match = (DispMatch){
    .endpoint = target.verb <= DISP_VERB_REGRESS ? DISP_ENDPOINT_SERVING_CALL
                                                 : DISP_ENDPOINT_SERVING_QUERY,
    .target = target,
  };
  target = (DispServingTarget){ 0 };
  return TRUE;
}

/**
 * disp_endpoint_get_allow:
 * @endpoint: an endpoint
 *
 * Returns: (transfer none): the methods that it takes, as an Allow header field says them
 */
const char *
disp_endpoint_get_allow (DispEndpoint endpoint)
{
  return endpoint == DISP_ENDPOINT_PREDICT || endpoint == DISP_ENDPOINT_SERVING_CALL ? "POST"
                                                                                     : "GET, HEAD";
}

/**
 * disp_endpoint_allows:
 * @endpoint: an endpoint
 * @method: the method of a request
 *
 * Returns: whether it takes that method
 */
gboolean
disp_endpoint_allows (DispEndpoint endpoint, const char *method)
{
  if (endpoint == DISP_ENDPOINT_PREDICT || endpoint == DISP_ENDPOINT_SERVING_CALL)
    return g_str_equal (method, "POST");
  return g_str_equal (method, "GET") || g_str_equal (method, "HEAD");
}

void
disp_match_clear (DispMatch *self)
{
  disp_serving_target_clear (&self->target);
}
