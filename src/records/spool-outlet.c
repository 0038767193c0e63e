/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/spool-outlet.h"

#include "core/event.h"
#include "records/sqlite-checkpoint.h"
#include "records/sqlite-space.h"

/* Free pages that are kept for what comes. */
#define RESERVED_PAGES 1024
/* The part of the limit that the documents of dead letters may take. */
#define DEAD_PART 8

/* The statements, which are prepared once. */
typedef enum
{
  LIST,
  READ,
  REMOVE,
  BURY,
  TRIM,
  N_STATEMENTS
} Statement;

static const char *const statements[] = {
  [LIST] = "SELECT seq, id, state FROM letters WHERE seq > ?1 ORDER BY seq LIMIT ?2",
  [READ] = "SELECT document FROM letters WHERE seq = ?1 AND id = ?2",
  [REMOVE] = "DELETE FROM letters WHERE seq = ?1 AND id = ?2",
  [BURY] = "INSERT OR REPLACE INTO dead_letters"
           " SELECT seq, id, state, ?3, ?4, ?5, document FROM letters WHERE seq = ?1 AND id = ?2",
  [TRIM] = "DELETE FROM dead_letters WHERE (SELECT dead_bytes FROM totals) > ?1"
           " AND seq = (SELECT min (seq) FROM dead_letters)"
           " AND seq < (SELECT max (seq) FROM dead_letters)",
};

G_STATIC_ASSERT (G_N_ELEMENTS (statements) == N_STATEMENTS);

struct _DispSpoolOutlet
{
  DispSpool *spool;                       /* (unowned) outlives its ends */
  DispSqliteFile *file;                   /* (owned) (nullable) while it cannot be opened again */
  sqlite3_stmt *statements[N_STATEMENTS]; /* (owned) (nullable) with file */
  DispSqliteSpace space;
  DispSqliteCheckpoint checkpoint;
  gint64 listed;     /* the last letter that was listed */
  gboolean trimming; /* dead letters make room for others, which was said */
};

static void
close_file (DispSpoolOutlet *self)
{
  for (guint i = 0; i < N_STATEMENTS; i++)
    g_clear_pointer (&self->statements[i], sqlite3_finalize);
  disp_sqlite_space_close (&self->space);
  g_clear_pointer (&self->file, disp_sqlite_file_leave);
}

static gboolean
prepare (DispSpoolOutlet *self, GError **error)
{
  for (guint i = 0; i < N_STATEMENTS; i++)
    {
      self->statements[i] = disp_sqlite_file_prepare (self->file, statements[i], error);
      if (self->statements[i] == NULL)
        return FALSE;
    }
  return TRUE;
}

static gboolean
open_file (DispSpoolOutlet *self, GError **error)
{
  self->file = disp_spool_open_file (self->spool, error);
  if (self->file == NULL)
    return FALSE;
  disp_sqlite_checkpoint_begin (&self->checkpoint, self->file);
  if (disp_sqlite_space_open (&self->space, self->file, error) && prepare (self, error))
    return TRUE;
  close_file (self);
  return FALSE;
}

/* Takes another connection when this one may be at fault, and another file when this one went,
 * which is read from its beginning. */
static gboolean
ensure_file (DispSpoolOutlet *self, GError **error)
{
  if (self->file != NULL && disp_sqlite_file_has_moved (self->file))
    {
      self->listed = 0;
      close_file (self);
    }
  else if (self->file != NULL && self->file->suspect)
    close_file (self);
  return self->file != NULL || open_file (self, error);
}

/* Ends the use of a statement whose last step gave @code. */
static gboolean
finish (DispSpoolOutlet *self, Statement which, int code, GError **error)
{
  gboolean done = code == SQLITE_DONE || code == SQLITE_ROW;

  if (!done)
    disp_sqlite_file_set_error (self->file, code, error);
  sqlite3_reset (self->statements[which]);
  return done;
}

static void
bind_letter (sqlite3_stmt *statement, const DispLetter *letter)
{
  sqlite3_bind_int64 (statement, 1, letter->seq);
  sqlite3_bind_text (statement, 2, letter->id, -1, SQLITE_STATIC);
}

/**
 * disp_spool_outlet_list:
 * @self: an outlet
 * @max: how many letters
 * @letters: (element-type DispLetter): an array that frees its elements, where to add them
 * @error: %DISP_ERROR_STORE
 *
 * Lists the next letters, in their order.  Each is listed once, unless the file was moved away and
 * another one is there now.
 *
 * Returns: whether it could
 */
gboolean
disp_spool_outlet_list (DispSpoolOutlet *self, guint max, GPtrArray *letters, GError **error)
{
  sqlite3_stmt *statement;
  int code;

  if (!ensure_file (self, error))
    return FALSE;
  statement = self->statements[LIST];
  sqlite3_bind_int64 (statement, 1, self->listed);
  sqlite3_bind_int64 (statement, 2, max);
  while ((code = sqlite3_step (statement)) == SQLITE_ROW)
    {
      self->listed = sqlite3_column_int64 (statement, 0);
      g_ptr_array_add (letters, disp_letter_new (self->listed,
                                                 (const char *) sqlite3_column_text (statement, 1),
                                                 sqlite3_column_int (statement, 2)));
    }
  return finish (self, LIST, code, error);
}

/**
 * disp_spool_outlet_read:
 * @self: an outlet
 * @letter: a letter
 * @document: (out) (transfer full) (nullable): what is to be posted; %NULL = it is not in the spool
 * @error: %DISP_ERROR_STORE
 *
 * Returns: whether it could be looked for
 */
gboolean
disp_spool_outlet_read (DispSpoolOutlet *self, const DispLetter *letter, GBytes **document,
                        GError **error)
{
  sqlite3_stmt *statement;
  int code;

  if (!ensure_file (self, error))
    return FALSE;
  statement = self->statements[READ];
  bind_letter (statement, letter);
  code = sqlite3_step (statement);
  *document = NULL;
  if (code == SQLITE_ROW)
    {
      gconstpointer bytes = sqlite3_column_blob (statement, 0);

      *document = g_bytes_new (bytes, (gsize) sqlite3_column_bytes (statement, 0));
    }
  return finish (self, READ, code, error);
}

static gboolean
bury (DispSpoolOutlet *self, const DispLetter *letter, GError **error)
{
  sqlite3_stmt *statement = self->statements[BURY];

  bind_letter (statement, letter);
  sqlite3_bind_int (statement, 3, (int) letter->status);
  sqlite3_bind_text (statement, 4, letter->reason, -1, SQLITE_STATIC);
  sqlite3_bind_int64 (statement, 5, letter->refused_at);
  return finish (self, BURY, sqlite3_step (statement), error);
}

/* Says once that dead letters are removed, until they take less than half of their part. */
static gboolean
note_trimmed (DispSpoolOutlet *self, gint64 part, gboolean removed, GError **error)
{
  gint64 dead_bytes;

  if (removed && !self->trimming)
    disp_event_log (DISP_EVENT_DEAD_LETTERS_TRIMMED,
                    &(DispEventFields){ .path = disp_spool_get_path (self->spool) },
                    "the dead letters in the spool \"%s\" take more than %" G_GINT64_FORMAT
                    " bytes, their part of spool-limit: the oldest are removed",
                    disp_spool_get_path (self->spool), part);
  if (removed)
    self->trimming = TRUE;
  if (!self->trimming)
    return TRUE;
  if (!disp_sqlite_file_read_int (self->file, "SELECT dead_bytes FROM totals", &dead_bytes, error))
    return FALSE;
  self->trimming = dead_bytes > part / 2;
  return TRUE;
}

/* Dead letters leave room for those that can still be delivered: the oldest of them go, one by one,
 * as they may be of any size.  The newest stays, so that an operator has one to look at. */
static gboolean
trim (DispSpoolOutlet *self, GError **error)
{
  sqlite3_stmt *statement = self->statements[TRIM];
  const gint64 part = disp_spool_get_limit (self->spool) / DEAD_PART;
  gboolean removed = FALSE;

  sqlite3_bind_int64 (statement, 1, part);
  for (;;)
    {
      if (!finish (self, TRIM, sqlite3_step (statement), error))
        return FALSE;
      if (sqlite3_changes (self->file->db) == 0)
        return note_trimmed (self, part, removed, error);
      removed = TRUE;
    }
}

static gboolean
remove_letters (DispSpoolOutlet *self, GPtrArray *letters, GError **error)
{
  gboolean buried = FALSE;

  for (guint i = 0; i < letters->len; i++)
    {
      const DispLetter *letter = g_ptr_array_index (letters, i);

      if (letter->status != 0 && !bury (self, letter, error))
        return FALSE;
      buried |= letter->status != 0;
      bind_letter (self->statements[REMOVE], letter);
      if (!finish (self, REMOVE, sqlite3_step (self->statements[REMOVE]), error))
        return FALSE;
    }
  return !buried || trim (self, error);
}

/**
 * disp_spool_outlet_remove:
 * @self: an outlet
 * @letters: (element-type DispLetter): letters that are not to be delivered any more
 * @error: %DISP_ERROR_STORE
 *
 * Removes letters from the spool, in one transaction.  Those that were refused become dead letters.
 * One that is not there any more is none the worse.  After a power cut they may be there again.
 *
 * Returns: whether they are gone; if not, all are still there
 */
gboolean
disp_spool_outlet_remove (DispSpoolOutlet *self, GPtrArray *letters, GError **error)
{
  if (!ensure_file (self, error) || !disp_spool_begin (self->spool, self->file, error))
    return FALSE;
  if (remove_letters (self, letters, error))
    return disp_spool_commit (self->spool, self->file, error);
  disp_spool_roll_back (self->spool, self->file);
  return FALSE;
}

/**
 * disp_spool_outlet_tidy:
 * @self: an outlet
 * @more: (out): whether there is more to do
 * @error: %DISP_ERROR_STORE
 *
 * Does a few milliseconds of the upkeep: copies the write-ahead log back, and gives free pages back
 * to the file system once most of the file is free.  Earlier each page would move many times.
 *
 * Returns: whether it could
 */
gboolean
disp_spool_outlet_tidy (DispSpoolOutlet *self, gboolean *more, GError **error)
{
  gint64 n_free;
  gint64 used;
  gboolean done;

  *more = FALSE;
  if (!ensure_file (self, error) || !disp_sqlite_checkpoint_run (&self->checkpoint, error)
      || !disp_sqlite_space_read (&self->space, &used, &n_free, error))
    return FALSE;
  if (!self->space.shrinks || n_free <= RESERVED_PAGES + used / self->space.page_size)
    return TRUE;
  if (!disp_spool_begin (self->spool, self->file, error))
    return FALSE;
  done = disp_sqlite_space_give_back (&self->space, error);
  if (!done)
    disp_spool_roll_back (self->spool, self->file);
  else
    done = disp_spool_commit (self->spool, self->file, error);
  *more = done;
  return done;
}

/* The limit may have been higher before.  What fails here is done with the next dead letter. */
static void
trim_at_start (DispSpoolOutlet *self)
{
  if (!disp_spool_begin (self->spool, self->file, NULL))
    return;
  if (trim (self, NULL))
    disp_spool_commit (self->spool, self->file, NULL);
  else
    disp_spool_roll_back (self->spool, self->file);
}

/**
 * disp_spool_outlet_new:
 * @spool: a spool, which must outlive its ends
 * @error: %DISP_ERROR_STORE, saying what is wrong with the file and what to do
 *
 * Returns: (transfer full) (nullable): the outlet of @spool; it may have but one
 */
DispSpoolOutlet *
disp_spool_outlet_new (DispSpool *spool, GError **error)
{
  g_autoptr (DispSpoolOutlet) self = g_new0 (DispSpoolOutlet, 1);

  self->spool = spool;
  if (!open_file (self, error))
    return NULL;
  trim_at_start (self);
  return g_steal_pointer (&self);
}

/**
 * disp_spool_outlet_free:
 * @self: (transfer full): an outlet
 */
void
disp_spool_outlet_free (DispSpoolOutlet *self)
{
  close_file (self);
  g_free (self);
}
