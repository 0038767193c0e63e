/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/http.h"
#include "client/invocation.h"
#include "core/record.h"

/* How many records are shown when no number is given. */
#define DISP_RECORDS_LIMIT 20

char *disp_records_get_path (const DispFlags *flags, gboolean only_model, const char *first,
                             const char *value);
gboolean disp_records_ask (const DispDaemon *daemon, const char *path, DispHttpAnswer *answer,
                           GError **error);
GPtrArray *disp_records_read (const DispDaemon *daemon, const char *path, GError **error);
void disp_records_print (const DispInvocation *self, GPtrArray *records, gboolean titles);

/* record-follow.c */
gboolean disp_records_follow (const DispInvocation *self, GError **error);
