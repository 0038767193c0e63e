/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/clean-text.h"

#include <gio/gio.h>
#include <string.h>

/* Names come from files and records that others write: no terminal obeys them. */
static void
test_text (void)
{
  static const struct
  {
    const char *text;
    const char *clean;
  } rows[] = {
    { "", "" },
    { "caf\xc3\xa9 \xe6\x97\xa5", "caf\xc3\xa9 \xe6\x97\xa5" },
    { "a\033[2Jb\xff\nc\xc2\x9b", "a\xef\xbf\xbd[2Jb\xef\xbf\xbd c\xef\xbf\xbd" },
    { "\r\n\t\177", "\xef\xbf\xbd  \xef\xbf\xbd" },
    { "a\xe2\x80\xa8"
      "b\xe2\x80\xa9",
      "a\xef\xbf\xbd"
      "b\xef\xbf\xbd" },
    { "\xe6\x97", "\xef\xbf\xbd\xef\xbf\xbd" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *clean = disp_clean_text (rows[i].text);

      g_assert_cmpstr (clean, ==, rows[i].clean);
    }
}

static void
test_message (void)
{
  g_autoptr (GError) error = NULL;

  disp_clean_message (NULL);
  disp_clean_message (&error);
  g_assert_no_error (error);
  error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "two\nlines of \xfe");
  disp_clean_message (&error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
  g_assert_cmpstr (error->message, ==, "two lines of \xef\xbf\xbd");
}

/* Wherever it would be cut, no character is. */
static void
test_long_message (void)
{
  for (guint before = 0; before < 4; before++)
    {
      g_autoptr (GString) text = g_string_new ("abc");
      g_autoptr (GError) error = NULL;
      gsize length;

      g_string_truncate (text, before);
      while (text->len <= 16384)
        g_string_append (text, "\xe6\x97\xa5");
      error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, text->str);
      disp_clean_message (&error);
      length = strlen (error->message);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      g_assert_true (g_str_has_suffix (error->message, "\xe6\x97\xa5\xe2\x80\xa6"));
      g_assert_cmpuint (length, <=, 16384 + 3);
      g_assert_cmpuint (length, >, 16384 - 3);
    }
}

/* The longest that is left whole. */
static void
test_longest_message (void)
{
  g_autofree char *text = g_strnfill (16384, 'a');
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, text);

  disp_clean_message (&error);
  g_assert_cmpstr (error->message, ==, text);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/clean-text/text", test_text);
  g_test_add_func ("/core/clean-text/message", test_message);
  g_test_add_func ("/core/clean-text/long-message", test_long_message);
  g_test_add_func ("/core/clean-text/longest-message", test_longest_message);
  return g_test_run ();
}
