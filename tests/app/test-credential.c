/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/credential.h"

#include "core/error.h"

#include <glib/gstdio.h>
#include <string.h>

#define NAME DISP_CREDENTIAL_STORE

static char *directory; /* (owned) that of the credentials */
static char *path;      /* (owned) that of the one */

static void
write_credential (const char *bytes, gssize size)
{
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, bytes, size, &error);
  g_assert_no_error (error);
}

static void
assert_value (const char *expected)
{
  g_autofree char *value = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (disp_credential_read (NAME, &value, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (value, ==, expected);
}

static void
assert_refused (const char *expected, const char *secret)
{
  char *value = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (disp_credential_read (NAME, &value, &error));
  g_assert_null (value);
  g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
  g_assert_nonnull (strstr (error->message, path));
  g_assert_nonnull (strstr (error->message, expected));
  if (secret != NULL)
    g_assert_null (strstr (error->message, secret));
}

static void
test_good (void)
{
  g_autofree char *longest = g_strnfill (8192, 'x');
  g_autofree char *longest_line = g_strconcat (longest, "\n", NULL);
  const struct
  {
    const char *bytes;
    const char *value;
  } rows[] = {
    { "Bearer abc", "Bearer abc" },
    { "Bearer abc\n", "Bearer abc" },
    { "x", "x" },
    { "Digest a=\"b\", c=d~\n", "Digest a=\"b\", c=d~" },
    { longest, longest },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      write_credential (rows[i].bytes, -1);
      assert_value (rows[i].value);
    }
  write_credential (longest_line, -1);
  assert_refused ("at most 8192 bytes", "xxx");
}

/* Nothing that could end the field, or begin another; and none of it is told. */
static void
test_bad (void)
{
  static const struct
  {
    const char *bytes;
    gssize size;
  } rows[] = {
    { "", -1 },
    { "\n", -1 },
    { " SECRET", -1 },
    { "SECRET ", -1 },
    { "SECRET\n\n", -1 },
    { "SECRET\r\n", -1 },
    { "SECRET\nHost: x", -1 },
    { "SECRET\rHost: x", -1 },
    { "SECRET\0x", 8 },
    { "SECRET\tx", -1 },
    { "SECRET\x7f", -1 },
    { "SECRET\xc3\xa0", -1 },
  };
  g_autofree char *too_long = g_strnfill (8193, 'x');

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      write_credential (rows[i].bytes, rows[i].size);
      assert_refused ("expected one line", "SECRET");
    }
  write_credential (too_long, -1);
  assert_refused ("at most 8192 bytes", "xxx");
}

static void
test_unreadable (void)
{
  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
  assert_refused ("cannot be read", NULL);
  g_assert_cmpint (g_rmdir (path), ==, 0);
}

static void
assert_found (const char *expected)
{
  g_autofree char *found = disp_credential_find (NAME);

  g_assert_cmpstr (found, ==, expected);
}

static void
test_find (void)
{
  write_credential ("", 0);
  assert_found (path);
  g_unlink (path);
  assert_found (NULL);
}

static void
test_none (void)
{
  g_unlink (path);
  assert_value (NULL);
  g_unsetenv ("CREDENTIALS_DIRECTORY");
  assert_value (NULL);
  assert_found (NULL);
  g_setenv ("CREDENTIALS_DIRECTORY", "", TRUE);
  assert_value (NULL);
  g_setenv ("CREDENTIALS_DIRECTORY", directory, TRUE);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  directory = g_dir_make_tmp ("dispatcherd-XXXXXX", NULL);
  path = g_build_filename (directory, NAME, NULL);
  g_setenv ("CREDENTIALS_DIRECTORY", directory, TRUE);
  g_test_add_func ("/app/credential/good", test_good);
  g_test_add_func ("/app/credential/bad", test_bad);
  g_test_add_func ("/app/credential/unreadable", test_unreadable);
  g_test_add_func ("/app/credential/find", test_find);
  g_test_add_func ("/app/credential/none", test_none);
  status = g_test_run ();
  g_unlink (path);
  g_assert_cmpint (g_rmdir (directory), ==, 0);
  g_free (path);
  g_free (directory);
  return status;
}
