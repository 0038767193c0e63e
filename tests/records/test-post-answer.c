/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/post-answer.h"

/* Sunday, 6 November 1994, 08:49:37 GMT, the example of RFC 9110. */
#define NOW (G_GINT64_CONSTANT (784111777) * G_USEC_PER_SEC)

static void
test_retry_after (void)
{
  static const struct
  {
    const char *field;
    gint64 wait;
  } rows[] = {
    { NULL, 0 },
    { "", 0 },
    { "0", 0 },
    { "7", 7 * G_USEC_PER_SEC },
    { "4294967295", 4294967295 * G_USEC_PER_SEC },
    { "4294967296", 0 },
    { "-1", 0 },
    { "1.5", 0 },
    { "soon", 0 },
    { "Sun, 06 Nov 1994 08:50:37 GMT", 60 * G_USEC_PER_SEC },
    { "Sun, 06 Nov 1994 08:48:37 GMT", 0 },
  };
  g_autoptr (GString) body = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (DispPostAnswer) answer = disp_post_answer_new (429, rows[i].field, body, NOW);

      g_assert_cmpint (answer->retry_after, ==, rows[i].wait);
    }
}

static void
test_text (void)
{
  static const struct
  {
    const char *body;
    gssize length;
    const char *text;
  } rows[] = {
    { "", -1, "" },
    { "{\"error\":\"no such model\"}", -1, "{\"error\":\"no such model\"}" },
    { " \r\ntwo\r\nlines\n", -1, "two  lines" },
    { "\x1b[31mred\x07", -1, "[31mred" },
    { "cut \xc3", -1, "cut \xef\xbf\xbd" },
    { "a\0b", 3,
      "a\xef\xbf\xbd"
      "b" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GString) body = g_string_new_len (rows[i].body, rows[i].length);
      g_autoptr (DispPostAnswer) answer = disp_post_answer_new (422, NULL, body, NOW);

      g_assert_cmpstr (answer->text, ==, rows[i].text);
    }
}

static void
test_status (void)
{
  static const struct
  {
    guint status;
    gboolean accepted;
    gboolean refusal;
  } rows[] = {
    { 101, FALSE, FALSE }, { 200, TRUE, FALSE },  { 201, TRUE, FALSE },  { 204, TRUE, FALSE },
    { 299, TRUE, FALSE },  { 302, FALSE, FALSE }, { 400, FALSE, TRUE },  { 401, FALSE, TRUE },
    { 404, FALSE, TRUE },  { 408, FALSE, FALSE }, { 413, FALSE, TRUE },  { 422, FALSE, TRUE },
    { 429, FALSE, FALSE }, { 499, FALSE, TRUE },  { 500, FALSE, FALSE }, { 503, FALSE, FALSE },
    { 599, FALSE, FALSE }, { 999, FALSE, FALSE },
  };
  g_autoptr (GString) body = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (DispPostAnswer) answer = disp_post_answer_new (rows[i].status, NULL, body, NOW);

      g_assert_cmpint (disp_post_answer_is_accepted (answer), ==, rows[i].accepted);
      g_assert_cmpint (disp_post_answer_is_refusal (answer), ==, rows[i].refusal);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/records/post-answer/retry-after", test_retry_after);
  g_test_add_func ("/records/post-answer/text", test_text);
  g_test_add_func ("/records/post-answer/status", test_status);
  return g_test_run ();
}
