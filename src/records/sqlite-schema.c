/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/sqlite-schema.h"

/* The store copies the log back into the file by itself.  What was deleted is overwritten where
 * that costs no writing.  A table that is renamed does not take views along. */
static const char settings_sql[] = "PRAGMA journal_mode = WAL;"
                                   "PRAGMA synchronous = NORMAL;"
                                   "PRAGMA wal_autocheckpoint = 0;"
                                   "PRAGMA journal_size_limit = 67108864;"
                                   "PRAGMA cache_size = -32768;"
                                   "PRAGMA secure_delete = FAST;"
                                   "PRAGMA legacy_alter_table = ON;";

/* Times are microseconds, those of clocks since the epoch; what is not known is NULL.  A body is
 * TEXT when it is UTF-8, else a BLOB, and NULL when it was not kept.  Bodies come last: a row that
 * is long goes on in pages of its own, and who reads only what stands before has not to read those.
 */
#define RECORDS_SQL                                                                                \
  "CREATE TABLE records ("                                                                         \
  " seq INTEGER PRIMARY KEY,"                                                                      \
  " id TEXT NOT NULL UNIQUE,"                                                                      \
  " request_id TEXT,"                                                                              \
  " model TEXT NOT NULL,"                                                                          \
  " version INTEGER,"                                                                              \
  " node TEXT,"                                                                                    \
  " container TEXT,"                                                                               \
  " container_id TEXT,"                                                                            \
  " device INTEGER,"                                                                               \
  " ts_in INTEGER,"                                                                                \
  " ts_wait INTEGER,"                                                                              \
  " ts_out INTEGER,"                                                                               \
  " state INTEGER NOT NULL,"                                                                       \
  " status INTEGER,"                                                                               \
  " queue_time INTEGER,"                                                                           \
  " attempts INTEGER,"                                                                             \
  " instances_bytes INTEGER NOT NULL,"                                                             \
  " response_bytes INTEGER NOT NULL,"                                                              \
  " instances ANY,"                                                                                \
  " response ANY,"                                                                                 \
  " extra TEXT"                                                                                    \
  ") STRICT;"

/* Shows what the Requests Store shows, and as it does. */
#define REQUESTS_SQL                                                                               \
  "CREATE VIEW requests AS SELECT seq, id, request_id, model, version, instances, node,"           \
  " container, container_id, device, ts_in / 1e6 AS ts_in, ts_wait / 1e6 AS ts_wait,"              \
  " ts_out / 1e6 AS ts_out, (ts_out - ts_wait) / 1e6 AS process_time,"                             \
  " (ts_out - ts_in) / 1e6 AS resp_time, queue_time / 1e6 AS queue_time, attempts,"                \
  " response, state, status, extra FROM records;"

/* The first tables, which files of version 0.1.0 have. */
static const char version_1_sql[]
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

static const char version_2_sql[]
    = "DROP VIEW requests;"
      "ALTER TABLE records RENAME TO records_1;"
      "CREATE TABLE records ("
      " seq INTEGER PRIMARY KEY,"
      " id TEXT NOT NULL UNIQUE,"
      " request_id TEXT,"
      " model TEXT NOT NULL,"
      " version INTEGER,"
      " node TEXT,"
      " container TEXT,"
      " container_id TEXT,"
      " device INTEGER,"
      " ts_in INTEGER,"
      " ts_wait INTEGER,"
      " ts_out INTEGER,"
      " state INTEGER NOT NULL,"
      " status INTEGER,"
      " instances_bytes INTEGER NOT NULL,"
      " response_bytes INTEGER NOT NULL,"
      " instances ANY,"
      " response ANY,"
      " extra TEXT"
      ") STRICT;"
      "INSERT INTO records SELECT seq, id, request_id, model, version, node, container,"
      " container_id, device, ts_in, ts_wait, ts_out, state, status, instances_bytes,"
      " response_bytes, instances, response, NULL FROM records_1 ORDER BY seq;"
      "DROP TABLE records_1;"
      "CREATE VIEW requests AS SELECT seq, id, request_id, model, version, instances, node,"
      " container, container_id, device, ts_in / 1e6 AS ts_in, ts_wait / 1e6 AS ts_wait,"
      " ts_out / 1e6 AS ts_out, (ts_out - ts_wait) / 1e6 AS process_time,"
      " (ts_out - ts_in) / 1e6 AS resp_time, response, state, status, extra FROM records;";

/* The columns are put where the others are: see above. */
static const char version_3_sql[]
    = "DROP VIEW requests;"
      "ALTER TABLE records RENAME TO records_2;" RECORDS_SQL
      "INSERT INTO records SELECT seq, id, request_id, model, version, node, container,"
      " container_id, device, ts_in, ts_wait, ts_out, state, status, NULL, NULL, instances_bytes,"
      " response_bytes, instances, response, extra FROM records_2 ORDER BY seq;"
      "DROP TABLE records_2;" REQUESTS_SQL;

static const char *const steps[] = { version_1_sql, version_2_sql, version_3_sql };

static const DispSqliteLayout layout = {
  .noun = "the Requests Store",
  .application_id = 0x44697370, /* "Disp" */
  .steps = steps,
  .n_steps = G_N_ELEMENTS (steps),
  .settings = settings_sql,
};

/**
 * disp_sqlite_schema_get_layout:
 *
 * Returns: (transfer none): what is in the file of a Requests Store
 */
const DispSqliteLayout *
disp_sqlite_schema_get_layout (void)
{
  return &layout;
}

/**
 * disp_sqlite_schema_set_aside:
 * @file: the file of a Requests Store
 * @error: %DISP_ERROR_STORE
 *
 * Puts an empty table in the place of the records, so that they are gone at once, however many they
 * are.  What was there is a table without use, to be removed in pieces: see
 * disp_sqlite_schema_dup_aside().
 *
 * Returns: whether it did; if not, nothing has changed
 */
gboolean
disp_sqlite_schema_set_aside (DispSqliteFile *file, GError **error)
{
  g_autofree char *rename = NULL;
  gint64 number;

  /* The version grows with each change of a table, and so gives a name that was never used. */
  if (disp_sqlite_file_execute (file, "BEGIN IMMEDIATE", error)
      && disp_sqlite_file_read_int (file, "PRAGMA schema_version", &number, error))
    rename = g_strdup_printf ("ALTER TABLE records RENAME TO aside_%" G_GINT64_FORMAT, number);
  if (rename != NULL && disp_sqlite_file_execute (file, rename, error)
      && disp_sqlite_file_execute (file, RECORDS_SQL "COMMIT", error))
    return TRUE;
  disp_sqlite_file_roll_back (file);
  return FALSE;
}

/**
 * disp_sqlite_schema_dup_aside:
 * @file: the file of a Requests Store
 * @name: (out) (transfer full) (nullable): a table that was set aside; %NULL when there is none
 * @error: %DISP_ERROR_STORE
 *
 * Returns: whether it could be found out
 */
gboolean
disp_sqlite_schema_dup_aside (DispSqliteFile *file, char **name, GError **error)
{
  sqlite3_stmt *statement = disp_sqlite_file_prepare (
      file, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'aside_[0-9]*'",
      error);
  int code;

  if (statement == NULL)
    return FALSE;
  code = sqlite3_step (statement);
  if (code == SQLITE_ROW)
    *name = g_strdup ((const char *) sqlite3_column_text (statement, 0));
  else if (code == SQLITE_DONE)
    *name = NULL;
  else
    disp_sqlite_file_set_error (file, code, error);
  sqlite3_finalize (statement);
  return code == SQLITE_ROW || code == SQLITE_DONE;
}
