/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "records/store.h"

DispRecord *fixture_record (guint number, DispRecordState state);
void fixture_id (guint number, char id[DISP_ID_SIZE]);
GPtrArray *fixture_records (guint first, guint n, DispRecordState state);
gboolean fixture_append (DispStore *store, GPtrArray *records, GError **error);
void fixture_append_one (DispStore *store, DispRecord *record);
void fixture_append_some (DispStore *store, guint first, guint n);
char *fixture_directory (void);
void fixture_remove_directory (char *directory);
