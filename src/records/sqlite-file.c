/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/sqlite-file.h"

#include "core/error.h"
#include "records/private-file.h"
#include "records/sqlite-upgrade.h"

#include <glib/gstdio.h>

static const char *const sidecar_suffixes[] = { "-shm", "-wal" };

G_STATIC_ASSERT (G_N_ELEMENTS (sidecar_suffixes) == DISP_SQLITE_N_SIDECARS);

/**
 * disp_sqlite_file_advise:
 * @code: a result code
 *
 * Returns: (transfer none): what a person can do about such a failure
 */
const char *
disp_sqlite_file_advise (int code)
{
  switch (code & 0xff)
    {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return "the file is damaged or not a database: move it away, or name another";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another process holds the file: stop that, or name another file";
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return "the file and its directory must be writable: correct their permissions, or name "
             "another file";
    case SQLITE_FULL:
      return "the disk is full: make room";
    case SQLITE_IOERR:
      return "the disk failed or is full: make room, or see the log of the kernel";
    default:
      return "see https://sqlite.org/rescode.html";
    }
}

/* Whether @code tells of something that goes by itself, or that is not the connection's. */
static gboolean
is_passing (int code)
{
  switch (code & 0xff)
    {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_CONSTRAINT:
    case SQLITE_NOMEM:
      return TRUE;
    default:
      return FALSE;
    }
}

/**
 * disp_sqlite_file_set_error:
 * @self: a file
 * @code: the result code of what its connection was asked to do last
 * @error: where to set a %DISP_ERROR_STORE
 *
 * Says which file failed, how, and what to do, and whether the connection is suspect from now on.
 */
void
disp_sqlite_file_set_error (DispSqliteFile *self, int code, GError **error)
{
  g_autofree char *cause = NULL;

  if (!is_passing (code))
    self->suspect = TRUE;
  /* Only these two keep the error number of the system, if there was one. */
  if (((code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN)
      && sqlite3_system_errno (self->db) != 0)
    cause = g_strdup_printf (" (%s)", g_strerror (sqlite3_system_errno (self->db)));
  g_set_error (error, DISP_ERROR, DISP_ERROR_STORE, "cannot use \"%s\" as %s: %s%s; %s", self->path,
               self->layout->noun, sqlite3_errmsg (self->db), cause != NULL ? cause : "",
               disp_sqlite_file_advise (code));
}

/**
 * disp_sqlite_file_prepare:
 * @self: a file
 * @sql: one statement that will be used often
 * @error: %DISP_ERROR_STORE
 *
 * Returns: (nullable): the statement, to be ended with sqlite3_finalize() before the file is closed
 */
sqlite3_stmt *
disp_sqlite_file_prepare (DispSqliteFile *self, const char *sql, GError **error)
{
  sqlite3_stmt *statement = NULL;
  int code = sqlite3_prepare_v3 (self->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);

  if (code != SQLITE_OK)
    disp_sqlite_file_set_error (self, code, error);
  return statement;
}

/**
 * disp_sqlite_file_execute:
 * @self: a file
 * @sql: statements without parameters; rows that they give are ignored
 * @error: %DISP_ERROR_STORE
 *
 * Does nothing about a transaction that stays open when it fails: see disp_sqlite_file_roll_back().
 *
 * Returns: whether all were executed
 */
gboolean
disp_sqlite_file_execute (DispSqliteFile *self, const char *sql, GError **error)
{
  int code = sqlite3_exec (self->db, sql, NULL, NULL, NULL);

  if (code != SQLITE_OK)
    disp_sqlite_file_set_error (self, code, error);
  return code == SQLITE_OK;
}

/**
 * disp_sqlite_file_read_int:
 * @self: a file
 * @sql: a statement that gives a row
 * @value: (out): the number in its first column
 * @error: %DISP_ERROR_STORE
 *
 * Returns: whether it could be read
 */
gboolean
disp_sqlite_file_read_int (DispSqliteFile *self, const char *sql, gint64 *value, GError **error)
{
  sqlite3_stmt *statement = NULL;
  int code = sqlite3_prepare_v2 (self->db, sql, -1, &statement, NULL);

  if (code == SQLITE_OK)
    code = sqlite3_step (statement);
  if (code == SQLITE_ROW)
    *value = sqlite3_column_int64 (statement, 0);
  else
    disp_sqlite_file_set_error (self, code, error);
  sqlite3_finalize (statement);
  return code == SQLITE_ROW;
}

/**
 * disp_sqlite_file_roll_back:
 * @self: a file
 *
 * Undoes the transaction that is open, if one is: some failures undo it by themselves.
 */
void
disp_sqlite_file_roll_back (DispSqliteFile *self)
{
  if (!sqlite3_get_autocommit (self->db))
    sqlite3_exec (self->db, "ROLLBACK", NULL, NULL, NULL);
}

/**
 * disp_sqlite_file_has_moved:
 * @self: a file
 *
 * In write-ahead mode SQLite goes on writing to a file that was deleted, and says nothing.
 *
 * Returns: whether what is at the path now, if anything, is not the file that was opened
 */
gboolean
disp_sqlite_file_has_moved (DispSqliteFile *self)
{
  int moved = FALSE;

  return sqlite3_file_control (self->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK
         && moved;
}

static DispSqliteFile *
file_new (const char *path, const DispSqliteLayout *layout)
{
  DispSqliteFile *self = g_new0 (DispSqliteFile, 1);

  /* An absolute path also has none of the names that SQLite takes for something else. */
  self->path = g_canonicalize_filename (path, NULL);
  self->layout = layout;
  return self;
}

static gboolean
connect_file (DispSqliteFile *self, GError **error)
{
  int code = sqlite3_open_v2 (self->path, &self->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                              NULL);

  if (code != SQLITE_OK)
    {
      disp_sqlite_file_set_error (self, code, error);
      return FALSE;
    }
  sqlite3_extended_result_codes (self->db, TRUE);
  sqlite3_busy_timeout (self->db, DISP_SQLITE_BUSY_TIMEOUT);
  return TRUE;
}

/* The inode of the file beside @self that has @suffix; 0 when there is none. */
static guint64
find_sidecar (DispSqliteFile *self, const char *suffix)
{
  g_autofree char *path = g_strconcat (self->path, suffix, NULL);
  GStatBuf status;

  return g_stat (path, &status) == 0 ? status.st_ino : 0;
}

static void
note_sidecars (DispSqliteFile *self)
{
  for (guint i = 0; i < DISP_SQLITE_N_SIDECARS; i++)
    self->sidecars[i] = find_sidecar (self, sidecar_suffixes[i]);
}

/**
 * disp_sqlite_file_open:
 * @path: where it is
 * @layout: what is in it
 * @error: %DISP_ERROR_STORE, saying what is wrong with the file and what to do
 *
 * Opens a file to write to it, creating it and its directory when they are missing, and brings its
 * tables to the newest version.  Refuses a file that is damaged, not ours, not writable or from a
 * newer version; such a file is left as it was, and so is one whose upgrade fails.
 *
 * Returns: (transfer full) (nullable): the file
 */
DispSqliteFile *
disp_sqlite_file_open (const char *path, const DispSqliteLayout *layout, GError **error)
{
  g_autoptr (DispSqliteFile) self = file_new (path, layout);

  if (!disp_private_file_ensure (self->path, layout->noun, error) || !connect_file (self, error)
      || !disp_sqlite_upgrade_file (self, error))
    return NULL;
  note_sidecars (self);
  return g_steal_pointer (&self);
}

/**
 * disp_sqlite_file_open_reader:
 * @path: where it is
 * @layout: what is in it
 * @error: %DISP_ERROR_STORE, saying what is wrong with the file and what to do
 *
 * Opens a file that is there, only to read it, and with tables of the newest version.
 *
 * Returns: (transfer full) (nullable): the file
 */
DispSqliteFile *
disp_sqlite_file_open_reader (const char *path, const DispSqliteLayout *layout, GError **error)
{
  g_autoptr (DispSqliteFile) self = file_new (path, layout);
  gint64 version;

  /* Not opened read-only: whoever closes a file last has to tidy it up. */
  if (!connect_file (self, error)
      || !disp_sqlite_file_execute (self, "PRAGMA query_only = 1", error)
      || !disp_sqlite_upgrade_read_version (self, &version, error))
    return NULL;
  if (version < layout->n_steps)
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_STORE,
                   "cannot read \"%s\" as %s: it has version %" G_GINT64_FORMAT
                   " of its tables, expected %d",
                   self->path, layout->noun, version, layout->n_steps);
      return NULL;
    }
  return g_steal_pointer (&self);
}

/**
 * disp_sqlite_file_close:
 * @self: (transfer full): a file, without statements
 *
 * The last connection to a file copies the write-ahead log back into it and removes the log.
 */
void
disp_sqlite_file_close (DispSqliteFile *self)
{
  sqlite3_close (self->db);
  g_free (self->path);
  g_free (self);
}

/**
 * disp_sqlite_file_abandon:
 * @self: (transfer full): a file that is at its path no longer, without statements
 *
 * Closes it, with all that was written in it, wherever it is now.  What it had beside its path goes
 * too: SQLite would take that for a part of the next file there.
 */
void
disp_sqlite_file_abandon (DispSqliteFile *self)
{
  sqlite3_wal_checkpoint_v2 (self->db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
  for (guint i = 0; i < DISP_SQLITE_N_SIDECARS; i++)
    {
      g_autofree char *path = g_strconcat (self->path, sidecar_suffixes[i], NULL);

      /* Another process may have been quicker, and then they are of its file. */
      if (self->sidecars[i] != 0 && find_sidecar (self, sidecar_suffixes[i]) == self->sidecars[i])
        g_unlink (path);
    }
  disp_sqlite_file_close (self);
}

/**
 * disp_sqlite_file_leave:
 * @self: (transfer full): a file, without statements
 *
 * Closes it if it is at its path still, else abandons it.
 */
void
disp_sqlite_file_leave (DispSqliteFile *self)
{
  if (disp_sqlite_file_has_moved (self))
    disp_sqlite_file_abandon (self);
  else
    disp_sqlite_file_close (self);
}
