/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/clock.h"
#include "engine/record-sink.h"
#include "records/store.h"

#define DISP_TYPE_REQUEST_LOG (disp_request_log_get_type ())
G_DECLARE_FINAL_TYPE (DispRequestLog, disp_request_log, DISP, REQUEST_LOG, GObject)

/* At most so many records are handed to the store at once. */
#define DISP_REQUEST_LOG_MAX_BATCH 2000

/**
 * DispRequestLogValues:
 * @pushed: records pushed since the start
 * @stored: of these, taken by the store
 * @refused: refused by the store for good
 * @lost: given up when the log was closed, or pushed after that
 * @queued: neither of the three yet
 * @failing: whether the last attempt to store failed
 *
 * What disp_request_log_read() copies out.
 */
typedef struct
{
  guint64 pushed;
  guint64 stored;
  guint64 refused;
  guint64 lost;
  guint64 queued;
  gboolean failing;
} DispRequestLogValues;

DispRequestLog *disp_request_log_new (DispStore *store, DispClock *clock, gint64 flush_interval);
void disp_request_log_read (DispRequestLog *self, DispRequestLogValues *values);
guint64 disp_request_log_close (DispRequestLog *self, gint64 patience);
