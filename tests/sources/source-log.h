/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sources/source.h"

typedef struct _SourceLog SourceLog;

SourceLog *source_log_new (DispSource *source);
void source_log_free (SourceLog *self);
guint source_log_count (SourceLog *self);
DispFleet *source_log_take_fleet (SourceLog *self);
DispFleet *source_log_wait_containers (SourceLog *self, guint n_containers);
GError *source_log_take_failed (SourceLog *self);

void wait_for_event (void);
guint count_containers (DispFleet *fleet);
void assert_contains (const char *text, const char *part);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SourceLog, source_log_free)
