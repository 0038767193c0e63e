/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "records/sqlite-file.h"

/**
 * DispSqliteRetention:
 *
 * Keeps the file of a Requests Store within limits, and gives its free pages back to the file
 * system, a piece at a time.  One thread at a time may use it.
 */
typedef struct _DispSqliteRetention DispSqliteRetention;

DispSqliteRetention *disp_sqlite_retention_new (DispSqliteFile *file, gint64 max_age,
                                                gint64 max_size, GError **error);
void disp_sqlite_retention_free (DispSqliteRetention *self);
void disp_sqlite_retention_set_limits (DispSqliteRetention *self, gint64 max_age, gint64 max_size);
void disp_sqlite_retention_note_rows (DispSqliteRetention *self, guint n_rows, gsize size);
gboolean disp_sqlite_retention_note_cleared (DispSqliteRetention *self, GError **error);
gboolean disp_sqlite_retention_run (DispSqliteRetention *self, gint64 now_real, gint64 *wait,
                                    GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispSqliteRetention, disp_sqlite_retention_free)
