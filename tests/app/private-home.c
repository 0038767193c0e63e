/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/private-home.h"

#include <glib/gstdio.h>

/* A home directory for a test, so that neither the files nor the environment of whoever runs it
 * count.  GTest has its like, which leaks in a way that the sanitizers report. */

static char *home; /* (owned) (nullable) */

/* Removes what is in a directory. */
static void
empty_directory (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      if (!g_file_test (child, G_FILE_TEST_IS_SYMLINK))
        empty_directory (child);
      g_assert_cmpint (g_remove (child), ==, 0);
    }
}

/**
 * private_home_enter:
 *
 * Makes an empty home and moves there, for good.  To be called before anything else asks GLib for
 * directories.
 */
void
private_home_enter (void)
{
  static const char *const names[] = { "STATE_DIRECTORY", "XDG_CONFIG_HOME", "XDG_STATE_HOME",
                                       "XDG_CACHE_HOME" };
  g_auto (GStrv) variables = g_listenv ();

  home = g_dir_make_tmp ("dispatcherd-home-XXXXXX", NULL);
  g_assert_nonnull (home);
  g_setenv ("HOME", home, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_unsetenv (names[i]);
  for (char **variable = variables; *variable != NULL; variable++)
    if (g_str_has_prefix (*variable, "DISPATCHERD_"))
      g_unsetenv (*variable);
}

/**
 * private_home_leave:
 *
 * Removes the home.
 */
void
private_home_leave (void)
{
  empty_directory (home);
  g_assert_cmpint (g_rmdir (home), ==, 0);
  g_clear_pointer (&home, g_free);
}

/**
 * private_home_file:
 * @name: a path in the home
 *
 * Returns: (transfer full): the whole path, whose directory is there; all that is in the home is
 * removed after the test that runs
 */
char *
private_home_file (const char *name)
{
  g_autofree char *path = g_build_filename (home, name, NULL);
  g_autofree char *directory = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (directory, 0700), ==, 0);
  g_test_queue_destroy ((GDestroyNotify) empty_directory, home);
  return g_steal_pointer (&path);
}

/**
 * private_home_write:
 * @name: a path in the home
 * @text: what to write there
 *
 * Returns: (transfer full): as private_home_file()
 */
char *
private_home_write (const char *name, const char *text)
{
  g_autofree char *path = private_home_file (name);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  return g_steal_pointer (&path);
}
