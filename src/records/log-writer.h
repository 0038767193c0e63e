/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/heartbeat.h"
#include "records/log-queue.h"
#include "records/outage.h"

typedef struct _DispLogWriter DispLogWriter;

DispLogWriter *disp_log_writer_new (DispLogQueue *queue, DispStore *store, DispOutage *outage,
                                    DispClock *clock, gint64 flush_interval);
void disp_log_writer_set_flush_interval (DispLogWriter *self, gint64 flush_interval);
void disp_log_writer_free (DispLogWriter *self);
void disp_log_writer_wake (DispLogWriter *self);
DispHeartbeat *disp_log_writer_get_heartbeat (DispLogWriter *self);
guint64 disp_log_writer_stop (DispLogWriter *self, gint64 patience);
