/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/timeout-field.h"

#include "core/error.h"

static void
test_good (void)
{
  static const struct
  {
    const char *value; /* (nullable) */
    gint64 timeout;
  } rows[] = {
    { NULL, 0 },
    { "1", 1000 },
    { "250", 250000 },
    { "007", 7000 },
    { "86400000", G_TIME_SPAN_DAY },
    { "86400001", G_TIME_SPAN_DAY },
    { "9223372036854775807", G_TIME_SPAN_DAY },
    { "18446744073709551617", G_TIME_SPAN_DAY },
    { "100000000000000000000000000000000000000000000", G_TIME_SPAN_DAY },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      gint64 timeout = -1;
      g_autoptr (GError) error = NULL;

      g_assert_true (disp_timeout_field_parse (rows[i].value, &timeout, &error));
      g_assert_no_error (error);
      g_assert_cmpint (timeout, ==, rows[i].timeout);
    }
}

static void
test_bad (void)
{
  static const char *const values[] = { "",
                                        "0",
                                        "000",
                                        "-1",
                                        "+1",
                                        "1.5",
                                        "1e3",
                                        "0x10",
                                        "5ms",
                                        "5s",
                                        "1, 2",
                                        "1,2",
                                        "1 2",
                                        "5 ",
                                        " 5",
                                        "soon",
                                        "5;q=1",
                                        "1\t",
                                        "100m",
                                        "NaN",
                                        "\xff",
                                        "1_0",
                                        "99999999999999999999x" };

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      gint64 timeout = -1;
      g_autoptr (GError) error = NULL;

      g_assert_false (disp_timeout_field_parse (values[i], &timeout, &error));
      g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_VALUE);
      g_assert_true (g_str_has_prefix (error->message, "X-Timeout-Ms is \""));
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      g_assert_cmpint (timeout, ==, -1);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/timeout-field/good", test_good);
  g_test_add_func ("/wire/timeout-field/bad", test_bad);
  return g_test_run ();
}
