/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/sqlite-upgrade.h"

#include "core/error.h"
#include "core/event.h"

#include <glib/gstdio.h>
#include <string.h>

/* A larger file is neither read through nor written anew at the start, so that the start is quick,
 * in bytes. */
#define MAX_CHECKED_SIZE (64 * 1024 * 1024)

/**
 * disp_sqlite_upgrade_read_version:
 * @self: a file
 * @version: (out): the version of its tables; 0 = it is empty
 * @error: %DISP_ERROR_STORE: it is not ours, or newer than we are
 *
 * Changes nothing.
 *
 * Returns: whether it could be read
 */
gboolean
disp_sqlite_upgrade_read_version (DispSqliteFile *self, gint64 *version, GError **error)
{
  gint64 application_id;
  gint64 n_tables;

  if (!disp_sqlite_file_read_int (self, "PRAGMA application_id", &application_id, error)
      || !disp_sqlite_file_read_int (self, "SELECT count(*) FROM sqlite_schema", &n_tables, error)
      || !disp_sqlite_file_read_int (self, "PRAGMA user_version", version, error))
    return FALSE;
  if (application_id != self->layout->application_id && (application_id != 0 || n_tables > 0))
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_STORE,
                   "cannot use \"%s\" as %s: it is the database of another program; name another "
                   "file",
                   self->path, self->layout->noun);
      return FALSE;
    }
  if (*version > self->layout->n_steps)
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_STORE,
                   "cannot use \"%s\" as %s: it has version %" G_GINT64_FORMAT
                   " of its tables, written by a newer dispatcherd, but this one knows no version "
                   "above %d; use the newer one, or name another file",
                   self->path, self->layout->noun, *version, self->layout->n_steps);
      return FALSE;
    }
  return TRUE;
}

static gboolean
is_large (DispSqliteFile *self)
{
  GStatBuf status;

  return g_stat (self->path, &status) != 0 || status.st_size > MAX_CHECKED_SIZE;
}

/* Reads a file of moderate size through, for damage that would show only later. */
static gboolean
check_pages (DispSqliteFile *self, GError **error)
{
  sqlite3_stmt *statement = NULL;
  const char *finding;
  gboolean sound;
  int code;

  if (is_large (self))
    return TRUE;
  code = sqlite3_prepare_v2 (self->db, "PRAGMA quick_check(1)", -1, &statement, NULL);
  if (code == SQLITE_OK)
    code = sqlite3_step (statement);
  finding = code == SQLITE_ROW ? (const char *) sqlite3_column_text (statement, 0) : NULL;
  sound = g_strcmp0 (finding, "ok") == 0;
  /* A finding may stand below a line that names the database. */
  if (!sound && finding != NULL && strrchr (finding, '\n') != NULL)
    finding = strrchr (finding, '\n') + 1;
  if (!sound && finding != NULL)
    g_set_error (error, DISP_ERROR, DISP_ERROR_STORE, "cannot use \"%s\" as %s: %s; %s", self->path,
                 self->layout->noun, finding, disp_sqlite_file_advise (SQLITE_CORRUPT));
  else if (!sound)
    disp_sqlite_file_set_error (self, code, error);
  sqlite3_finalize (statement);
  return sound;
}

/* Brings the tables to the version that is known, all the way or not at all.  The version is read
 * again inside of the transaction, since another process may have been quicker. */
static gboolean
upgrade (DispSqliteFile *self, gint64 *version, GError **error)
{
  const DispSqliteLayout *layout = self->layout;
  g_autofree char *marks = g_strdup_printf ("PRAGMA application_id = %d; PRAGMA user_version = %d;",
                                            layout->application_id, layout->n_steps);

  if (!disp_sqlite_file_execute (self, "BEGIN IMMEDIATE", error)
      || !disp_sqlite_upgrade_read_version (self, version, error))
    return FALSE;
  for (gint64 step = *version; step < layout->n_steps; step++)
    if (!disp_sqlite_file_execute (self, layout->steps[step], error))
      return FALSE;
  return (*version == layout->n_steps || disp_sqlite_file_execute (self, marks, error))
         && disp_sqlite_file_execute (self, "COMMIT", error);
}

static void
tell_upgraded (DispSqliteFile *self, gint64 from)
{
  disp_event_log (DISP_EVENT_STORE_UPGRADED, &(DispEventFields){ .path = self->path },
                  "\"%s\", %s, was brought from version %" G_GINT64_FORMAT
                  " of its tables to version %d",
                  self->path, self->layout->noun, from, self->layout->n_steps);
}

/* Older files cannot give pages back to the file system; they can once they have been written anew.
 * That can wait, and so it may fail: whoever opens the file next tries again. */
static void
let_shrink (DispSqliteFile *self)
{
  gint64 mode;

  if (disp_sqlite_file_read_int (self, "PRAGMA auto_vacuum", &mode, NULL) && mode == 0
      && !is_large (self))
    disp_sqlite_file_execute (self, "PRAGMA auto_vacuum = INCREMENTAL; VACUUM", NULL);
}

/**
 * disp_sqlite_upgrade_file:
 * @self: a file
 * @error: %DISP_ERROR_STORE, saying what is wrong with the file and what to do
 *
 * Makes a file ready to be written: checks it, puts its settings in force, and brings its tables to
 * the newest version.
 *
 * Returns: whether it is ready; if not, it is as it was
 */
gboolean
disp_sqlite_upgrade_file (DispSqliteFile *self, GError **error)
{
  gint64 version;

  if (!disp_sqlite_upgrade_read_version (self, &version, error) || !check_pages (self, error))
    return FALSE;
  if (sqlite3_db_readonly (self->db, "main"))
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_STORE, "cannot use \"%s\" as %s: %s; %s",
                   self->path, self->layout->noun, sqlite3_errstr (SQLITE_READONLY),
                   disp_sqlite_file_advise (SQLITE_READONLY));
      return FALSE;
    }
  /* Only a file without any table can be told to give pages back from the beginning. */
  if (version == 0 && !disp_sqlite_file_execute (self, "PRAGMA auto_vacuum = INCREMENTAL", error))
    return FALSE;
  if (!disp_sqlite_file_execute (self, self->layout->settings, error)
      || !upgrade (self, &version, error))
    return FALSE;
  if (version > 0 && version < self->layout->n_steps)
    tell_upgraded (self, version);
  if (version > 0)
    let_shrink (self);
  return TRUE;
}
