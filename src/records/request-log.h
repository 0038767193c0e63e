/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/clock.h"
#include "engine/record-sink.h"
#include "records/store.h"

#define DISP_TYPE_REQUEST_LOG (disp_request_log_get_type ())
G_DECLARE_FINAL_TYPE (DispRequestLog, disp_request_log, DISP, REQUEST_LOG, GObject)

/* At most so many records are handed to the store at once. */
#define DISP_REQUEST_LOG_MAX_BATCH 2000

DispRequestLog *disp_request_log_new (DispStore *store, DispClock *clock, gint64 flush_interval);
guint64 disp_request_log_close (DispRequestLog *self, gint64 patience);
