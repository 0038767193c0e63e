/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz/fuzz-target.h"

#include <glib.h>
#include <string.h>

/* Feeds every file of a corpus to a fuzz target, so that what was found once stays found, with any
 * compiler. */

/* A copy that ends where the input ends, so that reading on is seen. */
static void
test_file (gconstpointer user_data)
{
  const char *path = user_data;
  g_autofree char *contents = NULL;
  g_autofree uint8_t *input = NULL;
  gsize length;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &contents, &length, &error);
  g_assert_no_error (error);
  input = g_malloc (MAX (length, 1));
  memcpy (input, contents, length);
  g_assert_cmpint (LLVMFuzzerTestOneInput (input, length), ==, 0);
}

int
main (int argc, char *argv[])
{
  g_autoptr (GDir) directory = NULL;
  g_autofree char *corpus = NULL;
  g_autoptr (GError) error = NULL;
  const char *name;
  guint n_files = 0;

  g_test_init (&argc, &argv, NULL);
  if (argc != 2)
    g_error ("usage: %s CORPUS-DIRECTORY", argv[0]);
  directory = g_dir_open (argv[1], 0, &error);
  g_assert_no_error (error);
  corpus = g_path_get_basename (argv[1]);
  while ((name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *test = g_strdup_printf ("/fuzz/%s/%s", corpus, name);

      g_test_add_data_func_full (test, g_build_filename (argv[1], name, NULL), test_file, g_free);
      n_files++;
    }
  g_assert_cmpuint (n_files, >, 0);
  return g_test_run ();
}
