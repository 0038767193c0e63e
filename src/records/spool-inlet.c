/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/spool-inlet.h"

#include "core/error.h"
#include "core/event.h"
#include "records/sqlite-checkpoint.h"
#include "records/sqlite-record.h"
#include "records/sqlite-space.h"
#include "wire/record-document.h"

#include <glib/gstdio.h>
#include <stdatomic.h>
#include <sys/statvfs.h>

/* What a row takes besides its document, in bytes. */
#define ROW_SIZE 128
/* SQLite cannot keep more in one row, in bytes. */
#define MAX_DOCUMENT 900000000

/* How long the write-ahead log becomes before it is used again from its beginning, in bytes. */
#define LOG_SIZE (16 * 1024 * 1024)
/* What has to be left on the disk, in bytes: letters can only go out if their removal, too, has
 * room in the log, and the file has room for what stands there.  That is the log, and as much for
 * all that the outlet may remove at once. */
#define DISK_RESERVE (LOG_SIZE + 16 * 1024 * 1024)
/* So much more has to be left before a spool that was full for want of it takes records again. */
#define DISK_STEP (DISK_RESERVE / 8)

struct _DispSpoolInlet
{
  DispSpool *spool;      /* (unowned) outlives its ends */
  atomic_bool coalesces; /* (atomic) */
  gboolean committed;
  DispSqliteFile *file; /* (owned) (nullable) while it cannot be opened again */
  sqlite3_stmt *insert; /* (owned) (nullable) with file */
  DispSqliteSpace space;
  DispSqliteCheckpoint checkpoint;
  gboolean full;          /* nothing is taken until an eighth is free */
  gboolean short_of_disk; /* the disk leaves less room than the limit */
  gboolean refusing;      /* the last batch had a record that was too large, which was said */
};

/* What became of a batch. */
typedef struct
{
  guint n_taken;
  guint n_refused; /* of these */
} Fate;

static void
close_file (DispSpoolInlet *self)
{
  g_clear_pointer (&self->insert, sqlite3_finalize);
  disp_sqlite_space_close (&self->space);
  g_clear_pointer (&self->file, disp_sqlite_file_leave);
}

static gboolean
open_file (DispSpoolInlet *self, GError **error)
{
  self->file = disp_spool_open_file (self->spool, error);
  if (self->file == NULL)
    return FALSE;
  disp_sqlite_checkpoint_begin (&self->checkpoint, self->file);
  if ((!self->committed
       || disp_sqlite_file_execute (self->file, "PRAGMA synchronous = FULL", error))
      && disp_sqlite_space_open (&self->space, self->file, error))
    self->insert = disp_sqlite_file_prepare (
        self->file, "INSERT INTO letters (id, state, document) VALUES (?1, ?2, ?3)", error);
  if (self->insert != NULL)
    return TRUE;
  close_file (self);
  return FALSE;
}

/* Takes another connection when this one may be at fault, and another file when this one went. */
static gboolean
ensure_file (DispSpoolInlet *self, GError **error)
{
  if (self->file != NULL && disp_sqlite_file_has_moved (self->file))
    {
      disp_event_log (DISP_EVENT_SPOOL_MOVED,
                      &(DispEventFields){ .path = disp_spool_get_path (self->spool) },
                      "\"%s\" was moved or deleted while it was in use: records that waited in it "
                      "are not delivered, and others go into the file that is there now, or a "
                      "new one",
                      disp_spool_get_path (self->spool));
      close_file (self);
    }
  else if (self->file != NULL && self->file->suspect)
    close_file (self);
  return self->file != NULL || open_file (self, error);
}

/* How much of the limit a document uses up: long ones have pages of their own. */
static gint64
estimate_size (DispSpoolInlet *self, gsize length)
{
  gint64 size = (gint64) length + ROW_SIZE;
  gint64 page = self->space.page_size;

  return size > page ? (size / page + 2) * page : size;
}

static gint64
measure_file (const char *path)
{
  GStatBuf status;

  return g_stat (path, &status) == 0 ? status.st_size : 0;
}

/* How much the disk allows to come, in bytes.  The log counts as free, as it is used again, but not
 * what of it has no place in the file yet: so removing letters, and copying the log back, change
 * nothing.  A batch takes its size twice, in the log and then in the file. */
static gint64
measure_disk (DispSpoolInlet *self, gint64 used, gint64 reusable)
{
  const char *path = disp_spool_get_path (self->spool);
  g_autofree char *log = g_strconcat (path, "-wal", NULL);
  gint64 growth = MAX (used + reusable - measure_file (path), 0);
  gint64 left = measure_file (log) - growth;
  struct statvfs disk;
  guint64 unit;

  /* Some file systems do not say how large they are. */
  if (statvfs (path, &disk) != 0 || disk.f_blocks == 0)
    return G_MAXINT64;
  unit = MAX (disk.f_frsize, 1);
  left += (gint64) (MIN (disk.f_bavail, G_MAXINT64 / 2 / unit) * unit);
  return MIN (left + reusable - DISK_RESERVE, (left - LOG_SIZE) / 2);
}

/* How much may still come, in bytes.  A spool that was full is so until an eighth is free, so that
 * the news of it are few. */
static gboolean
find_room (DispSpoolInlet *self, gint64 *room, GError **error)
{
  gint64 limit = disp_spool_get_limit (self->spool);
  gint64 on_disk;
  gint64 used;
  gint64 n_free;

  if (!disp_sqlite_space_read (&self->space, &used, &n_free, error))
    return FALSE;
  on_disk = measure_disk (self, used, n_free * self->space.page_size);
  self->short_of_disk = on_disk < limit - used;
  if (used <= limit - limit / 8 && on_disk >= DISK_STEP)
    self->full = FALSE;
  *room = self->full ? 0 : MIN (limit - used, on_disk);
  return TRUE;
}

static gboolean
insert (DispSpoolInlet *self, const DispRecord *record, GString *document, GError **error)
{
  int code;

  sqlite3_bind_text (self->insert, 1, record->id, -1, SQLITE_STATIC);
  sqlite3_bind_int (self->insert, 2, (int) record->state);
  sqlite3_bind_blob64 (self->insert, 3, document->str, document->len, SQLITE_STATIC);
  sqlite3_step (self->insert);
  code = sqlite3_reset (self->insert);
  sqlite3_clear_bindings (self->insert);
  if (code != SQLITE_OK)
    disp_sqlite_file_set_error (self->file, code, error);
  return code == SQLITE_OK;
}

/* A record that could never be kept would be in the way of all that come after it. */
static void
refuse (DispSpoolInlet *self, const DispRecord *record, gsize length)
{
  if (!self->refusing)
    disp_event_log (
        DISP_EVENT_RECORD_TOO_LARGE,
        &(DispEventFields){ .request_id = record->id, .path = disp_spool_get_path (self->spool) },
        "the record %s is too large for the spool \"%s\", %" G_GSIZE_FORMAT
        " bytes; such records are counted as refused and not kept",
        record->id, disp_spool_get_path (self->spool), length);
  self->refusing = TRUE;
}

/* Inserts records as long as there is room. */
static gboolean
insert_records (DispSpoolInlet *self, DispRecord *const *records, guint n_records, Fate *fate,
                GError **error)
{
  gint64 largest = disp_spool_get_limit (self->spool) / 2;
  gint64 room;

  if (!find_room (self, &room, error))
    return FALSE;
  for (; fate->n_taken < n_records && !self->full; fate->n_taken++)
    {
      const DispRecord *record = records[fate->n_taken];
      g_auto (DispJsonWriter) document = { 0 };
      gint64 size;

      disp_json_writer_init (&document);
      disp_record_document_write (&document, NULL, record);
      size = estimate_size (self, document.text->len);
      if (size > largest || document.text->len > MAX_DOCUMENT)
        {
          refuse (self, record, document.text->len);
          fate->n_refused++;
          continue;
        }
      self->full = size > room;
      if (self->full)
        break;
      if (!insert (self, record, document.text, error))
        return FALSE;
      room -= size;
    }
  if (fate->n_refused == 0 && fate->n_taken > 0)
    self->refusing = FALSE;
  return TRUE;
}

static void
set_full (DispSpoolInlet *self, GError **error)
{
  g_autofree char *why
      = self->short_of_disk
            ? g_strdup_printf ("the disk has too little room for more: about %d MiB are left free, "
                               "which their delivery may need",
                               DISK_RESERVE / (1024 * 1024))
            : g_strdup_printf ("spool-limit is %" G_GINT64_FORMAT " bytes",
                               disp_spool_get_limit (self->spool));

  g_set_error (error, DISP_ERROR, DISP_ERROR_STORE,
               "the spool \"%s\" is full: %" G_GUINT64_FORMAT
               " records wait in it for the Requests Store, and %s",
               disp_spool_get_path (self->spool), disp_spool_count (self->spool), why);
}

/* Inserts one record of each id, which does for the others, if all of them can be kept. */
static gboolean
insert_merged (DispSpoolInlet *self, DispRecord *const *records, guint n_records, gboolean *whole,
               GError **error)
{
  g_autoptr (GPtrArray) merged = disp_sqlite_records_merge (records, n_records);
  Fate fate = { 0 };

  *whole = FALSE;
  if (merged->len == n_records)
    return TRUE;
  if (!disp_sqlite_file_execute (self->file, "SAVEPOINT merged", error)
      || !insert_records (self, (DispRecord *const *) merged->pdata, merged->len, &fate, error))
    return FALSE;
  *whole = fate.n_taken == merged->len && fate.n_refused == 0;
  return disp_sqlite_file_execute (self->file, *whole ? "RELEASE merged" : "ROLLBACK TO merged",
                                   error);
}

/* Which of the first records can be kept is told only of all of them, without merging. */
static gboolean
insert_batch (DispSpoolInlet *self, DispRecord *const *records, guint n_records, Fate *fate,
              GError **error)
{
  gboolean whole = FALSE;

  if (atomic_load (&self->coalesces) && !insert_merged (self, records, n_records, &whole, error))
    return FALSE;
  if (whole)
    fate->n_taken = n_records;
  return whole || insert_records (self, records, n_records, fate, error);
}

/**
 * disp_spool_inlet_append:
 * @self: an inlet
 * @records: (array length=n_records): records
 * @n_records: how many
 * @n_taken: (out): how many of the first are settled
 * @n_refused: (out): how many of these are too large to be kept at all
 * @error: %DISP_ERROR_STORE: why not all were taken
 *
 * Adds records to the spool, in one transaction: when it returns those that were taken outlive the
 * end of this process, and with @committed a power cut.  When the limit is reached it takes those
 * that fit, and then none before an eighth of the limit is free; and likewise when the disk has no
 * more room than the delivery of what waits may need.  If the file fails it takes none.
 *
 * Returns: whether all are settled
 */
gboolean
disp_spool_inlet_append (DispSpoolInlet *self, DispRecord *const *records, guint n_records,
                         guint *n_taken, guint *n_refused, GError **error)
{
  Fate fate = { 0 };

  *n_taken = 0;
  *n_refused = 0;
  if (!ensure_file (self, error) || !disp_spool_begin (self->spool, self->file, error))
    return FALSE;
  if (!insert_batch (self, records, n_records, &fate, error))
    {
      disp_spool_roll_back (self->spool, self->file);
      return FALSE;
    }
  if (!disp_spool_commit (self->spool, self->file, error))
    return FALSE;
  *n_taken = fate.n_taken;
  *n_refused = fate.n_refused;
  if (disp_sqlite_checkpoint_is_overdue (&self->checkpoint))
    disp_sqlite_checkpoint_run (&self->checkpoint, NULL);
  if (fate.n_taken < n_records)
    set_full (self, error);
  return fate.n_taken == n_records;
}

/**
 * disp_spool_inlet_tidy:
 * @self: an inlet
 *
 * Copies the write-ahead log back into the file when it has become long: a few milliseconds.
 */
void
disp_spool_inlet_tidy (DispSpoolInlet *self)
{
  g_autoptr (GError) error = NULL;

  /* What fails here fails when records come too, and is told then. */
  if (self->file != NULL && !self->file->suspect
      && !disp_sqlite_checkpoint_run (&self->checkpoint, &error))
    g_debug ("%s", error->message);
}

/**
 * disp_spool_inlet_new:
 * @spool: a spool, which must outlive its ends
 * @coalesces: whether of records of one id that come together only the last state is kept
 * @committed: whether what is taken has to outlive a power cut
 * @error: %DISP_ERROR_STORE, saying what is wrong with the file and what to do
 *
 * Returns: (transfer full) (nullable): the inlet of @spool; it may have but one
 */
DispSpoolInlet *
disp_spool_inlet_new (DispSpool *spool, gboolean coalesces, gboolean committed, GError **error)
{
  g_autoptr (DispSpoolInlet) self = g_new0 (DispSpoolInlet, 1);

  self->spool = spool;
  disp_spool_inlet_set_coalesces (self, coalesces);
  self->committed = committed;
  return open_file (self, error) ? g_steal_pointer (&self) : NULL;
}

/**
 * disp_spool_inlet_set_coalesces:
 * @self: an inlet
 * @coalesces: as of disp_spool_inlet_new(), from the next batch on
 *
 * Any thread.
 */
void
disp_spool_inlet_set_coalesces (DispSpoolInlet *self, gboolean coalesces)
{
  atomic_store (&self->coalesces, coalesces);
}

/**
 * disp_spool_inlet_free:
 * @self: (transfer full): an inlet
 */
void
disp_spool_inlet_free (DispSpoolInlet *self)
{
  close_file (self);
  g_free (self);
}
