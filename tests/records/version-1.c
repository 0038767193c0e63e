/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/version-1.h"

#include "records/sqlite-probe.h"

/* The tables of version 1, word for word. */
static const char version_1_sql[]
    = "PRAGMA journal_mode = WAL;"
      "CREATE TABLE records ("
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
      " state, status FROM records;"
      "PRAGMA application_id = 1147761520; PRAGMA user_version = 1;";

static const char version_1_rows_sql[]
    = "INSERT INTO records VALUES (7, 'first', 'r', 'm', 3, '[1]', 3, 'n', 'c', 'i', 1, 1000000,"
      " 2000000, 4000000, X'ff00', 2, 2, 200), (9, 'second', NULL, 'm', NULL, NULL, 70000, NULL,"
      " NULL, NULL, NULL, 5000000, NULL, NULL, NULL, 0, 0, NULL);";

/**
 * version_1_make:
 * @path: where nothing is yet
 *
 * Makes a file of the Requests Store as version 0.1.0 did, with two records.
 */
void
version_1_make (const char *path)
{
  probe_execute (path, version_1_sql);
  probe_execute (path, version_1_rows_sql);
}
