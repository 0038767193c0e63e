/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/sqlite-store.h"

#include "records/sqlite-schema.h"

struct _DispSqliteStore
{
  GObject parent_instance;
  char *description;    /* (owned) */
  DispSqliteFile *file; /* (owned) */
  sqlite3_stmt *upsert; /* (owned) */
};

/* The condition is that of supersedes(). */
static const char upsert_sql[]
    = "INSERT INTO records (id, request_id, model, version, instances, instances_bytes, node,"
      " container, container_id, device, ts_in, ts_wait, ts_out, response, response_bytes, state,"
      " status) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)"
      " ON CONFLICT (id) DO UPDATE SET request_id = excluded.request_id, model = excluded.model,"
      " version = excluded.version, instances = excluded.instances,"
      " instances_bytes = excluded.instances_bytes, node = excluded.node,"
      " container = excluded.container, container_id = excluded.container_id,"
      " device = excluded.device, ts_in = excluded.ts_in, ts_wait = excluded.ts_wait,"
      " ts_out = excluded.ts_out, response = excluded.response,"
      " response_bytes = excluded.response_bytes, state = excluded.state, status = excluded.status"
      " WHERE excluded.state > state AND state < 2";

/* Whether @record takes the place of @earlier, of the same id: a state never goes backwards, and a
 * request ends once. */
static gboolean
supersedes (const DispRecord *record, const DispRecord *earlier)
{
  return record->state > earlier->state && earlier->state < DISP_RECORD_COMPLETED;
}

G_STATIC_ASSERT (DISP_RECORD_COMPLETED == 2 && DISP_RECORD_ERROR > DISP_RECORD_COMPLETED);

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

  sqlite3_bind_int64 (statement, column + 1, (gint64) payload->length);
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

/* What is not bound is NULL. */
static int
upsert (sqlite3_stmt *statement, const DispRecord *record)
{
  sqlite3_clear_bindings (statement);
  bind_string (statement, 1, record->id);
  bind_string (statement, 2, record->request_id);
  bind_string (statement, 3, record->model);
  bind_known (statement, 4, record->version);
  bind_payload (statement, 5, &record->instances);
  bind_container (statement, 7, record->container);
  sqlite3_bind_int64 (statement, 11, record->ts_in);
  bind_known (statement, 12, record->ts_wait);
  bind_known (statement, 13, record->ts_out);
  bind_payload (statement, 14, &record->response);
  sqlite3_bind_int (statement, 16, (int) record->state);
  bind_known (statement, 17, record->status);
  sqlite3_step (statement);
  return sqlite3_reset (statement);
}

/* Leaves one record of each id, the last one, in the place of the first: both states of a quick
 * request come in one batch, and one write does for both. */
static GPtrArray *
merge (DispRecord *const *records, guint n_records)
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
      else if (supersedes (records[i], rows->pdata[GPOINTER_TO_UINT (place)]))
        rows->pdata[GPOINTER_TO_UINT (place)] = records[i];
    }
  return rows;
}

static gboolean
sqlite_store_append_batch (DispStore *store, DispRecord *const *records, guint n_records,
                           guint *n_taken, G_GNUC_UNUSED guint *n_refused,
                           GCancellable *cancellable, GError **error)
{
  DispSqliteStore *self = DISP_SQLITE_STORE (store);
  g_autoptr (GPtrArray) rows = NULL;
  int code;

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;

  rows = merge (records, n_records);
  code = sqlite3_exec (self->file->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
  for (guint i = 0; i < rows->len && code == SQLITE_OK; i++)
    code = upsert (self->upsert, g_ptr_array_index (rows, i));
  if (code == SQLITE_OK)
    code = sqlite3_exec (self->file->db, "COMMIT", NULL, NULL, NULL);
  if (code == SQLITE_OK)
    {
      *n_taken = n_records;
      return TRUE;
    }
  disp_sqlite_file_set_error (self->file, code, error);
  disp_sqlite_file_roll_back (self->file);
  return FALSE;
}

static const char *
sqlite_store_describe (DispStore *store)
{
  return DISP_SQLITE_STORE (store)->description;
}

static void
sqlite_store_iface_init (DispStoreInterface *iface)
{
  iface->append_batch = sqlite_store_append_batch;
  iface->describe = sqlite_store_describe;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (DispSqliteStore, disp_sqlite_store, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_STORE, sqlite_store_iface_init))

static void
disp_sqlite_store_finalize (GObject *object)
{
  DispSqliteStore *self = DISP_SQLITE_STORE (object);

  sqlite3_finalize (self->upsert);
  g_clear_pointer (&self->file, disp_sqlite_file_close);
  g_free (self->description);
  G_OBJECT_CLASS (disp_sqlite_store_parent_class)->finalize (object);
}

static void
disp_sqlite_store_class_init (DispSqliteStoreClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = disp_sqlite_store_finalize;
}

static void
disp_sqlite_store_init (G_GNUC_UNUSED DispSqliteStore *self)
{
}

/**
 * disp_sqlite_store_new:
 * @path: the file, which is created with its directory when it is missing
 * @error: %DISP_ERROR_STORE, saying what is wrong with the file and what to do
 *
 * Keeps records in an SQLite file, in write-ahead mode: a batch is one transaction; what a
 * transaction wrote outlives the end of this process, but not always that of the machine
 * (synchronous = NORMAL).  Others may read the file meanwhile.  When the store is freed everything
 * is in the one file.
 *
 * Returns: (transfer full) (nullable): a store
 */
DispStore *
disp_sqlite_store_new (const char *path, GError **error)
{
  g_autoptr (DispSqliteStore) self = g_object_new (DISP_TYPE_SQLITE_STORE, NULL);

  self->file = disp_sqlite_file_open (path, disp_sqlite_schema_get_layout (), error);
  if (self->file == NULL)
    return NULL;
  self->description = g_strconcat ("sqlite:", self->file->path, NULL);
  self->upsert = disp_sqlite_file_prepare (self->file, upsert_sql, error);
  if (self->upsert == NULL)
    return NULL;
  return DISP_STORE (g_steal_pointer (&self));
}
