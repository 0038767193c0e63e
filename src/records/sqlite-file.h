/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <sqlite3.h>

/**
 * DispSqliteLayout:
 *
 * What a kind of file has in it.  All that it points to is static.
 */
typedef struct
{
  const char *noun;         /* what it is to people: "the Requests Store" */
  int application_id;       /* marks a file as one of this kind (PRAGMA application_id) */
  const char *const *steps; /* steps[n]: the SQL that brings version n of the tables to n + 1 */
  int n_steps;              /* and so the version that is known; 0 is an empty file */
  const char *settings;     /* SQL for each connection that writes, outside of a transaction */
} DispSqliteLayout;

/* How long to wait for another connection, in milliseconds. */
#define DISP_SQLITE_BUSY_TIMEOUT 250
/* How many files SQLite keeps beside one in write-ahead mode. */
#define DISP_SQLITE_N_SIDECARS 2

/**
 * DispSqliteFile:
 *
 * One connection to a file of a certain layout.  One thread at a time may use it.
 */
typedef struct
{
  sqlite3 *db;                    /* (owned) */
  char *path;                     /* (owned) absolute */
  const DispSqliteLayout *layout; /* (unowned) static */
  gboolean suspect; /* it failed in a way in which another connection to the same file may not */
  guint64 sidecars[DISP_SQLITE_N_SIDECARS]; /* the inodes of the files beside it; 0 = none */
} DispSqliteFile;

DispSqliteFile *disp_sqlite_file_open (const char *path, const DispSqliteLayout *layout,
                                       GError **error);
DispSqliteFile *disp_sqlite_file_open_reader (const char *path, const DispSqliteLayout *layout,
                                              GError **error);
void disp_sqlite_file_close (DispSqliteFile *self);
void disp_sqlite_file_abandon (DispSqliteFile *self);
void disp_sqlite_file_leave (DispSqliteFile *self);

sqlite3_stmt *disp_sqlite_file_prepare (DispSqliteFile *self, const char *sql, GError **error);
gboolean disp_sqlite_file_execute (DispSqliteFile *self, const char *sql, GError **error);
gboolean disp_sqlite_file_read_int (DispSqliteFile *self, const char *sql, gint64 *value,
                                    GError **error);
void disp_sqlite_file_roll_back (DispSqliteFile *self);
gboolean disp_sqlite_file_has_moved (DispSqliteFile *self);
const char *disp_sqlite_file_advise (int code);
void disp_sqlite_file_set_error (DispSqliteFile *self, int code, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispSqliteFile, disp_sqlite_file_close)
