/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/json-scanner.h"

#include "core/error.h"

#include <json-glib/json-glib.h>
#include <string.h>

/* A text with its length, since some have NULs. */
typedef struct
{
  const char *section; /* of RFC 8259 */
  const char *text;
  gsize length;
} Row;

#define ROW(section, text)                                                                         \
  {                                                                                                \
    section, text, sizeof text - 1                                                                 \
  }

static const Row accepted[] = {
  ROW ("2", "1"),
  ROW ("2", " \t\r\n1 \t\r\n"),
  ROW ("2", " [ ] "),
  ROW ("3", "true"),
  ROW ("3", "false"),
  ROW ("3", "null"),
  ROW ("3", "\"\""),
  ROW ("4", "{}"),
  ROW ("4", "{\"a\":1}"),
  ROW ("4", "{ \"a\" : 1 , \"b\" : { \"c\" : [ ] } }"),
  ROW ("4", "{\"\":0}"),
  ROW ("4", "{\"a\":1,\"a\":2}"),
  ROW ("5", "[]"),
  ROW ("5", "[1,\"a\",null,[[]],{}]"),
  ROW ("6", "0"),
  ROW ("6", "-0"),
  ROW ("6", "-1"),
  ROW ("6", "10"),
  ROW ("6", "1.5"),
  ROW ("6", "-0.0"),
  ROW ("6", "1e5"),
  ROW ("6", "1E+5"),
  ROW ("6", "1.25e-05"),
  ROW ("6", "0e0"),
  ROW ("6", "1e400"),
  ROW ("6", "9223372036854775807"),
  ROW ("6", "-9223372036854775808"),
  ROW ("7", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
  ROW ("7", "\"\\u0041\\uABCD\\uabcd\""),
  ROW ("7", "\"\\ud83d\\ude00\""),
  ROW ("7", "\"\x7f\""),
  ROW ("7", "\"\\\\\""),
  ROW ("7", "\"a\\\"b\\\"\\\\\\\"\""),
  ROW ("8.1", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""),
  ROW ("8.1", "\"\xef\xbf\xbf\""),
  ROW ("8.1", "\"\xe2\x80\xa8\""),
};

static const Row refused[] = {
  ROW ("2", ""),
  ROW ("2", " "),
  ROW ("2", "1 2"),
  ROW ("2", "[] []"),
  ROW ("2", "{}}"),
  ROW ("2", "[]]"),
  ROW ("2", "1\f"),
  ROW ("2", "\v1"),
  ROW ("2", "1\0"),
  ROW ("2", "\0"),
  ROW ("2", "[\0]"),
  ROW ("2", "1,"),
  ROW ("2", ","),
  ROW ("2", "[1}"),
  ROW ("2", "{\"a\":1]"),
  ROW ("2", "[\xc2\xa0]"),
  ROW ("2", "[] // no"),
  ROW ("2", "/* no */ []"),
  ROW ("2", "#\n1"),
  ROW ("3", "True"),
  ROW ("3", "nul"),
  ROW ("3", "nulll"),
  ROW ("3", "tru"),
  ROW ("3", "truee"),
  ROW ("3", "fals"),
  ROW ("3", "undefined"),
  ROW ("3", "a"),
  ROW ("3", "[a]"),
  ROW ("3", "'a'"),
  ROW ("4", "{"),
  ROW ("4", "}"),
  ROW ("4", "{,}"),
  ROW ("4", "{\"a\"}"),
  ROW ("4", "{\"a\":}"),
  ROW ("4", "{\"a\" 1}"),
  ROW ("4", "{\"a\"::1}"),
  ROW ("4", "{\"a\",1}"),
  ROW ("4", "{:1}"),
  ROW ("4", "{a:1}"),
  ROW ("4", "{1:1}"),
  ROW ("4", "{'a':1}"),
  ROW ("4", "{\"a\":1,}"),
  ROW ("4", "{\"a\":1,,\"b\":2}"),
  ROW ("4", "{\"a\":1 \"b\":2}"),
  ROW ("4", "{\"a\":1;\"b\":2}"),
  ROW ("4", "{[]:1}"),
  ROW ("4", "{null:1}"),
  ROW ("5", "["),
  ROW ("5", "]"),
  ROW ("5", "[1"),
  ROW ("5", "[1,"),
  ROW ("5", "[,1]"),
  ROW ("5", "[1,]"),
  ROW ("5", "[1,,2]"),
  ROW ("5", "[1 2]"),
  ROW ("5", "[1:2]"),
  ROW ("5", "[\"a\":1]"),
  ROW ("5", "[[]"),
  ROW ("6", "+1"),
  ROW ("6", "-"),
  ROW ("6", "--1"),
  ROW ("6", "- 1"),
  ROW ("6", "00"),
  ROW ("6", "01"),
  ROW ("6", "-01"),
  ROW ("6", ".5"),
  ROW ("6", "-.5"),
  ROW ("6", "1."),
  ROW ("6", "[1.]"),
  ROW ("6", "1.e5"),
  ROW ("6", "1e"),
  ROW ("6", "1e+"),
  ROW ("6", "1e-"),
  ROW ("6", "1ee5"),
  ROW ("6", "1e5.5"),
  ROW ("6", "1.5.5"),
  ROW ("6", "1+2"),
  ROW ("6", "0x1f"),
  ROW ("6", "1_000"),
  ROW ("6", "1a"),
  ROW ("6", "\xef\xbc\x91"),
  ROW ("6", "NaN"),
  ROW ("6", "nan"),
  ROW ("6", "[NaN]"),
  ROW ("6", "Infinity"),
  ROW ("6", "-Infinity"),
  ROW ("6", "inf"),
  ROW ("6", "-NaN"),
  ROW ("7", "\""),
  ROW ("7", "\"a"),
  ROW ("7", "a\""),
  ROW ("7", "\"\\\""),
  ROW ("7", "\"\\"),
  ROW ("7", "\"a\nb\""),
  ROW ("7", "\"a\tb\""),
  ROW ("7", "\"a\0b\""),
  ROW ("7", "\"\x1f\""),
  ROW ("7", "\"\\a\""),
  ROW ("7", "\"\\x41\""),
  ROW ("7", "\"\\'\""),
  ROW ("7", "\"\\U0041\""),
  ROW ("7", "\"\\\0\""),
  ROW ("7", "\"\\\n\""),
  ROW ("7", "\"\\u\""),
  ROW ("7", "\"\\u1\""),
  ROW ("7", "\"\\u12\""),
  ROW ("7", "\"\\u123\""),
  ROW ("7", "\"\\u123"),
  ROW ("7", "\"\\u123g\""),
  ROW ("7", "\"\\u-123\""),
  ROW ("7", "\"\\\xe2\x82\xac\""),
  ROW ("8.1", "\xef\xbb\xbf{}"),
  ROW ("8.1", "\xff\xfe[\0]\0"),
  ROW ("8.1", "\"\xff\""),
  ROW ("8.1", "\"\x80\""),
  ROW ("8.1", "\"\xc3\""),
  ROW ("8.1", "\"\xc3(\""),
  ROW ("8.1", "\"\xe2\x82\""),
  ROW ("8.1", "\"\xc0\xaf\""),
  ROW ("8.1", "\"\xe0\x80\xaf\""),
  ROW ("8.1", "\"\xf0\x80\x80\xaf\""),
  ROW ("8.1", "\"\xed\xa0\x80\""),
  ROW ("8.1", "\"\xf4\x90\x80\x80\""),
  ROW ("8.1", "\"\xf8\x88\x80\x80\x80\""),
  ROW ("8.1", "\"\xe2\\u0041\x82\xac\""),
  ROW ("8.1", "{\"\xff\":1}"),
};

/* What is JSON, but nothing that a gint64 or a C string can hold. */
static const Row inexact[] = {
  ROW ("6", "9223372036854775808"),   ROW ("6", "[-9223372036854775809]"),
  ROW ("6", "100000000000000000000"), ROW ("7", "\"\\u0000\""),
  ROW ("8.2", "\"\\ud800\""),         ROW ("8.2", "\"\\udc00\""),
  ROW ("8.2", "\"\\ud800\\u0041\""),  ROW ("8.2", "\"\\ud800x\""),
  ROW ("8.2", "\"\\udc00\\ud800\""),
};

/* A copy that ends where the text ends, so that reading on is seen. */
static gboolean
check (const char *text, gsize length, guint max_depth, GError **error)
{
  g_autofree char *copy = g_malloc (MAX (length, 1));

  memcpy (copy, text, length);
  return disp_json_check (copy, length, max_depth, error);
}

static gboolean
scan (const char *text, gsize length, gboolean nan, GError **error)
{
  DispJsonScanner scanner;

  disp_json_scanner_init (&scanner, text, length, DISP_JSON_MAX_DEPTH);
  scanner.nan = nan;
  return disp_json_scanner_value (&scanner, error) && disp_json_scanner_end (&scanner, error);
}

static void
test_accepts (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (accepted); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("section %s: %s", accepted[i].section, accepted[i].text);
      check (accepted[i].text, accepted[i].length, 8, &error);
      g_assert_no_error (error);
    }
}

static void
test_refuses (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("section %s, row %" G_GSIZE_FORMAT, refused[i].section, i);
      g_assert_false (check (refused[i].text, refused[i].length, 8, &error));
      g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_JSON);
      g_assert_true (g_str_has_prefix (error->message, "byte "));
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      g_assert_false (scan (refused[i].text, refused[i].length, FALSE, NULL));
    }
}

static void
test_exact (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (inexact); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("section %s: %s", inexact[i].section, inexact[i].text);
      g_assert_false (check (inexact[i].text, inexact[i].length, 8, &error));
      g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_JSON);
      g_assert_true (scan (inexact[i].text, inexact[i].length, FALSE, NULL));
    }
}

static void
test_nan (void)
{
  static const char *const good[] = { "NaN", "Infinity", "-Infinity",
                                      "[NaN,-Infinity,1,Infinity]" };
  static const char *const bad[] = { "nan",  "Na",        "NaNN",     "+Infinity",  "infinity",
                                     "-NaN", "Infinit",   "-Infinit", "- Infinity", "{NaN:1}",
                                     "-inf", "InfinityN", "-I",       "NULL",       "INFINITY" };

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_assert_true (scan (good[i], strlen (good[i]), TRUE, NULL));
      g_assert_false (scan (good[i], strlen (good[i]), FALSE, NULL));
    }
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_test_message ("%s", bad[i]);
      g_assert_false (scan (bad[i], strlen (bad[i]), TRUE, NULL));
    }
}

/* Arrays, objects and strings: no prefix of one of these is one. */
static void
test_prefixes (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (accepted); i++)
    {
      const char *text = accepted[i].text;

      if (strchr ("[{\"", *text) == NULL)
        continue;
      for (gsize length = 0; length < accepted[i].length; length++)
        g_assert_false (check (text, length, 8, NULL));
    }
}

static void
test_depth (void)
{
  static const struct
  {
    const char *text;
    guint depth;
  } rows[] = { { "[]", 1 },      { "{}", 1 },           { "[[]]", 2 },         { "{\"a\":[]}", 2 },
               { "[[],[]]", 2 }, { "[{\"a\":{}}]", 3 }, { "[[[]],[[1]]]", 3 }, { "1", 0 } };
  g_autofree char *brackets = g_malloc (100000);
  g_autofree char *deepest = g_malloc (2 * DISP_JSON_MAX_DEPTH);
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_assert_true (check (rows[i].text, strlen (rows[i].text), rows[i].depth, NULL));
      if (rows[i].depth > 0)
        g_assert_false (check (rows[i].text, strlen (rows[i].text), rows[i].depth - 1, NULL));
    }
  memset (deepest, '[', DISP_JSON_MAX_DEPTH);
  memset (deepest + DISP_JSON_MAX_DEPTH, ']', DISP_JSON_MAX_DEPTH);
  g_assert_true (check (deepest, 2 * DISP_JSON_MAX_DEPTH, G_MAXUINT, NULL));
  memset (brackets, '[', 100000);
  g_assert_false (check (brackets, 100000, G_MAXUINT, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_JSON);
  g_assert_cmpstr (error->message, ==, "byte 512: nested deeper than 512 levels");
}

static void
test_messages (void)
{
  static const struct
  {
    const char *text;
    const char *message;
  } rows[] = {
    { "", "byte 0: expected a value, found the end" },
    { "[1,]", "byte 3: expected a value, found ']'" },
    { "{\"a\" 1}", "byte 5: expected ':' after a member name, found '1'" },
    { "{\"a\":1,}", "byte 7: expected a member name, found '}'" },
    { "[1 2]", "byte 3: expected ',' or ']', found '2'" },
    { "{\"a\":1 2}", "byte 7: expected ',' or '}', found '2'" },
    { "[]x", "byte 2: expected the end, found 'x'" },
    { "[\"abc]", "byte 1: a string that does not end" },
    { "[\"ab\n\"]", "byte 4: a control character (0x0a) in a string" },
    { "[\"ab\xff\"]", "byte 4: a string that is not UTF-8" },
    { "[\"ab\\q\"]", "byte 4: an unknown escape in a string" },
    { "[012]", "byte 1: a number with a leading zero" },
    { "[1.x]", "byte 3: expected a digit after the point, found 'x'" },
    { "[1e]", "byte 3: expected a digit in the exponent, found ']'" },
    { "\xef\xbb\xbf[]", "byte 0: expected a value, found the byte 0xef" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (check (rows[i].text, strlen (rows[i].text), 8, &error));
      g_assert_cmpstr (error->message, ==, rows[i].message);
    }
}

static double
seconds_of (const char *what, const char *text, gsize length, guint rounds, double reference)
{
  double seconds;

  g_test_timer_start ();
  for (guint i = 0; i < rounds; i++)
    g_assert_true (disp_json_check (text, length, 8, NULL));
  seconds = g_test_timer_elapsed () / rounds;
  g_test_maximized_result (reference / seconds, "%s: %.0f MB/s, %.2f times the reference", what,
                           (double) length / seconds / 1e6, reference / seconds);
  return seconds;
}

/* Numbers beside json-glib, strings beside memcpy. */
static void
test_speed (void)
{
  g_autoptr (GString) numbers = g_string_new ("[0");
  g_autoptr (GString) string = g_string_new ("\"");
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autofree char *copy = NULL;
  double reference;

  while (numbers->len < 10 * 1000 * 1000)
    g_string_append_printf (numbers, ",%.9g", g_rand_double_range (random, -1, 1));
  g_string_append_c (numbers, ']');
  while (string->len < 10 * 1000 * 1000)
    g_string_append_c (string, g_rand_int_range (random, 'A', 'Z'));
  g_string_append_c (string, '"');

  g_test_timer_start ();
  g_assert_true (json_parser_load_from_data (parser, numbers->str, (gssize) numbers->len, NULL));
  reference = g_test_timer_elapsed ();
  g_assert_cmpfloat (seconds_of ("numbers", numbers->str, numbers->len, 10, reference), <,
                     reference);

  copy = g_malloc0 (string->len);
  g_test_timer_start ();
  for (guint i = 0; i < 20; i++)
    memcpy (copy, string->str, string->len - i);
  reference = g_test_timer_elapsed () / 20;
  g_assert_cmpmem (copy, 1000, string->str, 1000);
  g_assert_cmpfloat (seconds_of ("strings", string->str, string->len, 20, reference), <,
                     20 * reference);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/json-scanner/accepts", test_accepts);
  g_test_add_func ("/wire/json-scanner/refuses", test_refuses);
  g_test_add_func ("/wire/json-scanner/exact", test_exact);
  g_test_add_func ("/wire/json-scanner/nan", test_nan);
  g_test_add_func ("/wire/json-scanner/prefixes", test_prefixes);
  g_test_add_func ("/wire/json-scanner/depth", test_depth);
  g_test_add_func ("/wire/json-scanner/messages", test_messages);
  if (g_test_perf ())
    g_test_add_func ("/wire/json-scanner/speed", test_speed);
  return g_test_run ();
}
