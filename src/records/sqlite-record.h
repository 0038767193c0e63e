/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/record.h"

#include <sqlite3.h>

/* The columns of the table of records, in the order in which disp_sqlite_record_read() expects
 * them. A brief reading leaves the second part out. */
#define DISP_SQLITE_RECORD_COLUMNS                                                                 \
  "id, request_id, model, version, node, container, container_id, device, ts_in, ts_wait, ts_out," \
  " state, status, queue_time, attempts"
#define DISP_SQLITE_RECORD_WIDE_COLUMNS                                                            \
  "instances_bytes, response_bytes, instances, response, extra"

/* The statement of disp_sqlite_record_upsert(). */
#define DISP_SQLITE_RECORD_UPSERT                                                                  \
  "INSERT INTO records (" DISP_SQLITE_RECORD_COLUMNS ", " DISP_SQLITE_RECORD_WIDE_COLUMNS ")"      \
  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, "     \
  "?19, ?20)"                                                                                      \
  " ON CONFLICT (id) DO UPDATE SET request_id = excluded.request_id, model = excluded.model,"      \
  " version = excluded.version, node = excluded.node, container = excluded.container,"             \
  " container_id = excluded.container_id, device = excluded.device, ts_in = excluded.ts_in,"       \
  " ts_wait = excluded.ts_wait, ts_out = excluded.ts_out, state = excluded.state,"                 \
  " status = excluded.status, queue_time = excluded.queue_time, attempts = excluded.attempts,"     \
  " instances_bytes = excluded.instances_bytes,"                                                   \
  " response_bytes = excluded.response_bytes, instances = excluded.instances,"                     \
  " response = excluded.response, extra = excluded.extra WHERE excluded.state >= state"

gboolean disp_sqlite_record_supersedes (const DispRecord *self, const DispRecord *other);
GPtrArray *disp_sqlite_records_merge (DispRecord *const *records, guint n_records);
int disp_sqlite_record_upsert (sqlite3_stmt *statement, const DispRecord *record);
DispRecord *disp_sqlite_record_read (sqlite3_stmt *statement, int column, gboolean brief);
