/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/finding.h"

#include "core/error.h"

#include <string.h>

#define STATUS(version, state)                                                                     \
  "{\"model_version_status\":[{\"version\":\"" version "\",\"state\":\"" state "\"}]}"

/* What a container answers when it is asked for the status of version 3 of the model "m". */
static const struct
{
  guint status;
  const char *body;
  DispFinding finding;
  const char *reason; /* (nullable) */
} status_cases[] = {
  { 200, STATUS ("3", "AVAILABLE"), DISP_FINDING_AVAILABLE, NULL },
  { 200, STATUS ("3", "LOADING"), DISP_FINDING_UNAVAILABLE, "its state is LOADING" },
  { 200, STATUS ("3", "END"), DISP_FINDING_UNAVAILABLE, "its state is END" },
  { 200, STATUS ("2", "AVAILABLE"), DISP_FINDING_UNAVAILABLE, "it does not have that version" },
  { 404, "{\"error\":\"Could not find any versions of model m\"}", DISP_FINDING_UNAVAILABLE,
    "it does not serve the model" },
  { 404, "{\"error\":\"Servable not found for request: Specific(m, 3)\"}", DISP_FINDING_UNAVAILABLE,
    "it does not serve the model" },
  /* Servers that know only predictions, in many tongues. */
  { 404, "{\"error\":\"Not Found\"}", DISP_FINDING_NOTHING, "it answered 404" },
  { 404, "{\"detail\":\"Not Found\"}", DISP_FINDING_NOTHING, "it answered 404" },
  { 404, "Cannot GET /v1/models/m/versions/3", DISP_FINDING_NOTHING, "it answered 404" },
  { 404, "", DISP_FINDING_NOTHING, "it answered 404" },
  { 405, "{\"error\":\"Method Not Allowed\"}", DISP_FINDING_NOTHING, "it answered 405" },
  { 400, "{\"error\":\"Malformed request: GET /v1/models/m\"}", DISP_FINDING_NOTHING,
    "it answered 400" },
  { 401, "", DISP_FINDING_NOTHING, "it answered 401" },
  { 403, "", DISP_FINDING_NOTHING, "it answered 403" },
  { 429, "", DISP_FINDING_NOTHING, "it answered 429" },
  { 302, "", DISP_FINDING_NOTHING, "it answered 302" },
  { 204, "", DISP_FINDING_NOTHING, "it answered 204" },
  { 501, "Unsupported method ('GET')", DISP_FINDING_NOTHING, "it answered 501" },
  { 200, "<html>hello</html>", DISP_FINDING_NOTHING, "its answer is no model status: " },
  { 200, "{\"status\":\"ok\"}", DISP_FINDING_NOTHING,
    "its answer is no model status: there is no \"model_version_status\"" },
  { 200, "", DISP_FINDING_NOTHING, "its answer is no model status: " },
  /* Whoever is in front of a server that is not there. */
  { 500, "", DISP_FINDING_SILENT, "it answered 500" },
  { 502, "<html>Bad Gateway</html>", DISP_FINDING_SILENT, "it answered 502" },
  { 503, "", DISP_FINDING_SILENT, "it answered 503" },
  { 504, STATUS ("3", "AVAILABLE"), DISP_FINDING_SILENT, "it answered 504" },
};

static void
check_answer (const DispCheckQuestion *question, guint status, const char *body,
              DispFinding expected, const char *reason)
{
  g_autoptr (DispAnswer) answer = disp_answer_new (status, "application/json",
                                                   g_bytes_new (body, strlen (body)));
  g_autofree char *said = NULL;

  g_assert_cmpint (disp_finding_of_answer (question, answer, &said), ==, expected);
  if (reason == NULL)
    g_assert_null (said);
  else
    g_assert_true (g_str_has_prefix (said, reason));
}

static void
test_status (void)
{
  const gint64 version = 3;
  const DispCheckQuestion question
      = { .path = "/v1/models/m/versions/3", .model = "m", .versions = &version, .n_versions = 1 };

  for (guint i = 0; i < G_N_ELEMENTS (status_cases); i++)
    check_answer (&question, status_cases[i].status, status_cases[i].body, status_cases[i].finding,
                  status_cases[i].reason);
}

static void
test_any_version (void)
{
  const DispCheckQuestion question = { .path = "/v1/models/m", .model = "m" };

  check_answer (&question, 200, STATUS ("7", "AVAILABLE"), DISP_FINDING_AVAILABLE, NULL);
  check_answer (&question, 200, STATUS ("7", "START"), DISP_FINDING_UNAVAILABLE,
                "its state is START");
  check_answer (&question, 200, "{\"model_version_status\":[]}", DISP_FINDING_UNAVAILABLE,
                "it does not have that version");
}

/* At a path that the operator named only the status counts. */
static void
test_own_path (void)
{
  const DispCheckQuestion question = { .path = "/healthz", .is_own = TRUE, .model = "m" };

  check_answer (&question, 200, "", DISP_FINDING_AVAILABLE, NULL);
  check_answer (&question, 204, "", DISP_FINDING_AVAILABLE, NULL);
  check_answer (&question, 299, "no", DISP_FINDING_AVAILABLE, NULL);
  check_answer (&question, 200, STATUS ("1", "LOADING"), DISP_FINDING_AVAILABLE, NULL);
  check_answer (&question, 302, "", DISP_FINDING_UNAVAILABLE, "it answered 302");
  check_answer (&question, 404, "", DISP_FINDING_UNAVAILABLE, "it answered 404");
  check_answer (&question, 503, "", DISP_FINDING_UNAVAILABLE, "it answered 503");
}

static void
test_errors (void)
{
  const struct
  {
    int code;
    DispFinding finding;
  } cases[] = {
    { DISP_ERROR_UNREACHABLE, DISP_FINDING_UNREACHABLE },
    { DISP_ERROR_UPSTREAM, DISP_FINDING_SILENT },
    { DISP_ERROR_BAD_ANSWER, DISP_FINDING_SILENT },
    { DISP_ERROR_DEADLINE, DISP_FINDING_SILENT },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = g_error_new_literal (DISP_ERROR, cases[i].code, "so it is");
      g_autofree char *reason = NULL;

      g_assert_cmpint (disp_finding_of_error (error, &reason), ==, cases[i].finding);
      g_assert_cmpstr (reason, ==, "so it is");
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/finding/status", test_status);
  g_test_add_func ("/engine/finding/any-version", test_any_version);
  g_test_add_func ("/engine/finding/own-path", test_own_path);
  g_test_add_func ("/engine/finding/errors", test_errors);
  return g_test_run ();
}
