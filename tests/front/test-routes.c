/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/routes.h"

#include "core/error.h"

typedef struct
{
  const char *path;
  DispEndpoint endpoint;
  const char *model; /* (nullable) */
  DispVerb verb;
} RouteCase;

static const RouteCase route_cases[] = {
  { "/", DISP_ENDPOINT_STATUS, NULL, 0 },
  { "/predict", DISP_ENDPOINT_PREDICT, NULL, 0 },
  { "/healthz/live", DISP_ENDPOINT_LIVE, NULL, 0 },
  { "/healthz/ready", DISP_ENDPOINT_READY, NULL, 0 },
  { "/v1/models", DISP_ENDPOINT_MODELS, NULL, 0 },
  { "/v1/models/m:predict", DISP_ENDPOINT_SERVING_CALL, "m", DISP_VERB_PREDICT },
  { "/v1/models/m:classify", DISP_ENDPOINT_SERVING_CALL, "m", DISP_VERB_CLASSIFY },
  { "/v1/models/m/versions/1:regress", DISP_ENDPOINT_SERVING_CALL, "m", DISP_VERB_REGRESS },
  { "/v1/models/a%20b", DISP_ENDPOINT_SERVING_QUERY, "a b", DISP_VERB_STATUS },
  { "/v1/models/m/labels/l/metadata", DISP_ENDPOINT_SERVING_QUERY, "m", DISP_VERB_METADATA },
};

static void
test_found (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (route_cases); i++)
    {
      const RouteCase *row = &route_cases[i];
      g_auto (DispMatch) match = { 0 };
      g_autoptr (GError) error = NULL;
      gboolean posts = row->endpoint == DISP_ENDPOINT_PREDICT
                       || row->endpoint == DISP_ENDPOINT_SERVING_CALL;

      g_assert_true (disp_routes_match (row->path, &match, &error));
      g_assert_no_error (error);
      g_assert_cmpint (match.endpoint, ==, row->endpoint);
      g_assert_cmpstr (match.target.model, ==, row->model);
      g_assert_cmpint (match.target.verb, ==, row->verb);
      g_assert_cmpstr (disp_endpoint_get_allow (row->endpoint), ==, posts ? "POST" : "GET, HEAD");
      g_assert_true (disp_endpoint_allows (row->endpoint, "POST") == posts);
      g_assert_true (disp_endpoint_allows (row->endpoint, "GET") == !posts);
      g_assert_true (disp_endpoint_allows (row->endpoint, "HEAD") == !posts);
      g_assert_false (disp_endpoint_allows (row->endpoint, "PUT"));
      g_assert_false (disp_endpoint_allows (row->endpoint, "post"));
      g_assert_false (disp_endpoint_allows (row->endpoint, "get"));
      g_assert_false (disp_endpoint_allows (row->endpoint, ""));
    }
}

static void
test_not_found (void)
{
  static const char *const paths[] = { "",
                                       "//",
                                       "/Predict",
                                       "/predict/",
                                       "/predict:predict",
                                       "/healthz",
                                       "/healthz/",
                                       "/healthz/live/",
                                       "/v1",
                                       "/v1/",
                                       "/v1/models/",
                                       "/v1/modelsm",
                                       "/v2/models/m",
                                       "/v1/models/m:",
                                       "/v1/models/m:guess",
                                       "/v1/models/m/versions/x",
                                       "/v1/models/m/metadata/",
                                       "/v1/models/%zz" };

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_auto (DispMatch) match = { 0 };
      g_autoptr (GError) error = NULL;

      g_assert_false (disp_routes_match (paths[i], &match, &error));
      g_assert_error (error, DISP_ERROR, DISP_ERROR_NOT_FOUND);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/front/routes/found", test_found);
  g_test_add_func ("/front/routes/not-found", test_not_found);
  return g_test_run ();
}
