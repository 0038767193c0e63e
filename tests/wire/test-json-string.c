/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/json-string.h"

#include <string.h>

/* A string whose special byte stands at each place of a block, and a little beyond. */
static void
test_blocks (void)
{
  static const char *const specials[] = { "\n", "\xff", "\\x" };

  for (gsize at = 0; at < 200; at++)
    {
      g_autoptr (GString) text = g_string_new ("\"");

      while (text->len <= 200)
        g_string_append_c (text, 'a');
      g_string_append_c (text, '"');
      g_assert_true (disp_json_check (text->str, text->len, 0, NULL));
      for (gsize i = 0; i < G_N_ELEMENTS (specials); i++)
        {
          g_autofree char *copy = g_strndup (text->str, text->len);

          memcpy (copy + 1 + at, specials[i], strlen (specials[i]));
          g_assert_false (disp_json_check (copy, text->len, 0, NULL));
        }
    }
}

static void
test_unescape (void)
{
  static const struct
  {
    const char *string;
    const char *characters; /* (nullable) */
  } rows[] = {
    { "", "" },
    { "abc", "abc" },
    { "\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t" },
    { "mod\\u0065l", "model" },
    { "\\u00e9\\u20AC", "é€" },
    { "\\ud83d\\ude00!", "😀!" },
    { "é", "é" },
    { "\\u0000", NULL },
    { "\\ud83d", NULL },
    { "\\ud83dx", NULL },
    { "\\ude00\\ud83d", NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *characters = disp_json_unescape (rows[i].string, strlen (rows[i].string));

      g_assert_cmpstr (characters, ==, rows[i].characters);
    }
}

/* Where a C string cannot hold it, bytes can; and half a pair is one character. */
static void
test_unescape_bytes (void)
{
  static const struct
  {
    const char *string;
    const char *bytes;
    gsize length;
  } rows[] = {
    { "", "", 0 },
    { "abc", "abc", 3 },
    { "\\n\\u00e9", "\né", 3 },
    { "a\\u0000b", "a\0b", 3 },
    { "\\ud83d\\ude00", "😀", 4 },
    { "\\ud83d\\u0061\\ude00", "\xef\xbf\xbd\x61\xef\xbf\xbd", 7 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GBytes) bytes = disp_json_unescape_bytes (rows[i].string, strlen (rows[i].string));

      g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), rows[i].bytes,
                       rows[i].length);
    }
}

static void
test_large (void)
{
  const gsize length = 10 * 1000 * 1000;
  g_autofree char *text = g_malloc (length);

  memset (text, 'A', length);
  text[0] = text[length - 1] = '"';
  g_assert_true (disp_json_check (text, length, 0, NULL));
  for (gsize i = 1; i + 2 < length; i += 2)
    memcpy (text + i, "\\\"", 2);
  g_assert_true (disp_json_check (text, length, 0, NULL));
  g_assert_false (disp_json_check (text, length - 1, 0, NULL));
  for (gsize i = 1; i + 2 < length; i += 2)
    memcpy (text + i, "é", 2);
  g_assert_true (disp_json_check (text, length, 0, NULL));
  text[length / 2] = (char) 0xff;
  g_assert_false (disp_json_check (text, length, 0, NULL));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/json-string/blocks", test_blocks);
  g_test_add_func ("/wire/json-string/unescape", test_unescape);
  g_test_add_func ("/wire/json-string/unescape-bytes", test_unescape_bytes);
  g_test_add_func ("/wire/json-string/large", test_large);
  return g_test_run ();
}
