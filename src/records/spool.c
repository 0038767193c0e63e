/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/spool.h"

#include "core/tsan.h"
#include "records/private-file.h"

#include <stdatomic.h>
#include <unistd.h>

/* A lower limit would leave no room for a record beside the tables themselves, in bytes. */
#define LEAST_LIMIT (1024 * 1024)
#define NOUN "the spool"

/* Both ends copy the log back into the file by themselves. */
static const char settings_sql[] = "PRAGMA journal_mode = WAL;"
                                   "PRAGMA synchronous = NORMAL;"
                                   "PRAGMA wal_autocheckpoint = 0;"
                                   "PRAGMA journal_size_limit = 67108864;"
                                   "PRAGMA cache_size = -8192;"
                                   "PRAGMA secure_delete = FAST;";

/* A letter is posted as it is.  The numbers of letters never come again, so that a reader who has
 * got somewhere finds all that is newer behind that, even after all letters were removed.  The
 * totals are there so that nobody has to count at the start. */
static const char version_1_sql[]
    = "CREATE TABLE letters ("
      " seq INTEGER PRIMARY KEY AUTOINCREMENT,"
      " id TEXT NOT NULL,"
      " state INTEGER NOT NULL,"
      " document BLOB NOT NULL"
      ") STRICT;"
      "CREATE TABLE dead_letters ("
      " seq INTEGER PRIMARY KEY,"
      " id TEXT NOT NULL,"
      " state INTEGER NOT NULL,"
      " status INTEGER NOT NULL,"
      " reason TEXT,"
      " refused_at INTEGER NOT NULL,"
      " document BLOB NOT NULL"
      ") STRICT;"
      "CREATE TABLE totals (letters INTEGER NOT NULL, dead_bytes INTEGER NOT NULL) STRICT;"
      "INSERT INTO totals VALUES (0, 0);"
      "CREATE TRIGGER letter_came AFTER INSERT ON letters BEGIN"
      " UPDATE totals SET letters = letters + 1; END;"
      "CREATE TRIGGER letter_went AFTER DELETE ON letters BEGIN"
      " UPDATE totals SET letters = letters - 1; END;"
      "CREATE TRIGGER dead_letter_came AFTER INSERT ON dead_letters BEGIN"
      " UPDATE totals SET dead_bytes = dead_bytes + length (new.document); END;"
      "CREATE TRIGGER dead_letter_went AFTER DELETE ON dead_letters BEGIN"
      " UPDATE totals SET dead_bytes = dead_bytes - length (old.document); END;";

static const char *const steps[] = { version_1_sql };

static const DispSqliteLayout layout = {
  .noun = NOUN,
  .application_id = 0x44697353, /* "DisS" */
  .steps = steps,
  .n_steps = G_N_ELEMENTS (steps),
  .settings = settings_sql,
};

struct _DispSpool
{
  char *path;            /* (owned) absolute */
  atomic_llong limit;    /* (atomic) bytes */
  int lock;              /* holds the file against other daemons; -1 = nothing */
  GMutex writing;        /* held by the end that has a transaction open */
  atomic_ullong n_waits; /* (atomic) letters, as of the last transaction */
};

/**
 * disp_spool_free:
 * @self: (transfer full): a spool whose ends were freed
 */
void
disp_spool_free (DispSpool *self)
{
  if (self->lock >= 0)
    close (self->lock);
  g_mutex_clear (&self->writing);
  g_free (self->path);
  g_free (self);
}

/**
 * disp_spool_new:
 * @path: the file, which is created with its directory when it is missing
 * @limit: how much of it may be in use, in bytes; 1 MiB when it is less
 * @error: %DISP_ERROR_STORE, saying what is wrong with the file and what to do
 *
 * Takes a file as a spool, unless another one uses it.
 *
 * Returns: (transfer full) (nullable): a spool
 */
DispSpool *
disp_spool_new (const char *path, gint64 limit, GError **error)
{
  g_autoptr (DispSpool) self = g_new0 (DispSpool, 1);

  self->path = g_canonicalize_filename (path, NULL);
  disp_spool_set_limit (self, limit);
  self->lock = -1;
  g_mutex_init (&self->writing);
  if (!disp_private_file_ensure (self->path, NOUN, error))
    return NULL;
  self->lock = disp_private_file_lock (self->path, NOUN, error);
  return self->lock >= 0 ? g_steal_pointer (&self) : NULL;
}

/**
 * disp_spool_get_path:
 * @self: a spool
 *
 * Returns: (transfer none): the absolute path of its file; any thread
 */
const char *
disp_spool_get_path (DispSpool *self)
{
  return self->path;
}

/**
 * disp_spool_set_limit:
 * @self: a spool
 * @limit: how much of its file may be in use from now on, in bytes; 1 MiB when it is less
 *
 * What is in it stays.  Any thread.
 */
void
disp_spool_set_limit (DispSpool *self, gint64 limit)
{
  atomic_store (&self->limit, MAX (limit, LEAST_LIMIT));
}

/**
 * disp_spool_get_limit:
 * @self: a spool
 *
 * Returns: how much of its file may be in use, in bytes; any thread
 */
gint64
disp_spool_get_limit (DispSpool *self)
{
  return atomic_load (&self->limit);
}

/**
 * disp_spool_count:
 * @self: a spool
 *
 * Returns: how many letters wait in it; any thread
 */
guint64
disp_spool_count (DispSpool *self)
{
  return atomic_load (&self->n_waits);
}

static gboolean
read_count (DispSqliteFile *file, gint64 *n, GError **error)
{
  return disp_sqlite_file_read_int (file, "SELECT letters FROM totals", n, error);
}

static void
begin_writing (DispSpool *self)
{
  g_mutex_lock (&self->writing);
  DISP_TSAN_ACQUIRE (&self->writing);
}

static void
end_writing (DispSpool *self)
{
  DISP_TSAN_RELEASE (&self->writing);
  g_mutex_unlock (&self->writing);
}

/**
 * disp_spool_open_file:
 * @self: a spool
 * @error: %DISP_ERROR_STORE, saying what is wrong with the file and what to do
 *
 * Returns: (transfer full) (nullable): a connection for one of the ends
 */
DispSqliteFile *
disp_spool_open_file (DispSpool *self, GError **error)
{
  g_autoptr (DispSqliteFile) file = disp_sqlite_file_open (self->path, &layout, error);
  gboolean sound;
  gint64 n;

  if (file == NULL)
    return NULL;
  begin_writing (self);
  sound = read_count (file, &n, error);
  if (sound)
    atomic_store (&self->n_waits, (guint64) n);
  end_writing (self);
  return sound ? g_steal_pointer (&file) : NULL;
}

/**
 * disp_spool_begin:
 * @self: a spool
 * @file: the connection of one of its ends
 * @error: %DISP_ERROR_STORE
 *
 * Begins a transaction.  Waits for the other end to finish its own.
 *
 * Returns: whether it began; then end it with disp_spool_commit() or disp_spool_roll_back()
 */
gboolean
disp_spool_begin (DispSpool *self, DispSqliteFile *file, GError **error)
{
  begin_writing (self);
  if (disp_sqlite_file_execute (file, "BEGIN IMMEDIATE", error))
    return TRUE;
  end_writing (self);
  return FALSE;
}

/**
 * disp_spool_commit:
 * @self: a spool
 * @file: the connection that began
 * @error: %DISP_ERROR_STORE
 *
 * Ends a transaction, in whatever way.
 *
 * Returns: whether what was done in it has been done
 */
gboolean
disp_spool_commit (DispSpool *self, DispSqliteFile *file, GError **error)
{
  gint64 n;
  gboolean done = read_count (file, &n, error) && disp_sqlite_file_execute (file, "COMMIT", error);

  if (done)
    atomic_store (&self->n_waits, (guint64) n);
  else
    disp_sqlite_file_roll_back (file);
  end_writing (self);
  return done;
}

/**
 * disp_spool_roll_back:
 * @self: a spool
 * @file: the connection that began
 *
 * Ends a transaction as if nothing had been done in it.
 */
void
disp_spool_roll_back (DispSpool *self, DispSqliteFile *file)
{
  disp_sqlite_file_roll_back (file);
  end_writing (self);
}
