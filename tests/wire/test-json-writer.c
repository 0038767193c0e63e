/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/json-writer.h"

#include "wire/json-string.h"

#include <float.h>
#include <json-glib/json-glib.h>
#include <locale.h>
#include <math.h>
#include <string.h>

static void
test_structure (void)
{
  g_auto (DispJsonWriter) writer = { 0 };
  g_autofree char *text = NULL;

  disp_json_writer_init (&writer);
  disp_json_writer_begin_object (&writer, NULL);
  disp_json_writer_begin_array (&writer, "empty");
  disp_json_writer_end_array (&writer);
  disp_json_writer_begin_array (&writer, "list");
  disp_json_writer_int (&writer, NULL, G_MININT64);
  disp_json_writer_begin_object (&writer, NULL);
  disp_json_writer_end_object (&writer);
  disp_json_writer_boolean (&writer, NULL, TRUE);
  disp_json_writer_end_array (&writer);
  disp_json_writer_begin_object (&writer, "object");
  disp_json_writer_null (&writer, "a\"b");
  disp_json_writer_boolean (&writer, "c", FALSE);
  disp_json_writer_end_object (&writer);
  disp_json_writer_string (&writer, "string", "s");
  disp_json_writer_string (&writer, "none", NULL);
  disp_json_writer_raw (&writer, "raw", "[NaN] and more", 5);
  disp_json_writer_end_object (&writer);
  text = disp_json_writer_steal (&writer);
  g_assert_cmpstr (text, ==,
                   "{\"empty\":[],\"list\":[-9223372036854775808,{},true],"
                   "\"object\":{\"a\\\"b\":null,\"c\":false},\"string\":\"s\",\"none\":null,"
                   "\"raw\":[NaN]}");
}

static char *
write_text (const char *value, gsize length)
{
  g_auto (DispJsonWriter) writer = { 0 };

  disp_json_writer_init (&writer);
  disp_json_writer_text (&writer, NULL, value, length);
  return disp_json_writer_steal (&writer);
}

static void
test_strings (void)
{
  static const struct
  {
    const char *value;
    gsize length;
    const char *text;
  } rows[] = {
    { "", 0, "\"\"" },
    { "abc", 3, "\"abc\"" },
    { "\"\\/", 3, "\"\\\"\\\\/\"" },
    { "\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\"" },
    { "\x01\x1f\x7f", 3, "\"\\u0001\\u001f\x7f\"" },
    { "a\0b", 3, "\"a\\u0000b\"" },
    { "\0", 1, "\"\\u0000\"" },
    { "é€😀", 9, "\"é€😀\"" },
    { "\xff", 1, "\"\xef\xbf\xbd\"" },
    { "a\xffz", 3, "\"a\xef\xbf\xbdz\"" },
    { "\xe2\x82", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
    { "\xed\xa0\x80\n", 4, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\\n\"" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text = write_text (rows[i].value, rows[i].length);

      g_assert_cmpstr (text, ==, rows[i].text);
    }
}

/* Any bytes become a string that is JSON, and UTF-8 comes back as it was. */
static void
test_any_bytes (void)
{
  for (guint round = 0; round < 10000; round++)
    {
      char bytes[32];
      gsize length = (gsize) g_test_rand_int_range (0, sizeof bytes);
      g_autofree char *text = NULL;
      g_autoptr (GError) error = NULL;
      DispJsonScanner scanner;

      for (gsize i = 0; i < length; i++)
        bytes[i] = (char) g_test_rand_int_range (0, round % 2 == 0 ? 256 : 128);
      text = write_text (bytes, length);
      disp_json_scanner_init (&scanner, text, strlen (text), 0);
      disp_json_scanner_value (&scanner, &error);
      g_assert_no_error (error);
      g_assert_true (disp_json_scanner_end (&scanner, NULL));
      if (memchr (bytes, '\0', length) == NULL && g_utf8_validate_len (bytes, length, NULL))
        {
          g_autofree char *back = disp_json_unescape (text + 1, strlen (text) - 2);

          g_assert_cmpmem (back, strlen (back), bytes, length);
        }
    }
}

static char *
write_double (double value)
{
  g_auto (DispJsonWriter) writer = { 0 };

  disp_json_writer_init (&writer);
  disp_json_writer_double (&writer, NULL, value);
  return disp_json_writer_steal (&writer);
}

static void
test_doubles (void)
{
  static const struct
  {
    double value;
    const char *text;
  } rows[] = {
    { 0, "0" },           { -0.0, "-0" },       { 1, "1" },
    { 0.1, "0.1" },       { -2.5, "-2.5" },     { 1e21, "1e+21" },
    { 100000, "100000" }, { 1.0 / 3, NULL },    { DBL_MAX, NULL },
    { DBL_MIN, NULL },    { 5e-324, NULL },     { 0.1 + 0.2, NULL },
    { NAN, "null" },      { INFINITY, "null" }, { -INFINITY, "null" },
  };
  g_autofree char *locale = g_strdup (setlocale (LC_NUMERIC, NULL));

  /* A locale with a decimal comma, where there is one. */
  setlocale (LC_NUMERIC, "it_IT.UTF-8");
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text = write_double (rows[i].value);

      if (rows[i].text != NULL)
        g_assert_cmpstr (text, ==, rows[i].text);
      else
        g_assert_cmpfloat (g_ascii_strtod (text, NULL), ==, rows[i].value);
      g_assert_true (disp_json_check (text, strlen (text), 0, NULL));
    }
  setlocale (LC_NUMERIC, locale);
}

static void
test_seconds (void)
{
  static const struct
  {
    gint64 microseconds;
    const char *text;
  } rows[] = {
    { 0, "0.000000" },
    { 1, "0.000001" },
    { 1500000, "1.500000" },
    { 1566830435109377, "1566830435.109377" },
    { -1, "-0.000001" },
    { -1500000, "-1.500000" },
    { G_MAXINT64, "9223372036854.775807" },
    { G_MININT64, "-9223372036854.775808" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (DispJsonWriter) writer = { 0 };
      g_autofree char *text = NULL;

      disp_json_writer_init (&writer);
      disp_json_writer_seconds (&writer, NULL, rows[i].microseconds);
      text = disp_json_writer_steal (&writer);
      g_assert_cmpstr (text, ==, rows[i].text);
    }
}

static void
test_bytes (void)
{
  g_auto (DispJsonWriter) writer = { 0 };
  g_autoptr (GBytes) bytes = NULL;

  disp_json_writer_init (&writer);
  disp_json_writer_begin_array (&writer, NULL);
  disp_json_writer_int (&writer, NULL, 1);
  disp_json_writer_int (&writer, NULL, 2);
  disp_json_writer_end_array (&writer);
  bytes = disp_json_writer_steal_bytes (&writer);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), "[1,2]", 5);
}

/* A document in parts has its commas where it would have them as a whole. */
static void
test_parts (void)
{
  static const char *const expected[] = { "[1", ",2,{\"a\":[]", "}]", "" };
  g_auto (DispJsonWriter) writer = { 0 };

  disp_json_writer_init (&writer);
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_autoptr (GBytes) part = NULL;

      if (i == 0)
        {
          disp_json_writer_begin_array (&writer, NULL);
          disp_json_writer_int (&writer, NULL, 1);
        }
      else if (i == 1)
        {
          disp_json_writer_int (&writer, NULL, 2);
          disp_json_writer_begin_object (&writer, NULL);
          disp_json_writer_begin_array (&writer, "a");
          disp_json_writer_end_array (&writer);
        }
      else if (i == 2)
        {
          disp_json_writer_end_object (&writer);
          disp_json_writer_end_array (&writer);
        }
      part = disp_json_writer_take_bytes (&writer);
      g_assert_cmpmem (g_bytes_get_data (part, NULL), g_bytes_get_size (part), expected[i],
                       strlen (expected[i]));
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/json-writer/structure", test_structure);
  g_test_add_func ("/wire/json-writer/strings", test_strings);
  g_test_add_func ("/wire/json-writer/any-bytes", test_any_bytes);
  g_test_add_func ("/wire/json-writer/doubles", test_doubles);
  g_test_add_func ("/wire/json-writer/seconds", test_seconds);
  g_test_add_func ("/wire/json-writer/bytes", test_bytes);
  g_test_add_func ("/wire/json-writer/parts", test_parts);
  return g_test_run ();
}
