/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/sqlite-archive.h"

#include "core/error.h"
#include "records/sqlite-record.h"
#include "records/sqlite-schema.h"

/* One reading ends early when its records take that much memory, in bytes. */
#define MAX_SIZE (1024 * 1024)

/* A filter that is NULL lets everything through. */
#define FILTER_SQL                                                                                 \
  " FROM records WHERE seq > ?1 AND seq <= ?2 AND (?3 IS NULL OR model = ?3)"                      \
  " AND (?4 IS NULL OR node = ?4) AND (?5 IS NULL OR container = ?5)"                              \
  " AND (?6 IS NULL OR state = ?6)"
#define WINDOW_SQL FILTER_SQL " ORDER BY seq"

/* What an archive asks its file. */
typedef enum
{
  QUERY_LAST,   /* the place of the last record */
  QUERY_PLACE,  /* that of the record with an id */
  QUERY_AFTER,  /* that of the first record after another place */
  QUERY_TAIL,   /* that of the first of the last few records that a filter lets through */
  QUERY_WINDOW, /* the records of a few places */
  QUERY_BRIEF,  /* the same, without what is long */
  N_QUERIES
} Query;

static const char *const query_sql[] = {
  [QUERY_LAST] = "SELECT max (seq) FROM records",
  [QUERY_PLACE] = "SELECT seq FROM records WHERE id = ?1",
  [QUERY_AFTER] = "SELECT min (seq) FROM records WHERE seq > ?1",
  [QUERY_TAIL] = "SELECT min (seq) FROM (SELECT seq" FILTER_SQL " ORDER BY seq DESC LIMIT ?7)",
  [QUERY_WINDOW] = "SELECT seq, " DISP_SQLITE_RECORD_COLUMNS
                   ", " DISP_SQLITE_RECORD_WIDE_COLUMNS WINDOW_SQL,
  [QUERY_BRIEF] = "SELECT seq, " DISP_SQLITE_RECORD_COLUMNS WINDOW_SQL,
};

G_STATIC_ASSERT (G_N_ELEMENTS (query_sql) == N_QUERIES);

struct _DispSqliteArchive
{
  GObject parent_instance;
  char *path;                       /* (owned) */
  DispSqliteFile *file;             /* (owned) (nullable) while it cannot be opened again */
  sqlite3_stmt *queries[N_QUERIES]; /* (owned) (nullable) with file */
};

static void
close_file (DispSqliteArchive *self)
{
  for (guint i = 0; i < N_QUERIES; i++)
    g_clear_pointer (&self->queries[i], sqlite3_finalize);
  g_clear_pointer (&self->file, disp_sqlite_file_close);
}

/* Takes another connection when there is none, when it may be at fault, or the file is another. */
static gboolean
ensure_file (DispSqliteArchive *self, GError **error)
{
  if (self->file != NULL && (self->file->suspect || disp_sqlite_file_has_moved (self->file)))
    close_file (self);
  if (self->file != NULL)
    return TRUE;
  self->file = disp_sqlite_file_open_reader (self->path, disp_sqlite_schema_get_layout (), error);
  for (guint i = 0; i < N_QUERIES && self->file != NULL; i++)
    {
      self->queries[i] = disp_sqlite_file_prepare (self->file, query_sql[i], error);
      if (self->queries[i] == NULL)
        close_file (self);
    }
  return self->file != NULL;
}

/* Ends a query, so that it holds no state of the file any longer. */
static gboolean
end_query (DispSqliteArchive *self, sqlite3_stmt *query, int code, GError **error)
{
  gboolean well = code == SQLITE_ROW || code == SQLITE_DONE;

  if (!well)
    disp_sqlite_file_set_error (self->file, code, error);
  sqlite3_reset (query);
  sqlite3_clear_bindings (query);
  return well;
}

/* Reads a place; 0 when there is none. */
static gboolean
read_place (DispSqliteArchive *self, sqlite3_stmt *query, gint64 *place, GError **error)
{
  int code = sqlite3_step (query);

  *place = code == SQLITE_ROW ? sqlite3_column_int64 (query, 0) : 0;
  return end_query (self, query, code, error);
}

static gboolean
find_after (DispSqliteArchive *self, const char *id, gint64 *place, GError **error)
{
  sqlite3_stmt *query = self->queries[QUERY_PLACE];

  *place = 0;
  if (id == NULL)
    return TRUE;
  sqlite3_bind_text (query, 1, id, -1, SQLITE_STATIC);
  if (!read_place (self, query, place, error))
    return FALSE;
  if (*place == 0)
    g_set_error (error, DISP_ERROR, DISP_ERROR_UNKNOWN_RECORD,
                 "there is no record \"%s\" after which others could follow", id);
  return *place != 0;
}

static void
bind_filter (sqlite3_stmt *query, const DispRecordFilter *filter)
{
  sqlite3_bind_text (query, 3, filter->model, -1, SQLITE_STATIC);
  sqlite3_bind_text (query, 4, filter->node, -1, SQLITE_STATIC);
  sqlite3_bind_text (query, 5, filter->container, -1, SQLITE_STATIC);
  if (filter->state != DISP_ANY_STATE)
    sqlite3_bind_int (query, 6, filter->state);
}

/* Moves on to where the last few records begin that are wanted, if no more are. */
static gboolean
skip_to_last (DispSqliteArchive *self, const DispRecordFilter *filter, gint64 *at, gint64 last,
              GError **error)
{
  sqlite3_stmt *query = self->queries[QUERY_TAIL];
  gint64 first;

  if (filter->last == 0)
    return TRUE;
  sqlite3_bind_int64 (query, 1, *at);
  sqlite3_bind_int64 (query, 2, last);
  bind_filter (query, filter);
  sqlite3_bind_int64 (query, 7, filter->last);
  if (!read_place (self, query, &first, error))
    return FALSE;
  *at = first > 0 ? first - 1 : last;
  return TRUE;
}

static gboolean
sqlite_archive_begin (DispRecordArchive *archive, DispRecordFilter *filter, DispRecordScan *scan,
                      GError **error)
{
  DispSqliteArchive *self = DISP_SQLITE_ARCHIVE (archive);
  gint64 at;
  gint64 last;

  if (!ensure_file (self, error) || !find_after (self, filter->after, &at, error)
      || !read_place (self, self->queries[QUERY_LAST], &last, error)
      || !skip_to_last (self, filter, &at, last, error))
    return FALSE;
  *scan = (DispRecordScan){ .filter = *filter, .at = at, .last = last, .left = filter->limit };
  disp_record_filter_init (filter);
  return TRUE;
}

/* Reads what @scan wants of the places up to @end. */
static gboolean
read_window (DispSqliteArchive *self, DispRecordScan *scan, gint64 end, GPtrArray *records,
             GError **error)
{
  gboolean brief = scan->filter.brief;
  sqlite3_stmt *query = self->queries[brief ? QUERY_BRIEF : QUERY_WINDOW];
  gsize size = 0;
  int code = SQLITE_ROW;

  sqlite3_bind_int64 (query, 1, scan->at);
  sqlite3_bind_int64 (query, 2, end);
  bind_filter (query, &scan->filter);
  while (size < MAX_SIZE && scan->left != 0 && (code = sqlite3_step (query)) == SQLITE_ROW)
    {
      DispRecord *record = disp_sqlite_record_read (query, 1, brief);

      size += disp_record_get_size (record);
      scan->at = sqlite3_column_int64 (query, 0);
      scan->left -= scan->left > 0 ? 1 : 0;
      g_ptr_array_add (records, record);
    }
  if (code == SQLITE_DONE)
    scan->at = end;
  return end_query (self, query, code, error);
}

/* Where many records were removed there are no others to be looked at. */
static gboolean
skip_gap (DispSqliteArchive *self, DispRecordScan *scan, GError **error)
{
  gint64 next;

  sqlite3_bind_int64 (self->queries[QUERY_AFTER], 1, scan->at);
  if (!read_place (self, self->queries[QUERY_AFTER], &next, error))
    return FALSE;
  scan->at = next > 0 ? MIN (next - 1, scan->last) : scan->last;
  return TRUE;
}

static gboolean
sqlite_archive_next (DispRecordArchive *archive, DispRecordScan *scan, GPtrArray *records,
                     GError **error)
{
  DispSqliteArchive *self = DISP_SQLITE_ARCHIVE (archive);

  if (!ensure_file (self, error) || !skip_gap (self, scan, error))
    return FALSE;
  return read_window (self, scan, MIN (scan->at + DISP_SQLITE_ARCHIVE_WINDOW, scan->last), records,
                      error);
}

static void
sqlite_archive_iface_init (DispRecordArchiveInterface *iface)
{
  iface->begin = sqlite_archive_begin;
  iface->next = sqlite_archive_next;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (DispSqliteArchive, disp_sqlite_archive, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_RECORD_ARCHIVE,
                                                      sqlite_archive_iface_init))

static void
disp_sqlite_archive_finalize (GObject *object)
{
  DispSqliteArchive *self = DISP_SQLITE_ARCHIVE (object);

  close_file (self);
  g_free (self->path);
  G_OBJECT_CLASS (disp_sqlite_archive_parent_class)->finalize (object);
}

static void
disp_sqlite_archive_class_init (DispSqliteArchiveClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = disp_sqlite_archive_finalize;
}

static void
disp_sqlite_archive_init (G_GNUC_UNUSED DispSqliteArchive *self)
{
}

/**
 * disp_sqlite_archive_new:
 * @path: the file of a store, which is open
 * @error: %DISP_ERROR_STORE, saying what is wrong with the file and what to do
 *
 * Reads what disp_sqlite_store_new() keeps, over a connection of its own, so that the two may be on
 * two threads.  Between two calls it holds nothing of the file: a slow reader is in nobody's way.
 * Records that are removed while a reading goes on are left out of the rest of it.  To be freed
 * before the store.
 *
 * Returns: (transfer full) (nullable): an archive
 */
DispRecordArchive *
disp_sqlite_archive_new (const char *path, GError **error)
{
  g_autoptr (DispSqliteArchive) self = g_object_new (DISP_TYPE_SQLITE_ARCHIVE, NULL);

  self->path = g_canonicalize_filename (path, NULL);
  return ensure_file (self, error) ? DISP_RECORD_ARCHIVE (g_steal_pointer (&self)) : NULL;
}
