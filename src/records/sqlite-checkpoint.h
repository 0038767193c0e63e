/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "records/sqlite-file.h"

/**
 * DispSqliteCheckpoint:
 *
 * When the write-ahead log of a file is copied back into it.  It must stay where it is while its
 * file is open.
 */
typedef struct
{
  DispSqliteFile *file; /* (unowned) outlives this */
  int log_pages;        /* how long the log was after the last commit of this connection */
  int due_at;           /* at which length it is copied back */
} DispSqliteCheckpoint;

void disp_sqlite_checkpoint_begin (DispSqliteCheckpoint *self, DispSqliteFile *file);
gboolean disp_sqlite_checkpoint_run (DispSqliteCheckpoint *self, GError **error);
gboolean disp_sqlite_checkpoint_is_overdue (const DispSqliteCheckpoint *self);
