/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/sqlite-rows.h"

/* Whether a body is kept can be seen without reading it. */
#define LOOK_SQL                                                                                   \
  "SELECT seq, ts_in,"                                                                             \
  " CASE typeof (instances) WHEN 'null' THEN 0 ELSE instances_bytes END"                           \
  " + CASE typeof (response) WHEN 'null' THEN 0 ELSE response_bytes END"                           \
  " FROM %s WHERE seq > ?1 ORDER BY seq LIMIT ?2"
#define REMOVE_SQL "DELETE FROM %s WHERE seq = ?1"

/**
 * disp_sqlite_rows_close:
 * @self: rows, which may be closed already
 *
 * Must come before the table is dropped, and before its file is closed.
 */
void
disp_sqlite_rows_close (DispSqliteRows *self)
{
  g_clear_pointer (&self->look, sqlite3_finalize);
  g_clear_pointer (&self->remove, sqlite3_finalize);
}

/**
 * disp_sqlite_rows_open:
 * @self: (out caller-allocates): rows, zero or closed before
 * @file: the file of a Requests Store, which must outlive this
 * @table: a table with the columns of that of the records
 * @error: %DISP_ERROR_STORE
 *
 * Returns: whether it could; if not, it is closed
 */
gboolean
disp_sqlite_rows_open (DispSqliteRows *self, DispSqliteFile *file, const char *table,
                       GError **error)
{
  g_autofree char *look = g_strdup_printf (LOOK_SQL, table);
  g_autofree char *remove = g_strdup_printf (REMOVE_SQL, table);

  self->file = file;
  self->look = disp_sqlite_file_prepare (file, look, error);
  if (self->look != NULL)
    self->remove = disp_sqlite_file_prepare (file, remove, error);
  if (self->remove == NULL)
    disp_sqlite_rows_close (self);
  return self->remove != NULL;
}

/* A row without a time is of no age. */
static gboolean
is_old (sqlite3_stmt *look, gint64 cutoff)
{
  return cutoff == DISP_SQLITE_ANY_AGE
         || (sqlite3_column_type (look, 1) != SQLITE_NULL
             && sqlite3_column_int64 (look, 1) < cutoff);
}

static int
find_old (DispSqliteRows *self, gint64 cutoff, gint64 n_rows, gint64 *seq, DispSqliteBudget *budget,
          GArray *doomed)
{
  gint64 n_seen = 0;
  int code = SQLITE_ROW;

  sqlite3_bind_int64 (self->look, 1, *seq);
  sqlite3_bind_int64 (self->look, 2, n_rows);
  while (budget->rows > 0 && budget->bytes > 0 && (code = sqlite3_step (self->look)) == SQLITE_ROW)
    {
      n_seen++;
      *seq = sqlite3_column_int64 (self->look, 0);
      if (!is_old (self->look, cutoff))
        continue;
      g_array_append_val (doomed, *seq);
      budget->rows--;
      budget->bytes -= sqlite3_column_int64 (self->look, 2);
    }
  if (code == SQLITE_DONE && n_seen < n_rows)
    *seq = 0;
  sqlite3_reset (self->look);
  return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

/**
 * disp_sqlite_rows_prune:
 * @self: rows
 * @cutoff: the time, in microseconds since the epoch, before which a request is old
 * @n_rows: how many rows to look at
 * @seq: (inout): looks at the rows after this one; then the last that was looked at, or 0 at the
 * end of the table
 * @budget: (inout): how many of these may be removed
 * @n_removed: (out): how many were
 * @error: %DISP_ERROR_STORE
 *
 * Removes the old ones of the next rows, in the order in which they came.
 *
 * Returns: whether it could
 */
gboolean
disp_sqlite_rows_prune (DispSqliteRows *self, gint64 cutoff, gint64 n_rows, gint64 *seq,
                        DispSqliteBudget *budget, guint *n_removed, GError **error)
{
  /* Not while they are looked at: a table must not change under a reading of it. */
  g_autoptr (GArray) doomed = g_array_new (FALSE, FALSE, sizeof (gint64));
  int code = find_old (self, cutoff, n_rows, seq, budget, doomed);

  for (guint i = 0; i < doomed->len && code == SQLITE_OK; i++)
    {
      sqlite3_bind_int64 (self->remove, 1, g_array_index (doomed, gint64, i));
      sqlite3_step (self->remove);
      code = sqlite3_reset (self->remove);
    }
  if (code != SQLITE_OK)
    {
      disp_sqlite_file_set_error (self->file, code, error);
      return FALSE;
    }
  *n_removed = doomed->len;
  return TRUE;
}
