/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "records/sqlite-file.h"

/**
 * DispSqliteSpace:
 *
 * How much of a file is in use, and how much is free.
 */
typedef struct
{
  DispSqliteFile *file;      /* (unowned) outlives this */
  gint64 page_size;          /* bytes */
  gboolean shrinks;          /* the file can give pages back */
  sqlite3_stmt *count_pages; /* (owned) (nullable) */
  sqlite3_stmt *count_free;  /* (owned) (nullable) while it is closed */
} DispSqliteSpace;

/* How many pages disp_sqlite_space_give_back() gives back. */
#define DISP_SQLITE_SPACE_PIECE 128

gboolean disp_sqlite_space_open (DispSqliteSpace *self, DispSqliteFile *file, GError **error);
void disp_sqlite_space_close (DispSqliteSpace *self);
gboolean disp_sqlite_space_read (DispSqliteSpace *self, gint64 *used, gint64 *free_pages,
                                 GError **error);
gboolean disp_sqlite_space_give_back (DispSqliteSpace *self, GError **error);
