/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sources/regular-file.h"

#include "core/error.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is read at once, in bytes. */
#define PIECE 65536

static void
set_file_error (GError **error, const char *path, const char *noun, const char *what)
{
  g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG,
               "%s: %s, expected a %s that can be read", path, what, noun);
}

static gboolean
check_kind (const char *path, const char *noun, int fd, GError **error)
{
  struct stat status;

  if (fstat (fd, &status) != 0)
    {
      set_file_error (error, path, noun, g_strerror (errno));
      return FALSE;
    }
  if (!S_ISREG (status.st_mode))
    {
      set_file_error (error, path, noun, "not a regular file");
      return FALSE;
    }
  return TRUE;
}

static gboolean
read_all (const char *path, const char *noun, int fd, gsize max_size, GString *text, GError **error)
{
  char bytes[PIECE];
  gssize n;

  while ((n = read (fd, bytes, sizeof bytes)) != 0)
    {
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          set_file_error (error, path, noun, g_strerror (errno));
          return FALSE;
        }
      g_string_append_len (text, bytes, n);
      if (text->len > max_size)
        {
          g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_DOCUMENT,
                       "%s: too long, expected a %s of at most %" G_GSIZE_FORMAT " bytes", path,
                       noun, max_size);
          return FALSE;
        }
    }
  return TRUE;
}

/**
 * disp_regular_file_read:
 * @path: a path
 * @noun: what the file is to people: "fleet file"
 * @max_size: the longest file to read, in bytes
 * @error: %DISP_ERROR_INVALID_CONFIG if it cannot be read, %DISP_ERROR_INVALID_DOCUMENT if it is
 *   longer
 *
 * Reads a file.  This never waits: a FIFO or a device is opened without blocking, and refused.
 *
 * Returns: (transfer full) (nullable): what is in it, any bytes, with a NUL behind them
 */
GString *
disp_regular_file_read (const char *path, const char *noun, gsize max_size, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  gboolean whole;

  if (fd < 0)
    {
      set_file_error (error, path, noun, g_strerror (errno));
      return NULL;
    }
  whole = check_kind (path, noun, fd, error) && read_all (path, noun, fd, max_size, text, error);
  close (fd);
  return whole ? g_steal_pointer (&text) : NULL;
}
