/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/key-file-value.h"

#include "core/error.h"

#include <string.h>

static char *
read_value (const char *line, GError **error)
{
  g_autofree char *text = g_strconcat ("[a]\n", line, "\n[b]\nkey=other\n", NULL);
  g_autoptr (GKeyFile) file = g_key_file_new ();

  g_assert_true (g_key_file_load_from_data (file, text, strlen (text), G_KEY_FILE_NONE, NULL));
  return disp_key_file_value_read (file, "a", "key", error);
}

static void
test_read (void)
{
  static const struct
  {
    const char *line;
    const char *value;
  } cases[] = {
    { "key=2", "2" },
    { "key = 2", "2" },
    { "key=2  \t ", "2" },
    { "key=2\r", "2" },
    { "key=", "" },
    { "key=   ", "" },
    { "key=a b", "a b" },
    { "key=\\sa\\s", " a " },
    { "key=a\\tb\\nc\\rd\\\\e", "a\tb\nc\rd\\e" },
    { "key=a#b", "a#b" },
    { "key=a\\s#b", "a #b" },
    { "key=#a", "#a" },
    { "key=a;b;", "a;b;" },
    { "key=\"a\"", "\"a\"" },
    { "key=\303\274", "\303\274" },
    { "key=first\nkey=second ", "second" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *value = read_value (cases[i].line, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (value, ==, cases[i].value);
    }
}

static void
test_refused (void)
{
  static const struct
  {
    const char *line;
    const char *message;
  } cases[] = {
    { "key=2 # two", "expected comments on lines of their own, found \"2 # two\" (a blank before "
                     "\"#\" that is meant is written \\s)" },
    { "key=a#b\t#c",
      "expected comments on lines of their own, found \"a#b\t#c\" (a blank before \"#\" that is "
      "meant is written \\s)" },
    { "key=a\\qb", "expected UTF-8 text with no other escapes than \\s, \\n, \\t, \\r and \\\\, "
                   "found \"a\\qb\"" },
    { "key=a\\",
      "expected UTF-8 text with no other escapes than \\s, \\n, \\t, \\r and \\\\, found "
      "\"a\\\"" },
    { "key=a\\;b", "expected UTF-8 text with no other escapes than \\s, \\n, \\t, \\r and \\\\, "
                   "found \"a\\;b\"" },
    { "key=a\377", "expected UTF-8 text with no other escapes than \\s, \\n, \\t, \\r and \\\\, "
                   "found \"a\357\277\275\"" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *value = read_value (cases[i].line, &error);

      g_assert_null (value);
      g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
      g_assert_cmpstr (error->message, ==, cases[i].message);
    }
}

/* Whatever is written is read as it was: every text of up to four of these characters. */
static void
test_round_trip (void)
{
  static const char characters[] = { ' ', '\t', '\n', '\r', '\\', 's', ';', '=', 'a' };
  guint n = G_N_ELEMENTS (characters);

  for (guint code = 0; code < (n + 1) * (n + 1) * (n + 1) * (n + 1); code++)
    {
      char text[6] = "";
      g_autofree char *written = NULL;
      g_autofree char *line = NULL;
      g_autofree char *value = NULL;
      g_autoptr (GError) error = NULL;

      for (guint rest = code; rest > 0; rest /= n + 1)
        if (rest % (n + 1) > 0)
          text[strlen (text)] = characters[rest % (n + 1) - 1];
      written = disp_key_file_value_write (text);
      line = g_strconcat ("key=", written, NULL);
      value = read_value (line, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (value, ==, text);
    }
}

static void
test_written_hash (void)
{
  static const char *const texts[] = { "a #b", "a  # b", "#", "a#", " #", "a\t#" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autofree char *written = disp_key_file_value_write (texts[i]);
      g_autofree char *line = g_strconcat ("key=", written, NULL);
      g_autoptr (GError) error = NULL;
      g_autofree char *value = read_value (line, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (value, ==, texts[i]);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/key-file-value/read", test_read);
  g_test_add_func ("/app/key-file-value/refused", test_refused);
  g_test_add_func ("/app/key-file-value/round-trip", test_round_trip);
  g_test_add_func ("/app/key-file-value/written-hash", test_written_hash);
  return g_test_run ();
}
