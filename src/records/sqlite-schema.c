/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/sqlite-schema.h"

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

static const char *const steps[] = { version_1_sql };

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
