/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/sqlite-file.h"

#include "core/error.h"
#include "records/private-file.h"

#include <glib/gstdio.h>
#include <string.h>

/* How long to wait for another writer, in milliseconds. */
#define BUSY_TIMEOUT 250
/* A larger file is neither read through nor written anew at the start, so that the start is quick,
 * in bytes. */
#define MAX_CHECKED_SIZE (64 * 1024 * 1024)

#define MESSAGE_ID_UPGRADED "f2779ef697cc41a591292d75eaf1893f"

/* What a person can do about a failure of SQLite. */
static const char *
advise (int code)
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

/* The words of @db belong to @code, but for a code that is ours. */
static void
set_error (DispSqliteFile *self, sqlite3 *db, int code, GError **error)
{
  g_autofree char *cause = NULL;

  /* Only these two keep the error number of the system, if there was one. */
  if (((code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN) && db != NULL
      && sqlite3_system_errno (db) != 0)
    cause = g_strdup_printf (" (%s)", g_strerror (sqlite3_system_errno (db)));
  g_set_error (error, DISP_ERROR, DISP_ERROR_STORE, "cannot use \"%s\" as %s: %s%s; %s", self->path,
               self->layout->noun, db != NULL ? sqlite3_errmsg (db) : sqlite3_errstr (code),
               cause != NULL ? cause : "", advise (code));
}

/**
 * disp_sqlite_file_set_error:
 * @self: a file
 * @code: the result code of what its connection was asked to do last
 * @error: where to set a %DISP_ERROR_STORE
 *
 * Says which file failed, how, and what to do.
 */
void
disp_sqlite_file_set_error (DispSqliteFile *self, int code, GError **error)
{
  set_error (self, self->db, code, error);
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

/* Finds out which version of our tables the file holds: 0 when it is empty.  Changes nothing. */
static gboolean
read_version (DispSqliteFile *self, gint64 *version, GError **error)
{
  gint64 application_id;
  gint64 n_tables;

  if (!disp_sqlite_file_read_int (self, "PRAGMA application_id", &application_id, error)
      || !disp_sqlite_file_read_int (self, "SELECT count(*) FROM sqlite_schema", &n_tables, error)
      || !disp_sqlite_file_read_int (self, "PRAGMA user_version", version, error))
    return FALSE;
  if (application_id != self->layout->application_id && (application_id != 0 || n_tables > 0))
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_STORE,
                   "cannot use \"%s\" as %s: it is the database of another program; name another "
                   "file",
                   self->path, self->layout->noun);
      return FALSE;
    }
  if (*version > self->layout->n_steps)
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_STORE,
                   "cannot use \"%s\" as %s: it has version %" G_GINT64_FORMAT
                   " of its tables, written by a newer dispatcherd, but this one knows no version "
                   "above %d; use the newer one, or name another file",
                   self->path, self->layout->noun, *version, self->layout->n_steps);
      return FALSE;
    }
  return TRUE;
}

static gboolean
is_large (DispSqliteFile *self)
{
  GStatBuf status;

  return g_stat (self->path, &status) != 0 || status.st_size > MAX_CHECKED_SIZE;
}

/* Reads a file of moderate size through, for damage that would show only later. */
static gboolean
check_pages (DispSqliteFile *self, GError **error)
{
  sqlite3_stmt *statement = NULL;
  const char *finding;
  gboolean sound;
  int code;

  if (is_large (self))
    return TRUE;
  code = sqlite3_prepare_v2 (self->db, "PRAGMA quick_check(1)", -1, &statement, NULL);
  if (code == SQLITE_OK)
    code = sqlite3_step (statement);
  finding = code == SQLITE_ROW ? (const char *) sqlite3_column_text (statement, 0) : NULL;
  sound = g_strcmp0 (finding, "ok") == 0;
  /* A finding may stand below a line that names the database. */
  if (!sound && finding != NULL && strrchr (finding, '\n') != NULL)
    finding = strrchr (finding, '\n') + 1;
  if (!sound && finding != NULL)
    g_set_error (error, DISP_ERROR, DISP_ERROR_STORE, "cannot use \"%s\" as %s: %s; %s", self->path,
                 self->layout->noun, finding, advise (SQLITE_CORRUPT));
  else if (!sound)
    disp_sqlite_file_set_error (self, code, error);
  sqlite3_finalize (statement);
  return sound;
}

/* Brings the tables to the version that is known, all the way or not at all.  The version is read
 * again inside of the transaction, since another process may have been quicker. */
static gboolean
upgrade (DispSqliteFile *self, gint64 *version, GError **error)
{
  const DispSqliteLayout *layout = self->layout;
  g_autofree char *marks = g_strdup_printf ("PRAGMA application_id = %d; PRAGMA user_version = %d;",
                                            layout->application_id, layout->n_steps);

  if (!disp_sqlite_file_execute (self, "BEGIN IMMEDIATE", error)
      || !read_version (self, version, error))
    return FALSE;
  for (gint64 step = *version; step < layout->n_steps; step++)
    if (!disp_sqlite_file_execute (self, layout->steps[step], error))
      return FALSE;
  return (*version == layout->n_steps || disp_sqlite_file_execute (self, marks, error))
         && disp_sqlite_file_execute (self, "COMMIT", error);
}

/* What an upgrade leaves to say and to do.  Older files cannot give pages back to the file system;
 * they can once they have been written anew.  That can wait, and so it may fail. */
static void
finish_upgrade (DispSqliteFile *self, gint64 from)
{
  gint64 mode = 0;

  g_log_structured (G_LOG_DOMAIN, G_LOG_LEVEL_MESSAGE, "MESSAGE_ID", MESSAGE_ID_UPGRADED, "MESSAGE",
                    "\"%s\", %s, was brought from version %" G_GINT64_FORMAT
                    " of its tables to version %d",
                    self->path, self->layout->noun, from, self->layout->n_steps);
  if (disp_sqlite_file_read_int (self, "PRAGMA auto_vacuum", &mode, NULL) && mode == 0
      && !is_large (self))
    disp_sqlite_file_execute (self, "PRAGMA auto_vacuum = INCREMENTAL; VACUUM", NULL);
}

/* Only a file without any table can be told to give pages back from the beginning. */
static gboolean
prepare_file (DispSqliteFile *self, GError **error)
{
  gint64 version;

  if (!read_version (self, &version, error) || !check_pages (self, error))
    return FALSE;
  if (sqlite3_db_readonly (self->db, "main"))
    {
      set_error (self, NULL, SQLITE_READONLY, error);
      return FALSE;
    }
  if (version == 0 && !disp_sqlite_file_execute (self, "PRAGMA auto_vacuum = INCREMENTAL", error))
    return FALSE;
  if (!disp_sqlite_file_execute (self, self->layout->settings, error)
      || !upgrade (self, &version, error))
    return FALSE;
  if (version > 0 && version < self->layout->n_steps)
    finish_upgrade (self, version);
  return TRUE;
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
  sqlite3_busy_timeout (self->db, BUSY_TIMEOUT);
  return TRUE;
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
      || !prepare_file (self, error))
    return NULL;
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
      || !read_version (self, &version, error))
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
