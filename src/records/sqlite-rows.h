/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "records/sqlite-file.h"

/* The cutoff before which every row is. */
#define DISP_SQLITE_ANY_AGE G_MAXINT64

/**
 * DispSqliteBudget:
 *
 * How much may still be removed.
 */
typedef struct
{
  gint64 rows;
  gint64 bytes; /* of bodies that are kept */
} DispSqliteBudget;

/**
 * DispSqliteRows:
 *
 * The rows of a table of records, to be removed.
 */
typedef struct
{
  DispSqliteFile *file; /* (unowned) outlives this */
  sqlite3_stmt *look;   /* (owned) (nullable) */
  sqlite3_stmt *remove; /* (owned) (nullable) while it is closed */
} DispSqliteRows;

gboolean disp_sqlite_rows_open (DispSqliteRows *self, DispSqliteFile *file, const char *table,
                                GError **error);
void disp_sqlite_rows_close (DispSqliteRows *self);
gboolean disp_sqlite_rows_prune (DispSqliteRows *self, gint64 cutoff, gint64 n_rows, gint64 *seq,
                                 DispSqliteBudget *budget, guint *n_removed, GError **error);
