/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/sqlite-checkpoint.h"

/* The log is copied back into the file when it has so many pages (16 MiB): one batch touches the
 * same pages of the index again and again, and they are copied once. */
#define CHECKPOINT_PAGES 4000
/* So many pages later again, when readers kept it from being emptied. */
#define CHECKPOINT_STEP 1000
/* From so many pages on readers are waited for, up to so long, in milliseconds. */
#define MAX_LOG_PAGES 16000
#define READER_TIMEOUT 20

static int
on_committed (void *user_data, G_GNUC_UNUSED sqlite3 *db, G_GNUC_UNUSED const char *name,
              int log_pages)
{
  DispSqliteCheckpoint *self = user_data;

  if (log_pages < self->log_pages)
    self->due_at = CHECKPOINT_PAGES;
  self->log_pages = log_pages;
  return SQLITE_OK;
}

/**
 * disp_sqlite_checkpoint_begin:
 * @self: (out caller-allocates): a checkpoint
 * @file: a file that was just opened
 *
 * Follows the length of the log, which SQLite copies back no longer by itself.
 */
void
disp_sqlite_checkpoint_begin (DispSqliteCheckpoint *self, DispSqliteFile *file)
{
  *self = (DispSqliteCheckpoint){ .file = file, .due_at = CHECKPOINT_PAGES };
  sqlite3_wal_hook (file->db, on_committed, self);
}

/**
 * disp_sqlite_checkpoint_run:
 * @self: a checkpoint
 * @error: %DISP_ERROR_STORE
 *
 * If the log is long enough, copies it back into the file, so that it can be used again from its
 * beginning.  Readers are not in the way of that unless there is always one: then the next ones
 * have to wait.
 *
 * Returns: whether nothing went wrong
 */
gboolean
disp_sqlite_checkpoint_run (DispSqliteCheckpoint *self, GError **error)
{
  gboolean wait = self->log_pages >= MAX_LOG_PAGES;
  int mode = wait ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE;
  int code;

  if (self->log_pages < self->due_at)
    return TRUE;
  self->due_at = self->log_pages + CHECKPOINT_STEP;
  sqlite3_busy_timeout (self->file->db, READER_TIMEOUT);
  code = sqlite3_wal_checkpoint_v2 (self->file->db, "main", mode, NULL, NULL);
  sqlite3_busy_timeout (self->file->db, DISP_SQLITE_BUSY_TIMEOUT);
  if (code == SQLITE_OK || code == SQLITE_BUSY)
    return TRUE;
  disp_sqlite_file_set_error (self->file, code, error);
  return FALSE;
}

/**
 * disp_sqlite_checkpoint_is_overdue:
 * @self: a checkpoint
 *
 * Returns: whether the log is so long that nobody seems to find time for it
 */
gboolean
disp_sqlite_checkpoint_is_overdue (const DispSqliteCheckpoint *self)
{
  return self->log_pages >= 2 * MAX_LOG_PAGES;
}
