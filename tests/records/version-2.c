/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/version-2.h"

#include "records/sqlite-probe.h"

/* The tables of version 2, word for word. */
static const char version_2_sql[]
    = "PRAGMA auto_vacuum = INCREMENTAL;"
      "PRAGMA journal_mode = WAL;"
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
      "CREATE VIEW requests AS SELECT seq, id, request_id, model, version, instances, node,"
      " container, container_id, device, ts_in / 1e6 AS ts_in, ts_wait / 1e6 AS ts_wait,"
      " ts_out / 1e6 AS ts_out, (ts_out - ts_wait) / 1e6 AS process_time,"
      " (ts_out - ts_in) / 1e6 AS resp_time, response, state, status, extra FROM records;"
      "PRAGMA application_id = 1147761520; PRAGMA user_version = 2;";

static const char version_2_rows_sql[]
    = "INSERT INTO records VALUES (7, 'first', 'r', 'm', 3, 'n', 'c', 'i', 1, 1000000, 2000000,"
      " 4000000, 2, 200, 3, 2, '[1]', X'ff00', NULL), (9, 'second', NULL, 'm', NULL, NULL, NULL,"
      " NULL, NULL, 5000000, NULL, NULL, 0, NULL, 70000, 0, NULL, NULL,"
      " '\"attempts\":\"many\",\"queue_time\":7');";

/**
 * version_2_make:
 * @path: where nothing is yet
 *
 * Makes a file of the Requests Store with tables of version 2, with two records.
 */
void
version_2_make (const char *path)
{
  probe_execute (path, version_2_sql);
  probe_execute (path, version_2_rows_sql);
}
