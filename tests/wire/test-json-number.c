/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/json-number.h"

#include "wire/json-writer.h"

#include <string.h>

static void
test_counts (void)
{
  static const struct
  {
    const char *text;
    gint64 max;
    gint64 count; /* -1 = none */
  } rows[] = {
    { "0", 9, 0 },
    { "9", 9, 9 },
    { "10", 9, -1 },
    { "3", 999, 3 },
    { "999", 999, 999 },
    { "1000", 999, -1 },
    { "9223372036854775807", G_MAXINT64, G_MAXINT64 },
    { "9223372036854775808", G_MAXINT64, -1 },
    { "92233720368547758070", G_MAXINT64, -1 },
    { "-1", 9, -1 },
    { "-0", 9, -1 },
    { "1.0", 9, -1 },
    { "1e0", 9, -1 },
    { "\"1\"", 9, -1 },
    { "true", 9, -1 },
    { "NaN", 9, -1 },
    { "[]", 9, -1 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      gint64 count = -1;

      g_test_message ("%s", rows[i].text);
      g_assert_cmpint (
          disp_json_read_count (rows[i].text, strlen (rows[i].text), rows[i].max, &count), ==,
          rows[i].count >= 0);
      g_assert_cmpint (count, ==, rows[i].count);
    }
}

static void
test_seconds (void)
{
  static const struct
  {
    const char *text;
    gint64 microseconds; /* -1 = none */
  } rows[] = {
    { "0", 0 },
    { "0.0", 0 },
    { "0e999999999999999999999", 0 },
    { "0e-5", 0 },
    { "1", 1000000 },
    { "1566830435.1093774", 1566830435109377 },
    { "1566830435.10937749999999999999999999", 1566830435109377 },
    { "1566830435.1093775", 1566830435109378 },
    { "0.9999995", 1000000 },
    { "0.0000005", 1 },
    { "0.00000049", 0 },
    { "1.5e3", 1500000000 },
    { "1.5E+3", 1500000000 },
    { "1.566830435109377e9", 1566830435109377 },
    { "1566830435109377e-6", 1566830435109377 },
    { "1566830435109377500e-9", 1566830435109378 },
    { "5e-7", 1 },
    { "4e-7", 0 },
    { "9e-8", 0 },
    { "1e-999999999999999999999", 0 },
    { "0.000001e6", 1000000 },
    { "9223372036854.775807", G_MAXINT64 },
    { "9223372036854.7758074", G_MAXINT64 },
    { "9223372036854.7758075", -1 },
    { "9223372036854.775808", -1 },
    { "9223372036855", -1 },
    { "1e13", -1 },
    { "1e999999999999999999999", -1 },
    { "-1", -1 },
    { "-0", -1 },
    { "\"1\"", -1 },
    { "NaN", -1 },
    { "Infinity", -1 },
    { "true", -1 },
    { "{}", -1 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      gint64 microseconds = -1;

      g_test_message ("%s", rows[i].text);
      g_assert_cmpint (disp_json_read_seconds (rows[i].text, strlen (rows[i].text), &microseconds),
                       ==, rows[i].microseconds >= 0);
      g_assert_cmpint (microseconds, ==, rows[i].microseconds);
    }
}

/* What the writer makes of a time comes back as it was. */
static void
test_written (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (20261103);

  for (guint i = 0; i < 10000; i++)
    {
      guint64 bits = (guint64) g_rand_int (random) << 32 | g_rand_int (random);
      gint64 time = (gint64) (bits >> g_rand_int_range (random, 1, 64));
      g_auto (DispJsonWriter) writer = { 0 };
      gint64 back = -1;

      disp_json_writer_init (&writer);
      disp_json_writer_seconds (&writer, NULL, time);
      g_assert_true (disp_json_read_seconds (writer.text->str, writer.text->len, &back));
      g_assert_cmpint (back, ==, time);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/json-number/counts", test_counts);
  g_test_add_func ("/wire/json-number/seconds", test_seconds);
  g_test_add_func ("/wire/json-number/written", test_written);
  return g_test_run ();
}
