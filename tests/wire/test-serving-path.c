/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/serving-path.h"

#include "core/error.h"

static const struct
{
  const char *path;
  const char *model;
  DispVersionKind kind;
  gint64 number;
  const char *label; /* (nullable) */
  DispVerb verb;
} accepted[] = {
  { "/v1/models/m:predict", "m", DISP_VERSION_LATEST, 0, NULL, DISP_VERB_PREDICT },
  { "/v1/models/m:classify", "m", DISP_VERSION_LATEST, 0, NULL, DISP_VERB_CLASSIFY },
  { "/v1/models/m:regress", "m", DISP_VERSION_LATEST, 0, NULL, DISP_VERB_REGRESS },
  { "/v1/models/m", "m", DISP_VERSION_LATEST, 0, NULL, DISP_VERB_STATUS },
  { "/v1/models/m/metadata", "m", DISP_VERSION_LATEST, 0, NULL, DISP_VERB_METADATA },
  { "/v1/models/m/versions/3:predict", "m", DISP_VERSION_NUMBER, 3, NULL, DISP_VERB_PREDICT },
  { "/v1/models/m/versions/3", "m", DISP_VERSION_NUMBER, 3, NULL, DISP_VERB_STATUS },
  { "/v1/models/m/versions/0/metadata", "m", DISP_VERSION_NUMBER, 0, NULL, DISP_VERB_METADATA },
  { "/v1/models/m/versions/9223372036854775807:regress", "m", DISP_VERSION_NUMBER, G_MAXINT64, NULL,
    DISP_VERB_REGRESS },
  { "/v1/models/m/labels/canary:predict", "m", DISP_VERSION_LABEL, 0, "canary", DISP_VERB_PREDICT },
  { "/v1/models/m/labels/canary", "m", DISP_VERSION_LABEL, 0, "canary", DISP_VERB_STATUS },
  { "/v1/models/m/labels/a%2Fb/metadata", "m", DISP_VERSION_LABEL, 0, "a/b", DISP_VERB_METADATA },
  { "/v1/models/half_plus_two.v-1~x:predict", "half_plus_two.v-1~x", DISP_VERSION_LATEST, 0, NULL,
    DISP_VERB_PREDICT },
  { "/v1/models/a%3Ab%2fc%20d%C3%A9:predict", "a:b/c dé", DISP_VERSION_LATEST, 0, NULL,
    DISP_VERB_PREDICT },
  { "/v1/models/versions:predict", "versions", DISP_VERSION_LATEST, 0, NULL, DISP_VERB_PREDICT },
  { "/v1/models/metadata/metadata", "metadata", DISP_VERSION_LATEST, 0, NULL, DISP_VERB_METADATA },
  { "/v1/models/100%25", "100%", DISP_VERSION_LATEST, 0, NULL, DISP_VERB_STATUS },
};

static const char *const refused[] = {
  "",
  "/",
  "/predict",
  "/v1",
  "/v1/models",
  "/v1/models/",
  "/v2/models/m:predict",
  "/V1/models/m:predict",
  "v1/models/m:predict",
  "//v1/models/m:predict",
  "/v1/models//m:predict",
  "/v1/models/:predict",
  "/v1/models/m:",
  "/v1/models/m:Predict",
  "/v1/models/m:predict/",
  "/v1/models/m:predict:predict",
  "/v1/models/m:status",
  "/v1/models/m:metadata",
  "/v1/models/m%3Apredict:",
  "/v1/models/m/",
  "/v1/models/m/predict",
  "/v1/models/m/metadata/",
  "/v1/models/m/metadata:predict",
  "/v1/models/m/versions",
  "/v1/models/m/versions/",
  "/v1/models/m/versions/:predict",
  "/v1/models/m/versions/a:predict",
  "/v1/models/m/versions/1a:predict",
  "/v1/models/m/versions/-1:predict",
  "/v1/models/m/versions/+1:predict",
  "/v1/models/m/versions/%31:predict",
  "/v1/models/m/versions/ 1:predict",
  "/v1/models/m/versions/9223372036854775808:predict",
  "/v1/models/m/versions/1/labels/a:predict",
  "/v1/models/m/labels/:predict",
  "/v1/models/m/labels/a/versions/1",
  "/v1/models/m/labels/a%",
  "/v1/models/m%",
  "/v1/models/m%2",
  "/v1/models/m%2:predict",
  "/v1/models/m%zz:predict",
  "/v1/models/m%00:predict",
  "/v1/models/%00:predict",
  "/v1/models/%ff:predict",
  "/v1/models/%c0%af:predict",
  "/v1/models/\xff:predict",
  "/v1/models/..:predict",
  "/v1/models/%2e%2e:predict",
  "/v1/models/m/labels/%2e",
};

static void
test_accepts (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (accepted); i++)
    {
      g_auto (DispServingTarget) target = { 0 };
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", accepted[i].path);
      disp_serving_path_parse (accepted[i].path, &target, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (target.model, ==, accepted[i].model);
      g_assert_cmpint (target.version.kind, ==, accepted[i].kind);
      g_assert_cmpint (target.version.number, ==, accepted[i].number);
      g_assert_cmpstr (target.version.label, ==, accepted[i].label);
      g_assert_cmpint (target.verb, ==, accepted[i].verb);
    }
}

static void
test_refuses (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      DispServingTarget target = { .model = (char *) "untouched" };
      g_autoptr (GError) error = NULL;

      g_test_message ("row %" G_GSIZE_FORMAT, i);
      g_assert_false (disp_serving_path_parse (refused[i], &target, &error));
      g_assert_error (error, DISP_ERROR, DISP_ERROR_NOT_FOUND);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      g_assert_cmpstr (target.model, ==, "untouched");
    }
}

static void
test_messages (void)
{
  static const struct
  {
    const char *path;
    const char *message;
  } rows[] = {
    { "/v1/models/m:serve",
      "no such path: /v1/models/m:serve, expected "
      "/v1/models/MODEL[/versions/NUMBER|/labels/LABEL]:predict|classify|regress or "
      "/v1/models/MODEL[/versions/NUMBER|/labels/LABEL][/metadata]" },
    { "/v1/models/:predict", "the path has an empty model name" },
    { "/v1/models/m/labels/:predict", "the path has an empty label" },
    { "/v1/models/a%zz:predict",
      "the model name a%zz in the path is no percent-encoded UTF-8 name" },
    { "/v1/models/m/versions/x:predict",
      "the version x in the path is no number of at most 64 bits" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (disp_serving_path_parse (rows[i].path, NULL, &error));
      g_assert_cmpstr (error->message, ==, rows[i].message);
    }
}

static void
test_builds (void)
{
  static const DispVersion latest = { .kind = DISP_VERSION_LATEST };
  static const DispVersion three = { .kind = DISP_VERSION_NUMBER, .number = 3 };
  static const DispVersion zero = { .kind = DISP_VERSION_NUMBER, .number = 0 };
  static const DispVersion label = { .kind = DISP_VERSION_LABEL, .label = (char *) "a/b" };
  static const struct
  {
    DispVersionPath rule;
    const char *model;
    const DispVersion *version;
    gint64 route_version;
    DispVerb verb;
    const char *path;
  } rows[] = {
    { DISP_VERSION_PATH_EXACT, "m", &three, 3, DISP_VERB_PREDICT,
      "/v1/models/m/versions/3:predict" },
    { DISP_VERSION_PATH_EXACT, "m", &latest, 7, DISP_VERB_CLASSIFY,
      "/v1/models/m/versions/7:classify" },
    { DISP_VERSION_PATH_EXACT, "m", &latest, 0, DISP_VERB_REGRESS, "/v1/models/m:regress" },
    { DISP_VERSION_PATH_EXACT, "m", &zero, 0, DISP_VERB_STATUS, "/v1/models/m/versions/0" },
    { DISP_VERSION_PATH_EXACT, "m", &label, 7, DISP_VERB_PREDICT,
      "/v1/models/m/labels/a%2Fb:predict" },
    { DISP_VERSION_PATH_EXACT, "m", &three, 3, DISP_VERB_METADATA,
      "/v1/models/m/versions/3/metadata" },
    { DISP_VERSION_PATH_LATEST, "m", &three, 3, DISP_VERB_PREDICT, "/v1/models/m:predict" },
    { DISP_VERSION_PATH_LATEST, "m", &latest, 3, DISP_VERB_STATUS, "/v1/models/m" },
    { DISP_VERSION_PATH_LATEST, "m", &label, 0, DISP_VERB_METADATA,
      "/v1/models/m/labels/a%2Fb/metadata" },
    { DISP_VERSION_PATH_ORIGINAL, "m", &three, 3, DISP_VERB_PREDICT, "/v3/models/m:predict" },
    { DISP_VERSION_PATH_ORIGINAL, "m", &latest, 1, DISP_VERB_PREDICT, "/v1/models/m:predict" },
    { DISP_VERSION_PATH_ORIGINAL, "m", &latest, 0, DISP_VERB_PREDICT, "/v1/models/m:predict" },
    { DISP_VERSION_PATH_ORIGINAL, "m", &label, 3, DISP_VERB_PREDICT,
      "/v1/models/m/labels/a%2Fb:predict" },
    { DISP_VERSION_PATH_LATEST, "a:b/c dé%", &latest, 0, DISP_VERB_PREDICT,
      "/v1/models/a%3Ab%2Fc%20d%C3%A9%25:predict" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = disp_serving_path_build (rows[i].rule, rows[i].model, rows[i].version,
                                                       rows[i].route_version, rows[i].verb);

      g_assert_cmpstr (path, ==, rows[i].path);
    }
}

/* What was parsed and written again names the same. */
static void
test_stable (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (accepted); i++)
    {
      g_auto (DispServingTarget) first = { 0 };
      g_auto (DispServingTarget) second = { 0 };
      g_autofree char *path = NULL;

      g_assert_true (disp_serving_path_parse (accepted[i].path, &first, NULL));
      path = disp_serving_path_build (DISP_VERSION_PATH_EXACT, first.model, &first.version, 0,
                                      first.verb);
      g_assert_true (disp_serving_path_parse (path, &second, NULL));
      g_assert_cmpstr (second.model, ==, first.model);
      g_assert_cmpint (second.version.kind, ==, first.version.kind);
      g_assert_cmpint (second.version.number, ==, first.version.number);
      g_assert_cmpstr (second.version.label, ==, first.version.label);
      g_assert_cmpint (second.verb, ==, first.verb);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/serving-path/accepts", test_accepts);
  g_test_add_func ("/wire/serving-path/refuses", test_refuses);
  g_test_add_func ("/wire/serving-path/messages", test_messages);
  g_test_add_func ("/wire/serving-path/builds", test_builds);
  g_test_add_func ("/wire/serving-path/stable", test_stable);
  return g_test_run ();
}
