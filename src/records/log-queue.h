/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/notice.h"
#include "records/log-entry.h"
#include "records/request-log.h"

typedef struct _DispLogQueue DispLogQueue;

DispLogQueue *disp_log_queue_new (const DispRequestLogSettings *settings, DispNotice *notice);
void disp_log_queue_free (DispLogQueue *self);
void disp_log_queue_set_settings (DispLogQueue *self, const DispRequestLogSettings *settings);

DispAdmission disp_log_queue_admit (DispLogQueue *self, guint n_records);
gboolean disp_log_queue_push (DispLogQueue *self, DispLogEntry *entry, gboolean *due);
void disp_log_queue_close (DispLogQueue *self);
gboolean disp_log_queue_is_closed (DispLogQueue *self);
void disp_log_queue_read (DispLogQueue *self, DispRecordSinkValues *values);
char *disp_log_queue_dup_problem (DispLogQueue *self);

DispLogEntry *disp_log_queue_pop (DispLogQueue *self, gint64 timeout);
gboolean disp_log_queue_is_due (DispLogQueue *self);
void disp_log_queue_take (DispLogQueue *self, GPtrArray *taken, guint max);
void disp_log_queue_settle (DispLogQueue *self, DispLogEntry *const *entries, guint n_entries,
                            guint n_refused);
guint disp_log_queue_lose (DispLogQueue *self, DispLogEntry *const *entries, guint n_entries);
