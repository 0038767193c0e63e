/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/format.h"

static void
check_text (char *got, const char *expected)
{
  g_autofree char *owned = got;

  g_assert_cmpstr (owned, ==, expected);
}

static void
test_latency (void)
{
  check_text (disp_format_latency (0), "-");
  check_text (disp_format_latency (1), "1 µs");
  check_text (disp_format_latency (999), "999 µs");
  check_text (disp_format_latency (1000), "1.00 ms");
  check_text (disp_format_latency (12345), "12.3 ms");
  check_text (disp_format_latency (123456), "123 ms");
  check_text (disp_format_latency (1234567), "1.23 s");
  check_text (disp_format_latency (123456789), "123 s");
}

static void
test_span (void)
{
  check_text (disp_format_span (0), "0 s");
  check_text (disp_format_span (59999999), "59 s");
  check_text (disp_format_span (60000000), "1 min 0 s");
  check_text (disp_format_span (G_GUINT64_CONSTANT (3600) * 1000000 + 120000000), "1 h 2 min");
  check_text (disp_format_span (G_GUINT64_CONSTANT (90000) * 1000000), "1 d 1 h");
}

static void
test_numbers (void)
{
  check_text (disp_format_number (100000), "100000");
  check_text (disp_format_number (0.25), "0.25");
  check_text (disp_format_number (0), "0");
  check_text (disp_format_count (G_MAXUINT64), "18446744073709551615");
  check_text (disp_format_rate (-1), "-");
  check_text (disp_format_rate (0), "0.00/s");
  check_text (disp_format_rate (12.34), "12.3/s");
  check_text (disp_format_rate (1204.4), "1204/s");
}

static void
test_percent (void)
{
  check_text (disp_format_percent (0), "0 %");
  check_text (disp_format_percent (1), "100 %");
  check_text (disp_format_percent (0.25), "25 %");
  check_text (disp_format_percent (1.0 / 3), "33.3 %");
  check_text (disp_format_percent (0.0001), "< 0.1 %");
  check_text (disp_format_percent (0.99999), "> 99.9 %");
  /* Sums of probabilities are not quite what they should be. */
  check_text (disp_format_percent (1 - 1e-12), "100 %");
}

static void
test_time (void)
{
  g_setenv ("TZ", "UTC", TRUE);
  check_text (disp_format_time (G_GINT64_CONSTANT (1795499604456005)), "2026-11-24 05:53:24.456");
  check_text (disp_format_time (G_MAXINT64), "-");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/client/format/latency", test_latency);
  g_test_add_func ("/client/format/span", test_span);
  g_test_add_func ("/client/format/numbers", test_numbers);
  g_test_add_func ("/client/format/percent", test_percent);
  g_test_add_func ("/client/format/time", test_time);
  return g_test_run ();
}
