/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/token.h"

#include "core/error.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static char *path; /* (owned) */

static void
test_good (void)
{
  static const char *const texts[] = {
    "SECRET",
    "SECRET\n",
    "  SECRET \r\n",
    "alice SECRET\n",
    "# mine\n\nalice \t SECRET\nbob OTHER\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autofree char *value = NULL;
      g_autoptr (GError) error = NULL;

      g_assert_true (g_file_set_contents (path, texts[i], -1, NULL));
      value = disp_token_read (path, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (value, ==, "Bearer SECRET");
    }
}

static void
test_bad (void)
{
  static const char *const texts[] = {
    "", "\n", "# SECRET\n", "SECRET\001", "SECRET\303\251", "SECRET\rX-Other:x",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_true (g_file_set_contents (path, texts[i], -1, NULL));
      g_assert_null (disp_token_read (path, &error));
      g_assert_error (error, DISP_ERROR, DISP_ERROR_FAILED);
      g_assert_nonnull (strstr (error->message, "expected a line TOKEN or NAME TOKEN"));
      g_assert_null (strstr (error->message, "SECRET"));
    }
}

static void
test_missing (void)
{
  g_autoptr (GError) error = NULL;

  g_unlink (path);
  g_assert_null (disp_token_read (path, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
}

int
main (int argc, char **argv)
{
  int status;
  int fd;

  g_test_init (&argc, &argv, NULL);
  fd = g_file_open_tmp ("token-XXXXXX", &path, NULL);
  g_assert_cmpint (fd, >=, 0);
  close (fd);
  g_test_add_func ("/client/token/good", test_good);
  g_test_add_func ("/client/token/bad", test_bad);
  g_test_add_func ("/client/token/missing", test_missing);
  status = g_test_run ();
  g_unlink (path);
  g_free (path);
  return status;
}
