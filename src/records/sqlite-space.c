/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/sqlite-space.h"

/* A value of PRAGMA auto_vacuum. */
#define AUTO_VACUUM_INCREMENTAL 2

/**
 * disp_sqlite_space_close:
 * @self: a space, which may be closed already
 *
 * Must come before its file is closed.
 */
void
disp_sqlite_space_close (DispSqliteSpace *self)
{
  g_clear_pointer (&self->count_pages, sqlite3_finalize);
  g_clear_pointer (&self->count_free, sqlite3_finalize);
}

/**
 * disp_sqlite_space_open:
 * @self: (out caller-allocates): a space, zero or closed before
 * @file: a file, which must outlive this
 * @error: %DISP_ERROR_STORE
 *
 * Returns: whether it could; if not, it is closed
 */
gboolean
disp_sqlite_space_open (DispSqliteSpace *self, DispSqliteFile *file, GError **error)
{
  gint64 mode;

  self->file = file;
  if (!disp_sqlite_file_read_int (file, "PRAGMA page_size", &self->page_size, error)
      || !disp_sqlite_file_read_int (file, "PRAGMA auto_vacuum", &mode, error))
    return FALSE;
  self->shrinks = mode == AUTO_VACUUM_INCREMENTAL;
  self->count_pages = disp_sqlite_file_prepare (file, "PRAGMA page_count", error);
  if (self->count_pages != NULL)
    self->count_free = disp_sqlite_file_prepare (file, "PRAGMA freelist_count", error);
  if (self->count_free == NULL)
    disp_sqlite_space_close (self);
  return self->count_free != NULL;
}

static gboolean
read_count (DispSqliteSpace *self, sqlite3_stmt *statement, gint64 *count, GError **error)
{
  int code = sqlite3_step (statement);

  if (code == SQLITE_ROW)
    *count = sqlite3_column_int64 (statement, 0);
  else
    disp_sqlite_file_set_error (self->file, code, error);
  sqlite3_reset (statement);
  return code == SQLITE_ROW;
}

/**
 * disp_sqlite_space_read:
 * @self: a space
 * @used: (out): how much of the file holds something, in bytes: free pages will be used again
 * @free_pages: (out): how many pages are free
 * @error: %DISP_ERROR_STORE
 *
 * Returns: whether it could be read
 */
gboolean
disp_sqlite_space_read (DispSqliteSpace *self, gint64 *used, gint64 *free_pages, GError **error)
{
  gint64 n_pages;

  if (!read_count (self, self->count_pages, &n_pages, error)
      || !read_count (self, self->count_free, free_pages, error))
    return FALSE;
  *used = (n_pages - *free_pages) * self->page_size;
  return TRUE;
}

/**
 * disp_sqlite_space_give_back:
 * @self: a space
 * @error: %DISP_ERROR_STORE
 *
 * Gives %DISP_SQLITE_SPACE_PIECE free pages back to the file system, if the file can: they are cut
 * off at the end of the file, after what stands there has moved to the front.
 *
 * Returns: whether nothing went wrong
 */
gboolean
disp_sqlite_space_give_back (DispSqliteSpace *self, GError **error)
{
  return !self->shrinks
         || disp_sqlite_file_execute (
             self->file, "PRAGMA incremental_vacuum (" G_STRINGIFY (DISP_SQLITE_SPACE_PIECE) ")",
             error);
}
