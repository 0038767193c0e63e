/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/sqlite-store.h"

#include "core/event.h"
#include "records/sqlite-checkpoint.h"
#include "records/sqlite-record.h"
#include "records/sqlite-retention.h"
#include "records/sqlite-schema.h"

#include <stdatomic.h>

/* Between tries of an upkeep that fails, in microseconds. */
#define RETRY_INTERVAL (5 * G_USEC_PER_SEC)

struct _DispSqliteStore
{
  GObject parent_instance;
  char *path;        /* (owned) absolute */
  char *description; /* (owned) */
  gboolean committed;
  atomic_llong max_age;            /* (atomic) as of the settings */
  atomic_llong max_size;           /* (atomic) as of the settings */
  DispSqliteFile *file;            /* (owned) (nullable) while it cannot be opened again */
  sqlite3_stmt *upsert;            /* (owned) (nullable) with file */
  DispSqliteRetention *retention;  /* (owned) (nullable) with file */
  DispSqliteCheckpoint checkpoint; /* of file */
  gboolean untidy;                 /* the upkeep fails, which was said */
};

static void
close_file (DispSqliteStore *self)
{
  g_clear_pointer (&self->retention, disp_sqlite_retention_free);
  g_clear_pointer (&self->upsert, sqlite3_finalize);
  g_clear_pointer (&self->file, disp_sqlite_file_leave);
}

static gboolean
open_file (DispSqliteStore *self, GError **error)
{
  self->file = disp_sqlite_file_open (self->path, disp_sqlite_schema_get_layout (), error);
  if (self->file == NULL)
    return FALSE;
  disp_sqlite_checkpoint_begin (&self->checkpoint, self->file);
  if (!self->committed || disp_sqlite_file_execute (self->file, "PRAGMA synchronous = FULL", error))
    self->upsert = disp_sqlite_file_prepare (self->file, DISP_SQLITE_RECORD_UPSERT, error);
  if (self->upsert != NULL)
    self->retention = disp_sqlite_retention_new (self->file, atomic_load (&self->max_age),
                                                 atomic_load (&self->max_size), error);
  if (self->retention != NULL)
    return TRUE;
  close_file (self);
  return FALSE;
}

/* Takes another connection when this one may be at fault, and another file when this one went. */
static gboolean
ensure_file (DispSqliteStore *self, GError **error)
{
  if (self->file != NULL && disp_sqlite_file_has_moved (self->file))
    {
      disp_event_log (DISP_EVENT_STORE_MOVED, &(DispEventFields){ .store = self->path },
                      "\"%s\" was moved or deleted while it was in use: records go into the file "
                      "that is there now, or a new one",
                      self->path);
      close_file (self);
    }
  else if (self->file != NULL && self->file->suspect)
    close_file (self);
  return self->file != NULL || open_file (self, error);
}

/* How much of the rows is bodies, in bytes. */
static gsize
measure (GPtrArray *rows)
{
  gsize size = 0;

  for (guint i = 0; i < rows->len; i++)
    {
      const DispRecord *record = g_ptr_array_index (rows, i);

      size += record->instances.bytes != NULL ? record->instances.length : 0;
      size += record->response.bytes != NULL ? record->response.length : 0;
    }
  return size;
}

static gboolean
store_rows (DispSqliteStore *self, GPtrArray *rows, GError **error)
{
  sqlite3 *db = self->file->db;
  int code = sqlite3_exec (db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

  for (guint i = 0; i < rows->len && code == SQLITE_OK; i++)
    code = disp_sqlite_record_upsert (self->upsert, g_ptr_array_index (rows, i));
  if (code == SQLITE_OK)
    code = sqlite3_exec (db, "COMMIT", NULL, NULL, NULL);
  if (code == SQLITE_OK)
    return TRUE;
  disp_sqlite_file_set_error (self->file, code, error);
  disp_sqlite_file_roll_back (self->file);
  return FALSE;
}

static gboolean
sqlite_store_append_batch (DispStore *store, DispRecord *const *records, guint n_records,
                           guint *n_taken, G_GNUC_UNUSED guint *n_refused,
                           GCancellable *cancellable, GError **error)
{
  DispSqliteStore *self = DISP_SQLITE_STORE (store);
  g_autoptr (GPtrArray) rows = NULL;

  if (g_cancellable_set_error_if_cancelled (cancellable, error) || !ensure_file (self, error))
    return FALSE;
  rows = disp_sqlite_records_merge (records, n_records);
  if (!store_rows (self, rows, error))
    return FALSE;
  disp_sqlite_retention_note_rows (self->retention, rows->len, measure (rows));
  *n_taken = n_records;
  /* As long as somebody tidies up there is nothing to do here. */
  if (disp_sqlite_checkpoint_is_overdue (&self->checkpoint))
    disp_sqlite_checkpoint_run (&self->checkpoint, NULL);
  return TRUE;
}

static gboolean
sqlite_store_clear (DispStore *store, GError **error)
{
  DispSqliteStore *self = DISP_SQLITE_STORE (store);

  return ensure_file (self, error) && disp_sqlite_schema_set_aside (self->file, error)
         && disp_sqlite_retention_note_cleared (self->retention, error);
}

/* Says once when the upkeep begins to fail and once when it is well again. */
static void
note_upkeep (DispSqliteStore *self, const GError *error)
{
  if (error != NULL && !self->untidy)
    disp_event_log (DISP_EVENT_STORE_UNTIDY,
                    &(DispEventFields){ .store = self->path, .reason = error->message },
                    "old records cannot be removed, or space not be given back: %s",
                    error->message);
  else if (error == NULL && self->untidy)
    disp_event_log (DISP_EVENT_STORE_TIDY, &(DispEventFields){ .store = self->path },
                    "\"%s\" is tidied up again", self->path);
  self->untidy = error != NULL;
}

static gint64
sqlite_store_tidy (DispStore *store, gint64 now_real)
{
  DispSqliteStore *self = DISP_SQLITE_STORE (store);
  g_autoptr (GError) error = NULL;
  gint64 wait = RETRY_INTERVAL;

  /* If not, whoever appends next is told why. */
  if (!ensure_file (self, NULL))
    return RETRY_INTERVAL;
  disp_sqlite_retention_set_limits (self->retention, atomic_load (&self->max_age),
                                    atomic_load (&self->max_size));
  if (!disp_sqlite_retention_run (self->retention, now_real, &wait, &error)
      || !disp_sqlite_checkpoint_run (&self->checkpoint, &error))
    wait = RETRY_INTERVAL;
  note_upkeep (self, error);
  return wait;
}

/* So everything is in the one file, whoever still keeps the store. */
static void
sqlite_store_close (DispStore *store, G_GNUC_UNUSED gint64 patience)
{
  close_file (DISP_SQLITE_STORE (store));
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
  iface->clear = sqlite_store_clear;
  iface->tidy = sqlite_store_tidy;
  iface->close = sqlite_store_close;
  iface->describe = sqlite_store_describe;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (DispSqliteStore, disp_sqlite_store, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_STORE, sqlite_store_iface_init))

static void
disp_sqlite_store_finalize (GObject *object)
{
  DispSqliteStore *self = DISP_SQLITE_STORE (object);

  close_file (self);
  g_free (self->path);
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
 * @settings: (nullable): how to keep records; %NULL = all defaults
 * @error: %DISP_ERROR_STORE, saying what is wrong with the file and what to do
 *
 * Keeps records in an SQLite file, in write-ahead mode: a batch is one transaction, and others may
 * read the file meanwhile.  A record takes the place of one with the same id unless its state is an
 * earlier one.
 *
 * While the disk is full or fails, batches are not taken, and what was taken stays.  As soon as the
 * disk is well so is the store; it takes a new connection to the file when the old one may be at
 * fault.  If the file is moved or deleted under it, which is looked for before each batch, it makes
 * a new one, as if it were started anew.
 *
 * The upkeep, disp_store_tidy(), removes what is beyond the limits in the order in which it came,
 * and copies the write-ahead log back.  When the store is closed or freed everything is in the one
 * file.
 *
 * Returns: (transfer full) (nullable): a store
 */
DispStore *
disp_sqlite_store_new (const char *path, const DispSqliteStoreSettings *settings, GError **error)
{
  g_autoptr (DispSqliteStore) self = g_object_new (DISP_TYPE_SQLITE_STORE, NULL);

  self->path = g_canonicalize_filename (path, NULL);
  self->description = g_strconcat ("sqlite:", self->path, NULL);
  if (settings != NULL)
    {
      self->committed = settings->committed;
      disp_sqlite_store_set_limits (self, settings->max_age, settings->max_size);
    }
  return open_file (self, error) ? DISP_STORE (g_steal_pointer (&self)) : NULL;
}

/**
 * disp_sqlite_store_set_limits:
 * @self: a store
 * @max_age: remove requests that came before that, in microseconds; 0 = never
 * @max_size: remove the oldest when the records take more, in bytes; 0 = never
 *
 * What its upkeep keeps to from now on.  Any thread.
 */
void
disp_sqlite_store_set_limits (DispSqliteStore *self, gint64 max_age, gint64 max_size)
{
  atomic_store (&self->max_age, max_age);
  atomic_store (&self->max_size, max_size);
}
