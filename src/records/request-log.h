/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/clock.h"
#include "engine/notice.h"
#include "engine/record-sink.h"
#include "records/store.h"

#define DISP_TYPE_REQUEST_LOG (disp_request_log_get_type ())
G_DECLARE_FINAL_TYPE (DispRequestLog, disp_request_log, DISP, REQUEST_LOG, GObject)

/* At most so many records are handed to the store at once. */
#define DISP_REQUEST_LOG_MAX_BATCH 2000

/**
 * DispRequestLogSettings:
 * @flush_interval: how long a record may wait for others before it is stored, in microseconds
 * @max_records: how many records may wait, above 0
 * @max_bytes: no more records are admitted while those that wait take so much memory, in bytes,
 *   above 0
 * @drop: what comes when there is no room: %TRUE = it goes on without records, %FALSE = it is
 *   refused
 *
 * What the operator decided for a request log.
 */
typedef struct
{
  gint64 flush_interval;
  guint max_records;
  gsize max_bytes;
  gboolean drop;
} DispRequestLogSettings;

DispRequestLog *disp_request_log_new (DispStore *store, DispClock *clock, DispNotice *notice,
                                      const DispRequestLogSettings *settings);
void disp_request_log_set_settings (DispRequestLog *self, const DispRequestLogSettings *settings);
void disp_request_log_add_heartbeats (DispRequestLog *self, GPtrArray *heartbeats);
guint64 disp_request_log_close (DispRequestLog *self, gint64 patience);
