/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/sqlite-schema.h"

#include "core/error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* The layout of the tables that this file creates and reads. */
#define SCHEMA_VERSION 1
/* Marks the file as ours (PRAGMA application_id): "Disp". */
#define APPLICATION_ID 0x44697370
/* How long to wait for another writer, in milliseconds. */
#define BUSY_TIMEOUT 250
/* A larger file is not read through at the start, so that the start is quick, in bytes. */
#define MAX_CHECKED_SIZE (64 * 1024 * 1024)

/* The log is copied back into the file each 16 MiB rather than each 4: with random ids, one batch
 * touches about as many pages of the index as it has records, and the same ones again and again. */
static const char settings_sql[] = "PRAGMA journal_mode = WAL;"
                                   "PRAGMA synchronous = NORMAL;"
                                   "PRAGMA wal_autocheckpoint = 4000;"
                                   "PRAGMA journal_size_limit = 67108864;"
                                   "PRAGMA cache_size = -32768;";

/* Times are microseconds since the epoch; what is not known is NULL.  A body is TEXT when it is
 * UTF-8, else a BLOB, and NULL when it was not kept.  The view shows what the Requests Store shows.
 */
static const char schema_sql[]
    = "CREATE TABLE records ("
      " seq INTEGER PRIMARY KEY,"
      " id TEXT NOT NULL UNIQUE,"
      " request_id TEXT,"
      " model TEXT NOT NULL,"
      " version INTEGER,"
      " instances ANY,"
      " instances_bytes INTEGER NOT NULL,"
      " node TEXT,"
      " container TEXT,"
      " container_id TEXT,"
      " device INTEGER,"
      " ts_in INTEGER NOT NULL,"
      " ts_wait INTEGER,"
      " ts_out INTEGER,"
      " response ANY,"
      " response_bytes INTEGER NOT NULL,"
      " state INTEGER NOT NULL,"
      " status INTEGER"
      ") STRICT;"
      "CREATE VIEW requests AS SELECT seq, id, request_id, model, version, instances, node, "
      "container,"
      " container_id, device, ts_in / 1e6 AS ts_in, ts_wait / 1e6 AS ts_wait, ts_out / 1e6 AS "
      "ts_out,"
      " (ts_out - ts_wait) / 1e6 AS process_time, (ts_out - ts_in) / 1e6 AS resp_time, response,"
      " state, status FROM records;";

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

/**
 * disp_sqlite_schema_set_error:
 * @error: where to set a %DISP_ERROR_STORE
 * @db: (nullable): the database, for its own words
 * @code: the result code of SQLite
 * @path: its file
 *
 * Says which file failed, how, and what to do.
 */
void
disp_sqlite_schema_set_error (GError **error, sqlite3 *db, int code, const char *path)
{
  g_autofree char *cause = NULL;

  /* Only these two keep the error number of the system, if there was one. */
  if (((code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN) && db != NULL
      && sqlite3_system_errno (db) != 0)
    cause = g_strdup_printf (" (%s)", g_strerror (sqlite3_system_errno (db)));
  g_set_error (error, DISP_ERROR, DISP_ERROR_STORE,
               "cannot use \"%s\" as the Requests Store: %s%s; %s", path,
               db != NULL ? sqlite3_errmsg (db) : sqlite3_errstr (code), cause != NULL ? cause : "",
               advise (code));
}

/* Creates the file and its directory, for this user alone, when there are none.  A file that is
 * there is not opened here: to close it again would drop the locks of every connection that this
 * process has to it (fcntl(2)). */
static gboolean
ensure_file (const char *path, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (path);
  GStatBuf status;
  int fd;

  if (g_mkdir_with_parents (directory, 0700) != 0)
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_STORE,
                   "cannot create the directory \"%s\" of the Requests Store: %s; make it, or name "
                   "another file",
                   directory, g_strerror (errno));
      return FALSE;
    }
  fd = g_open (path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  if (fd >= 0)
    return g_close (fd, error);
  if (errno != EEXIST)
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_STORE,
                   "cannot create \"%s\" for the Requests Store: %s; correct the permissions of "
                   "its directory, or name another file",
                   path, g_strerror (errno));
      return FALSE;
    }
  if (g_stat (path, &status) != 0 || !S_ISREG (status.st_mode))
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_STORE,
                   "cannot use \"%s\" as the Requests Store: it is %s, expected a file", path,
                   g_file_test (path, G_FILE_TEST_IS_DIR) ? "a directory" : "something special");
      return FALSE;
    }
  return TRUE;
}

static gboolean
execute (sqlite3 *db, const char *path, const char *sql, GError **error)
{
  int code = sqlite3_exec (db, sql, NULL, NULL, NULL);

  if (code != SQLITE_OK)
    disp_sqlite_schema_set_error (error, db, code, path);
  return code == SQLITE_OK;
}

static gboolean
read_int (sqlite3 *db, const char *path, const char *sql, int *value, GError **error)
{
  sqlite3_stmt *statement = NULL;
  int code = sqlite3_prepare_v2 (db, sql, -1, &statement, NULL);

  if (code == SQLITE_OK)
    code = sqlite3_step (statement);
  if (code == SQLITE_ROW)
    *value = sqlite3_column_int (statement, 0);
  else
    disp_sqlite_schema_set_error (error, db, code, path);
  sqlite3_finalize (statement);
  return code == SQLITE_ROW;
}

/* Finds out which version of our tables the file holds: 0 when it is empty.  Changes nothing. */
static gboolean
read_version (sqlite3 *db, const char *path, int *version, GError **error)
{
  int application_id;
  int n_tables;

  if (!read_int (db, path, "PRAGMA application_id", &application_id, error)
      || !read_int (db, path, "SELECT count(*) FROM sqlite_schema", &n_tables, error)
      || !read_int (db, path, "PRAGMA user_version", version, error))
    return FALSE;
  if (application_id != APPLICATION_ID && (application_id != 0 || n_tables > 0))
    {
      g_set_error (
          error, DISP_ERROR, DISP_ERROR_STORE,
          "cannot use \"%s\" as the Requests Store: it is the database of another program; "
          "name another file",
          path);
      return FALSE;
    }
  if (*version > SCHEMA_VERSION)
    {
      g_set_error (
          error, DISP_ERROR, DISP_ERROR_STORE,
          "cannot use \"%s\" as the Requests Store: it has version %d of its tables, "
          "written by a newer dispatcherd, but this one knows no version above %d; use the "
          "newer one, or name another file",
          path, *version, SCHEMA_VERSION);
      return FALSE;
    }
  return TRUE;
}

/* Reads a file of moderate size through, for damage that would show only later. */
static gboolean
check_pages (sqlite3 *db, const char *path, GError **error)
{
  sqlite3_stmt *statement = NULL;
  const char *finding;
  GStatBuf status;
  gboolean sound;
  int code;

  if (g_stat (path, &status) != 0 || status.st_size > MAX_CHECKED_SIZE)
    return TRUE;
  code = sqlite3_prepare_v2 (db, "PRAGMA quick_check(1)", -1, &statement, NULL);
  if (code == SQLITE_OK)
    code = sqlite3_step (statement);
  finding = code == SQLITE_ROW ? (const char *) sqlite3_column_text (statement, 0) : NULL;
  sound = g_strcmp0 (finding, "ok") == 0;
  /* A finding may stand below a line that names the database. */
  if (!sound && finding != NULL && strrchr (finding, '\n') != NULL)
    finding = strrchr (finding, '\n') + 1;
  if (!sound && finding != NULL)
    g_set_error (error, DISP_ERROR, DISP_ERROR_STORE,
                 "cannot use \"%s\" as the Requests Store: %s; %s", path, finding,
                 advise (SQLITE_CORRUPT));
  else if (!sound)
    disp_sqlite_schema_set_error (error, db, code, path);
  sqlite3_finalize (statement);
  return sound;
}

/* Brings an empty file to our version.  The version is read again inside of the transaction, since
 * another process may have been quicker. */
static gboolean
create_tables (sqlite3 *db, const char *path, GError **error)
{
  g_autofree char *marks = g_strdup_printf ("PRAGMA application_id = %d; PRAGMA user_version = %d;",
                                            APPLICATION_ID, SCHEMA_VERSION);
  int version;

  if (!execute (db, path, "BEGIN IMMEDIATE", error) || !read_version (db, path, &version, error))
    return FALSE;
  if (version == 0 && (!execute (db, path, schema_sql, error) || !execute (db, path, marks, error)))
    return FALSE;
  return execute (db, path, "COMMIT", error);
}

static gboolean
prepare_file (sqlite3 *db, const char *path, GError **error)
{
  int version;

  if (!read_version (db, path, &version, error) || !check_pages (db, path, error))
    return FALSE;
  if (sqlite3_db_readonly (db, "main"))
    {
      disp_sqlite_schema_set_error (error, NULL, SQLITE_READONLY, path);
      return FALSE;
    }
  return execute (db, path, settings_sql, error) && create_tables (db, path, error);
}

/**
 * disp_sqlite_schema_open:
 * @path: an absolute path
 * @error: %DISP_ERROR_STORE, saying what is wrong with the file and what to do
 *
 * Opens the file of a Requests Store, creating it and its directory when they are missing.  Refuses
 * a file that is damaged, not ours, not writable or from a newer version; such a file is left as it
 * was.  One thread at a time may use the connection.
 *
 * Returns: (nullable): the connection, to be ended with sqlite3_close()
 */
sqlite3 *
disp_sqlite_schema_open (const char *path, GError **error)
{
  sqlite3 *db = NULL;
  gboolean opened = FALSE;
  int code;

  if (!ensure_file (path, error))
    return NULL;
  code = sqlite3_open_v2 (path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
  if (code == SQLITE_OK)
    {
      sqlite3_extended_result_codes (db, TRUE);
      sqlite3_busy_timeout (db, BUSY_TIMEOUT);
      opened = prepare_file (db, path, error);
    }
  else
    disp_sqlite_schema_set_error (error, db, code, path);
  if (opened)
    return db;
  sqlite3_close (db);
  return NULL;
}
