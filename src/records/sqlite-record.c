/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/sqlite-record.h"

#include <string.h>

/**
 * disp_sqlite_record_supersedes:
 * @self: a record
 * @other: one of the same id that was there before
 *
 * The condition of the statement too.  A state never goes backwards; one that comes again, as when
 * a client writes its record twice, counts.
 *
 * Returns: whether @self takes the place of @other
 */
gboolean
disp_sqlite_record_supersedes (const DispRecord *self, const DispRecord *other)
{
  return self->state >= other->state;
}

/**
 * disp_sqlite_records_merge:
 * @records: (array length=n_records): records, in the order in which they came
 * @n_records: how many
 *
 * Leaves one record of each id, the last one, in the place of the first: both states of a quick
 * request come in one batch, and one write does for both.
 *
 * Returns: (transfer container) (element-type DispRecord): what is left
 */
GPtrArray *
disp_sqlite_records_merge (DispRecord *const *records, guint n_records)
{
  GPtrArray *rows = g_ptr_array_sized_new (n_records);
  g_autoptr (GHashTable) places = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < n_records; i++)
    {
      gpointer place;

      if (!g_hash_table_lookup_extended (places, records[i]->id, NULL, &place))
        {
          g_hash_table_insert (places, records[i]->id, GUINT_TO_POINTER (rows->len));
          g_ptr_array_add (rows, records[i]);
        }
      else if (disp_sqlite_record_supersedes (records[i], rows->pdata[GPOINTER_TO_UINT (place)]))
        rows->pdata[GPOINTER_TO_UINT (place)] = records[i];
    }
  return rows;
}

/* Binds a number of which 0 is one. */
static void
bind_number (sqlite3_stmt *statement, int column, gint64 value)
{
  if (value != DISP_RECORD_UNKNOWN)
    sqlite3_bind_int64 (statement, column, value);
}

/* Binds a number that is not known while it is 0. */
static void
bind_known (sqlite3_stmt *statement, int column, gint64 value)
{
  if (value != 0)
    sqlite3_bind_int64 (statement, column, value);
}

static void
bind_string (sqlite3_stmt *statement, int column, const char *value)
{
  sqlite3_bind_text (statement, column, value, -1, SQLITE_STATIC);
}

static void
bind_payload (sqlite3_stmt *statement, int column, const DispPayload *payload)
{
  gsize length;
  const char *bytes;

  if (payload->bytes == NULL)
    return;
  bytes = g_bytes_get_data (payload->bytes, &length);
  if (length == 0)
    sqlite3_bind_text (statement, column, "", 0, SQLITE_STATIC);
  else if (g_utf8_validate_len (bytes, length, NULL))
    sqlite3_bind_text64 (statement, column, bytes, length, SQLITE_STATIC, SQLITE_UTF8);
  else
    sqlite3_bind_blob64 (statement, column, bytes, length, SQLITE_STATIC);
}

static void
bind_container (sqlite3_stmt *statement, int column, const DispContainer *container)
{
  if (container == NULL)
    return;
  bind_string (statement, column, container->node);
  bind_string (statement, column + 1, container->name);
  bind_string (statement, column + 2, container->id);
  if (container->device != DISP_DEVICE_UNKNOWN)
    sqlite3_bind_int (statement, column + 3, (int) container->device);
}

/**
 * disp_sqlite_record_upsert:
 * @statement: %DISP_SQLITE_RECORD_UPSERT
 * @record: a record
 *
 * Stores a record, unless one of the same id and a later state is there.
 *
 * Returns: a result code
 */
int
disp_sqlite_record_upsert (sqlite3_stmt *statement, const DispRecord *record)
{
  /* What is not bound is NULL. */
  sqlite3_clear_bindings (statement);
  bind_string (statement, 1, record->id);
  bind_string (statement, 2, record->request_id);
  bind_string (statement, 3, record->model);
  bind_known (statement, 4, record->version);
  bind_container (statement, 5, record->container);
  bind_known (statement, 9, record->ts_in);
  bind_known (statement, 10, record->ts_wait);
  bind_known (statement, 11, record->ts_out);
  sqlite3_bind_int (statement, 12, (int) record->state);
  bind_known (statement, 13, record->status);
  bind_number (statement, 14, record->queue_time);
  bind_number (statement, 15, record->n_attempts);
  sqlite3_bind_int64 (statement, 16, (gint64) record->instances.length);
  sqlite3_bind_int64 (statement, 17, (gint64) record->response.length);
  bind_payload (statement, 18, &record->instances);
  bind_payload (statement, 19, &record->response);
  bind_string (statement, 20, record->extra);
  sqlite3_step (statement);
  return sqlite3_reset (statement);
}

static char *
dup_string (sqlite3_stmt *statement, int column)
{
  return g_strdup ((const char *) sqlite3_column_text (statement, column));
}

static gboolean
is_null (sqlite3_stmt *statement, int column)
{
  return sqlite3_column_type (statement, column) == SQLITE_NULL;
}

static gint64
read_number (sqlite3_stmt *statement, int column)
{
  return is_null (statement, column) ? DISP_RECORD_UNKNOWN
                                     : sqlite3_column_int64 (statement, column);
}

/* Only what a record tells of a container is known, and so such a one is for records alone. */
static DispContainer *
read_container (sqlite3_stmt *statement, int column)
{
  DispContainer *container;

  if (is_null (statement, column) && is_null (statement, column + 1)
      && is_null (statement, column + 2) && is_null (statement, column + 3))
    return NULL;
  container = disp_container_new ();
  container->node = dup_string (statement, column);
  container->name = dup_string (statement, column + 1);
  container->id = dup_string (statement, column + 2);
  container->device = is_null (statement, column + 3) ? DISP_DEVICE_UNKNOWN
                                                      : sqlite3_column_int (statement, column + 3);
  return container;
}

static void
read_payload (sqlite3_stmt *statement, int column, gint64 length, DispPayload *payload)
{
  gconstpointer bytes;

  payload->length = (gsize) length;
  if (is_null (statement, column))
    return;
  bytes = sqlite3_column_blob (statement, column);
  payload->bytes = g_bytes_new (bytes, (gsize) sqlite3_column_bytes (statement, column));
}

/**
 * disp_sqlite_record_read:
 * @statement: a statement that gave a row
 * @column: the first of %DISP_SQLITE_RECORD_COLUMNS in it
 * @brief: whether %DISP_SQLITE_RECORD_WIDE_COLUMNS do not follow these
 *
 * Returns: (transfer full): the record of the row
 */
DispRecord *
disp_sqlite_record_read (sqlite3_stmt *statement, int column, gboolean brief)
{
  DispRecord *record = disp_record_new_blank ();
  const char *id = (const char *) sqlite3_column_text (statement, column);

  g_strlcpy (record->id, id != NULL ? id : "", DISP_ID_SIZE);
  record->request_id = dup_string (statement, column + 1);
  record->model = dup_string (statement, column + 2);
  record->version = sqlite3_column_int64 (statement, column + 3);
  record->container = read_container (statement, column + 4);
  record->ts_in = sqlite3_column_int64 (statement, column + 8);
  record->ts_wait = sqlite3_column_int64 (statement, column + 9);
  record->ts_out = sqlite3_column_int64 (statement, column + 10);
  record->state = sqlite3_column_int (statement, column + 11);
  record->status = (guint) sqlite3_column_int (statement, column + 12);
  record->queue_time = read_number (statement, column + 13);
  record->n_attempts = read_number (statement, column + 14);
  if (brief)
    return record;
  read_payload (statement, column + 17, sqlite3_column_int64 (statement, column + 15),
                &record->instances);
  read_payload (statement, column + 18, sqlite3_column_int64 (statement, column + 16),
                &record->response);
  record->extra = dup_string (statement, column + 19);
  return record;
}
