/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/error.h"
#include "engine/rig.h"

static void
test_answer (void)
{
  GBytes *body = g_bytes_new_static ("{}", 2);
  g_autoptr (DispAnswer) answer = disp_answer_new (418, "text/plain", body);
  g_autoptr (DispAnswer) bare = disp_answer_new (204, NULL, g_bytes_new_static (NULL, 0));

  g_assert_cmpuint (answer->status, ==, 418);
  g_assert_cmpstr (answer->content_type, ==, "text/plain");
  g_assert_true (answer->body == body);
  g_assert_null (answer->content_encoding);
  g_assert_null (answer->retry_after);
  g_assert_null (bare->content_type);
  g_assert_cmpuint (g_bytes_get_size (bare->body), ==, 0);
}

static void
test_answer_for_error (void)
{
  for (int code = 0; code < DISP_N_ERRORS; code++)
    {
      g_autoptr (GError) error = g_error_new_literal (DISP_ERROR, code, "say \"no\"\n");
      g_autoptr (DispAnswer) answer = disp_answer_new_for_error (error);

      g_assert_cmpuint (answer->status, ==, disp_error_http_status (code));
      g_assert_cmpuint (answer->status, >=, 400);
      g_assert_cmpstr (answer->content_type, ==, "application/json");
      rig_assert_body (answer->body, "{\"error\":\"say \\\"no\\\"\\n\"}");
    }
}

/* An error of another domain is a fault of ours, whatever its code. */
static void
test_answer_for_foreign_error (void)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, DISP_ERROR_UNKNOWN_MODEL, "strange");
  g_autoptr (DispAnswer) answer = disp_answer_new_for_error (error);

  g_assert_cmpuint (answer->status, ==, 500);
  rig_assert_body (answer->body, "{\"error\":\"strange\"}");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/transport/answer", test_answer);
  g_test_add_func ("/engine/transport/answer-for-error", test_answer_for_error);
  g_test_add_func ("/engine/transport/answer-for-foreign-error", test_answer_for_foreign_error);
  return g_test_run ();
}
