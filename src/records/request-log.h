/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/clock.h"
#include "engine/record-sink.h"
#include "records/store.h"

#define DISP_TYPE_REQUEST_LOG (disp_request_log_get_type ())
G_DECLARE_FINAL_TYPE (DispRequestLog, disp_request_log, DISP, REQUEST_LOG, GObject)

/**
 * DispRequestLogValues:
 * @pushed: records pushed since the start
 * @stored: records that the store has taken
 * @queued: records pushed and neither stored nor lost
 * @lost: records given up when the log was closed
 * @failing: whether the last attempt to store failed
 */
typedef struct
{
  guint64 pushed;
  guint64 stored;
  guint64 queued;
  guint64 lost;
  gboolean failing;
} DispRequestLogValues;

DispRequestLog *disp_request_log_new (DispStore *store, DispClock *clock, gint64 flush_interval);
void disp_request_log_read (DispRequestLog *self, DispRequestLogValues *values);
guint64 disp_request_log_close (DispRequestLog *self, gint64 patience);
