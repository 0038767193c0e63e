/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/private-file.h"

#include "core/error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <unistd.h>

/* Writes the entries of @directory to the disk.  Like SQLite itself, without a complaint: there are
 * file systems that cannot do it. */
static void
sync_directory (const char *directory)
{
  int fd = g_open (directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

  if (fd < 0)
    return;
  fsync (fd);
  close (fd);
}

static gboolean
ensure_directory (const char *directory, const char *noun, GError **error)
{
  g_autoptr (GPtrArray) parents = g_ptr_array_new_with_free_func (g_free);

  for (const char *missing = directory; !g_file_test (missing, G_FILE_TEST_EXISTS);
       missing = g_ptr_array_index (parents, parents->len - 1))
    g_ptr_array_add (parents, g_path_get_dirname (missing));
  if (g_mkdir_with_parents (directory, 0700) != 0)
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_STORE,
                   "cannot create the directory \"%s\" of %s: %s; make it, or name another file",
                   directory, noun, g_strerror (errno));
      return FALSE;
    }
  for (guint i = 0; i < parents->len; i++)
    sync_directory (g_ptr_array_index (parents, i));
  return TRUE;
}

static gboolean
check_kind (const char *path, const char *noun, GError **error)
{
  GStatBuf status;

  if (g_stat (path, &status) == 0 && S_ISREG (status.st_mode))
    return TRUE;
  g_set_error (error, DISP_ERROR, DISP_ERROR_STORE,
               "cannot use \"%s\" as %s: it is %s, expected a file", path, noun,
               g_file_test (path, G_FILE_TEST_IS_DIR) ? "a directory" : "something special");
  return FALSE;
}

/**
 * disp_private_file_ensure:
 * @path: an absolute path
 * @noun: what the file is to people: "the Requests Store"
 * @error: %DISP_ERROR_STORE, saying what is wrong and what to do
 *
 * Creates an empty file and its directory, for this user alone, when they are missing.  The new
 * names are on the disk when it returns, so that what is synced into the file later is not lost in
 * a power cut.
 *
 * A file that is there is not opened: to close it again would drop the locks of every connection
 * that this process has to it (fcntl(2)).
 *
 * Returns: whether there is a file now
 */
gboolean
disp_private_file_ensure (const char *path, const char *noun, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (path);
  int fd;

  if (!ensure_directory (directory, noun, error))
    return FALSE;
  fd = g_open (path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  if (fd >= 0)
    {
      close (fd);
      sync_directory (directory);
      return TRUE;
    }
  if (errno == EEXIST)
    return check_kind (path, noun, error);
  g_set_error (error, DISP_ERROR, DISP_ERROR_STORE,
               "cannot create \"%s\" for %s: %s; correct the permissions of its directory, or name "
               "another file",
               path, noun, g_strerror (errno));
  return FALSE;
}

/**
 * disp_private_file_lock:
 * @path: the absolute path of a file, whose directory is there
 * @noun: what the file is to people: "the spool"
 * @error: %DISP_ERROR_STORE, saying what is wrong and what to do
 *
 * Makes sure that nobody else who calls this uses the file, in this process or another.  What is
 * locked is an empty file beside it, whose name ends in "-lock" and which stays there: a database
 * has locks of its own, which would be lost.
 *
 * Returns: a descriptor that holds the lock until it is closed, or -1
 */
int
disp_private_file_lock (const char *path, const char *noun, GError **error)
{
  g_autofree char *lock = g_strconcat (path, "-lock", NULL);
  int fd = g_open (lock, O_CREAT | O_RDWR | O_CLOEXEC, 0600);

  if (fd >= 0 && flock (fd, LOCK_EX | LOCK_NB) == 0)
    return fd;
  if (fd >= 0 && errno == EWOULDBLOCK)
    g_set_error (error, DISP_ERROR, DISP_ERROR_STORE,
                 "cannot use \"%s\" as %s: another dispatcherd uses it; stop that, or name another "
                 "state directory",
                 path, noun);
  else
    g_set_error (error, DISP_ERROR, DISP_ERROR_STORE, "cannot lock \"%s\" for %s: %s", lock, noun,
                 g_strerror (errno));
  if (fd >= 0)
    close (fd);
  return -1;
}
