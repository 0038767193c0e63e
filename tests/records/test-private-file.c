/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/private-file.h"

#include "core/error.h"
#include "records/fixture.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOUN "the notebook"

static void
check_mode (const char *path, guint expected)
{
  GStatBuf status;

  g_assert_no_errno (g_stat (path, &status));
  g_assert_cmphex (status.st_mode & 0777, ==, expected);
}

static void
test_creates (void)
{
  char *directory = fixture_directory ();
  g_autofree char *outer = g_build_filename (directory, "outer", NULL);
  g_autofree char *inner = g_build_filename (outer, "inner", NULL);
  g_autofree char *path = g_build_filename (inner, "file", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (disp_private_file_ensure (path, NOUN, &error));
  g_assert_no_error (error);
  check_mode (outer, 0700);
  check_mode (inner, 0700);
  check_mode (path, 0600);
  fixture_remove_directory (directory);
}

static void
test_keeps (void)
{
  char *directory = fixture_directory ();
  g_autofree char *path = g_build_filename (directory, "file", NULL);
  g_autofree char *contents = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (path, "kept", -1, NULL));
  g_assert_no_errno (g_chmod (path, 0644));
  g_assert_true (disp_private_file_ensure (path, NOUN, &error));
  g_assert_no_error (error);
  check_mode (path, 0644);
  g_assert_true (g_file_get_contents (path, &contents, NULL, NULL));
  g_assert_cmpstr (contents, ==, "kept");
  fixture_remove_directory (directory);
}

static void
check_refused (const char *path, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (disp_private_file_ensure (path, NOUN, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_STORE);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, words));
  g_assert_nonnull (strstr (error->message, NOUN));
}

static void
test_wrong_place (void)
{
  char *directory = fixture_directory ();
  g_autofree char *file = g_build_filename (directory, "file", NULL);
  g_autofree char *below = g_build_filename (file, "records.db", NULL);
  g_autofree char *deep = g_build_filename (file, "deep", "records.db", NULL);
  g_autofree char *pipe = g_build_filename (directory, "pipe", NULL);

  g_assert_true (g_file_set_contents (file, "", 0, NULL));
  g_assert_no_errno (mkfifo (pipe, 0600));
  check_refused (directory, "is a directory");
  check_refused (directory, directory);
  check_refused (below, file);
  check_refused (deep, file);
  check_refused (pipe, "something special");
  check_refused ("/proc/dispatcherd/records.db", "/proc/dispatcherd");
  check_refused ("/proc/records.db", "/proc/records.db");
  check_refused ("/dev/null", "something special");
  fixture_remove_directory (directory);
}

/* One at a time, and whoever does not get it takes nothing away from who has it. */
static void
test_lock (void)
{
  char *directory = fixture_directory ();
  g_autofree char *path = g_build_filename (directory, "records.db", NULL);
  g_autofree char *lock = g_strconcat (path, "-lock", NULL);
  g_autoptr (GError) error = NULL;
  GStatBuf status;
  int fd = disp_private_file_lock (path, NOUN, &error);

  g_assert_no_error (error);
  g_assert_cmpint (fd, >=, 0);
  g_assert_no_errno (g_stat (lock, &status));
  g_assert_cmpint (status.st_mode & 0777, ==, 0600);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GError) reason = NULL;

      g_assert_cmpint (disp_private_file_lock (path, NOUN, &reason), ==, -1);
      g_assert_error (reason, DISP_ERROR, DISP_ERROR_STORE);
      g_test_message ("%s", reason->message);
      g_assert_nonnull (strstr (reason->message, "another dispatcherd uses it"));
      g_assert_nonnull (strstr (reason->message, NOUN));
    }
  close (fd);
  fd = disp_private_file_lock (path, NOUN, &error);
  g_assert_no_error (error);
  close (fd);
  fixture_remove_directory (directory);
  g_assert_cmpint (disp_private_file_lock (path, NOUN, &error), ==, -1);
  g_assert_error (error, DISP_ERROR, DISP_ERROR_STORE);
  g_assert_nonnull (strstr (error->message, lock));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/records/private-file/creates", test_creates);
  g_test_add_func ("/records/private-file/keeps", test_keeps);
  g_test_add_func ("/records/private-file/wrong-place", test_wrong_place);
  g_test_add_func ("/records/private-file/lock", test_lock);
  return g_test_run ();
}
