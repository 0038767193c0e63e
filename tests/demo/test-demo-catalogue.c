/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "demo/catalogue.h"

#include <string.h>

typedef struct
{
  const char *path; /* of the test */
  const char *method;
  const char *target;
  const char *body;
  guint status;
  guint n_instances;
  const char *expected; /* the answer, without white space outside of strings */
} Case;

/* The bodies with 200 are what TensorFlow Serving answers for its own saved_model_half_plus_*
 * examples; its error texts vary with its version, so here only what they name counts. */
static const Case cases[] = {
  { "rows", "POST", "/v1/models/half_plus_two:predict", "{\"instances\":[1.0,2.0,5.0]}", 200, 3,
    "{\"predictions\":[2.5,3.0,4.5]}" },
  { "rows-of-vectors", "POST", "/v1/models/half_plus_three:predict",
    "{\"instances\":[[1],[2,3]],\"signature_name\":\"serving_default\"}", 200, 2,
    "{\"predictions\":[[3.5],[4.0,4.5]]}" },
  { "named-rows", "POST", "/v1/models/half_plus_two:predict", "{\"instances\":[{\"x\":-9}]}", 200,
    1, "{\"predictions\":[-2.5]}" },
  { "numbers", "POST", "/v1/models/half_plus_two:predict",
    "{\"instances\":[NaN,Infinity,-Infinity,0.1,1e300,-4.0,-5]}", 200, 7,
    "{\"predictions\":[NaN,Infinity,-Infinity,2.05,5e+299,0.0,-0.5]}" },
  { "columns", "POST", "/v1/models/half_plus_two:predict", " {\"inputs\" : [1, 2] } ", 200, 2,
    "{\"outputs\":[2.5,3.0]}" },
  { "named-column", "POST", "/v1/models/half_plus_two:predict", "{\"inputs\":{\"x\":[3]}}", 200, 1,
    "{\"outputs\":[3.5]}" },
  { "version", "POST", "/v1/models/half_plus_two/versions/1:predict", "{\"instances\":[0]}", 200, 1,
    "{\"predictions\":[2.0]}" },
  { "label", "POST", "/v1/models/half_plus_two/labels/stable:predict", "{\"instances\":[0]}", 200,
    1, "{\"predictions\":[2.0]}" },
  { "query", "POST", "/v1/models/half_plus_two:predict?a=b", "{\"instances\":[0]}", 200, 1,
    "{\"predictions\":[2.0]}" },
  { "regress", "POST", "/v1/models/half_plus_two:regress", "{\"examples\":[{\"x\":1},{\"x\":[2]}]}",
    200, 2, "{\"results\":[2.5,3.0]}" },
  { "classify", "POST", "/v1/models/half_plus_three:classify", "{\"examples\":[{\"x\":1}]}", 200, 1,
    "{\"results\":[[[\"\",3.5]]]}" },
  { "status", "GET", "/v1/models/half_plus_two", "", 200, 0,
    "{\"model_version_status\":[{\"version\":\"1\",\"state\":\"AVAILABLE\","
    "\"status\":{\"error_code\":\"OK\",\"error_message\":\"\"}}]}" },
  { "metadata", "GET", "/v1/models/half_plus_two/versions/1/metadata", "", 200, 0,
    "\"model_spec\":{\"name\":\"half_plus_two\"" },
  { "unknown-model", "POST", "/v1/models/half_plus_one:predict", "{\"instances\":[0]}", 404, 0,
    "half_plus_one" },
  { "unknown-model-status", "GET", "/v1/models/half_plus_one", "", 404, 0, "half_plus_one" },
  { "unknown-version", "POST", "/v1/models/half_plus_two/versions/7:predict", "{\"instances\":[0]}",
    404, 0, "7" },
  { "unknown-label", "POST", "/v1/models/half_plus_two/labels/canary:predict",
    "{\"instances\":[0]}", 400, 0, "canary" },
  { "bad-version", "GET", "/v1/models/half_plus_two/versions/+1", "", 400, 0, "Malformed" },
  { "unknown-verb", "POST", "/v1/models/half_plus_two:infer", "{}", 400, 0, "infer" },
  { "no-verb", "POST", "/v1/models/half_plus_two", "{}", 400, 0, "Malformed" },
  { "no-model", "GET", "/v1/models", "", 400, 0, "Malformed" },
  { "other-path", "GET", "/", "", 404, 0, "error" },
  { "other-method", "PUT", "/v1/models/half_plus_two", "", 405, 0, "PUT" },
  { "empty-body", "POST", "/v1/models/half_plus_two:predict", "", 400, 0, "empty" },
  { "no-object", "POST", "/v1/models/half_plus_two:predict", "[1]", 400, 0, "object" },
  { "cut-body", "POST", "/v1/models/half_plus_two:predict", "{\"instances\":[1]", 400, 0,
    "offset" },
  { "bytes-after", "POST", "/v1/models/half_plus_two:predict", "{\"instances\":[1]}x", 400, 0,
    "17" },
  { "leading-zero", "POST", "/v1/models/half_plus_two:predict", "{\"instances\":[01]}", 400, 0,
    "15" },
  { "no-instances", "POST", "/v1/models/half_plus_two:predict", "{\"x\":1}", 400, 0, "Missing" },
  { "both-forms", "POST", "/v1/models/half_plus_two:predict", "{\"instances\":[1],\"inputs\":[1]}",
    400, 0, "both" },
  { "no-list", "POST", "/v1/models/half_plus_two:predict", "{\"instances\":1}", 400, 0, "array" },
  { "empty-list", "POST", "/v1/models/half_plus_two:predict", "{\"instances\":[]}", 400, 0,
    "empty" },
  { "text-instance", "POST", "/v1/models/half_plus_two:predict", "{\"instances\":[1,\"a\"]}", 400,
    0, "element: 1" },
  { "other-name", "POST", "/v1/models/half_plus_two:predict", "{\"instances\":[{\"y\":1}]}", 400, 0,
    "element: 0" },
  { "no-examples", "POST", "/v1/models/half_plus_two:regress", "{\"instances\":[1]}", 400, 0,
    "examples" },
};

static char *
without_space (const char *text)
{
  GString *packed = g_string_new (NULL);
  gboolean quoted = FALSE;

  for (; *text != '\0'; text++)
    {
      quoted ^= *text == '"';
      if (quoted || !g_ascii_isspace (*text))
        g_string_append_c (packed, *text);
    }
  return g_string_free (packed, FALSE);
}

static void
test_answer (gconstpointer user_data)
{
  const Case *item = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) models = demo_catalogue_new ("half_plus_two,half_plus_three", &error);
  g_autofree char *packed = NULL;
  g_auto (DemoAnswer) answer;

  g_assert_no_error (error);
  demo_answer_init (&answer);
  demo_catalogue_answer (models, item->method, item->target, item->body, strlen (item->body),
                         &answer);
  packed = without_space (answer.body->str);
  g_assert_cmpuint (answer.status, ==, item->status);
  g_assert_cmpuint (answer.n_instances, ==, item->n_instances);
  if (item->status == 200 && item->expected[0] == '{')
    g_assert_cmpstr (packed, ==, item->expected);
  else
    g_assert_nonnull (strstr (item->status == 200 ? packed : answer.body->str, item->expected));
}

static void
test_nested (void)
{
  g_autoptr (GPtrArray) models = demo_catalogue_new ("half_plus_two", NULL);
  g_autofree char *brackets = g_strnfill (100000, '[');
  g_autofree char *body = g_strdup_printf ("{\"instances\":%s", brackets);
  g_auto (DemoAnswer) answer;

  demo_answer_init (&answer);
  demo_catalogue_answer (models, "POST", "/v1/models/half_plus_two:predict", body, strlen (body),
                         &answer);
  g_assert_cmpuint (answer.status, ==, 400);
}

static void
test_names (void)
{
  g_autoptr (GError) unknown = NULL;
  g_autoptr (GError) none = NULL;
  g_autoptr (GPtrArray) one = demo_catalogue_new ("half_plus_three", NULL);
  g_auto (DemoAnswer) answer;

  g_assert_null (demo_catalogue_new ("half_plus_two,resnet", &unknown));
  g_assert_error (unknown, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE);
  g_assert_nonnull (strstr (unknown->message, "resnet"));
  g_assert_null (demo_catalogue_new ("", &none));
  g_assert_error (none, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE);

  g_assert_cmpuint (one->len, ==, 1);
  demo_answer_init (&answer);
  demo_catalogue_answer (one, "GET", "/v1/models/half_plus_two", "", 0, &answer);
  g_assert_cmpuint (answer.status, ==, 404);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/demo/catalogue/%s", cases[i].path);

      g_test_add_data_func (path, &cases[i], test_answer);
    }
  g_test_add_func ("/demo/catalogue/nested", test_nested);
  g_test_add_func ("/demo/catalogue/names", test_names);
  return g_test_run ();
}
