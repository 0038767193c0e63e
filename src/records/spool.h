/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "records/sqlite-file.h"

/**
 * DispSpool:
 *
 * A file in which records wait until a Requests Store elsewhere has taken them.  It has two ends,
 * each with a connection of its own and used by one thread at a time: #DispSpoolInlet and
 * #DispSpoolOutlet.
 */
typedef struct _DispSpool DispSpool;

DispSpool *disp_spool_new (const char *path, gint64 limit, GError **error);
void disp_spool_free (DispSpool *self);
const char *disp_spool_get_path (DispSpool *self);
void disp_spool_set_limit (DispSpool *self, gint64 limit);
gint64 disp_spool_get_limit (DispSpool *self);
guint64 disp_spool_count (DispSpool *self);

DispSqliteFile *disp_spool_open_file (DispSpool *self, GError **error);
gboolean disp_spool_begin (DispSpool *self, DispSqliteFile *file, GError **error);
gboolean disp_spool_commit (DispSpool *self, DispSqliteFile *file, GError **error);
void disp_spool_roll_back (DispSpool *self, DispSqliteFile *file);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispSpool, disp_spool_free)
