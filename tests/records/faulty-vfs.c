/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/faulty-vfs.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <string.h>

struct _FaultyVfs
{
  sqlite3_vfs base;                    /* first: SQLite knows this by it */
  sqlite3_vfs *real;                   /* (unowned) static */
  guint nth;                           /* written before fault */
  _Atomic (const FaultyFault *) fault; /* (unowned) (nullable) (atomic) NULL = all is well */
  atomic_uint n_calls;                 /* (atomic) since it was armed */
  atomic_uint n_failed;                /* (atomic) of these */
  atomic_bool is_off;                  /* (atomic) there is no power */
  GMutex lock;                         /* held by nobody for long */
  GHashTable *disk; /* (owned) (element-type filename GBytes) (locked-by lock) what is safe from a
                       power cut, of each file that was opened since it was armed */
};

/* What stands behind the real file: its methods, with some of ours in their places. */
typedef struct
{
  sqlite3_io_methods methods; /* first: a file has a pointer to it */
  const sqlite3_io_methods *real;
  FaultyVfs *vfs;   /* (unowned) */
  const char *name; /* (unowned) (nullable) of a file that has none for long */
} FaultyFile;

static FaultyFile *
get_faulty (sqlite3_file *file)
{
  return (FaultyFile *) file->pMethods;
}

/* What becomes of all that comes too late. */
static const FaultyFault no_power = { .error = EIO };

/* The fault of this call, NULL when it does not fail.  A main loop that waits for one wakes. */
static const FaultyFault *
find_fault (FaultyVfs *self, FaultyCalls call)
{
  const FaultyFault *fault = atomic_load (&self->fault);
  guint number;

  if (atomic_load (&self->is_off))
    return &no_power;
  if (fault == NULL || !(fault->calls & call))
    return NULL;
  number = atomic_fetch_add (&self->n_calls, 1) + 1;
  if (number < self->nth || number - self->nth >= fault->times)
    return NULL;
  atomic_fetch_add (&self->n_failed, 1);
  g_main_context_wakeup (NULL);
  return fault;
}

static gboolean
fails (FaultyVfs *self, FaultyCalls call)
{
  const FaultyFault *fault = find_fault (self, call);

  if (fault != NULL)
    errno = fault->error;
  return fault != NULL;
}

static int
faulty_read (sqlite3_file *file, void *bytes, int n, sqlite3_int64 offset)
{
  FaultyFile *self = get_faulty (file);

  return fails (self->vfs, FAULTY_READ) ? SQLITE_IOERR_READ
                                        : self->real->xRead (file, bytes, n, offset);
}

static int
faulty_write (sqlite3_file *file, const void *bytes, int n, sqlite3_int64 offset)
{
  FaultyFile *self = get_faulty (file);
  const FaultyFault *fault = find_fault (self->vfs, FAULTY_WRITE);

  if (fault == NULL)
    return self->real->xWrite (file, bytes, n, offset);
  if (fault->partly)
    self->real->xWrite (file, bytes, n / 2, offset);
  errno = fault->error;
  return errno == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

static int
faulty_truncate (sqlite3_file *file, sqlite3_int64 size)
{
  FaultyFile *self = get_faulty (file);

  return fails (self->vfs, FAULTY_TRUNCATE) ? SQLITE_IOERR_TRUNCATE
                                            : self->real->xTruncate (file, size);
}

/* Keeps what a file has in it now as safe. */
static void
note_safe (sqlite3_file *file)
{
  FaultyFile *self = get_faulty (file);
  sqlite3_int64 size = 0;
  guint8 *bytes;

  if (self->name == NULL)
    return;
  self->real->xFileSize (file, &size);
  bytes = g_malloc ((gsize) size);
  self->real->xRead (file, bytes, (int) size, 0);
  g_mutex_lock (&self->vfs->lock);
  g_hash_table_insert (self->vfs->disk, g_strdup (self->name),
                       g_bytes_new_take (bytes, (gsize) size));
  g_mutex_unlock (&self->vfs->lock);
}

static gboolean
is_noted (FaultyVfs *self, const char *name)
{
  gboolean noted;

  g_mutex_lock (&self->lock);
  noted = g_hash_table_contains (self->disk, name);
  g_mutex_unlock (&self->lock);
  return noted;
}

/* Nothing is synced in truth: no power is cut in truth either, and the tests are many. */
static int
faulty_sync (sqlite3_file *file, G_GNUC_UNUSED int flags)
{
  if (fails (get_faulty (file)->vfs, FAULTY_SYNC))
    return SQLITE_IOERR_FSYNC;
  note_safe (file);
  return SQLITE_OK;
}

static int
faulty_shm_map (sqlite3_file *file, int region, int size, int extend, void volatile **memory)
{
  FaultyFile *self = get_faulty (file);

  return extend && fails (self->vfs, FAULTY_GROW)
             ? SQLITE_IOERR_SHMSIZE
             : self->real->xShmMap (file, region, size, extend, memory);
}

static int
faulty_open (sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
  FaultyVfs *self = (FaultyVfs *) vfs;
  gpointer behind = (char *) file + vfs->szOsFile - sizeof (FaultyFile);
  FaultyFile *faulty = behind;
  int code;

  file->pMethods = NULL;
  if ((flags & SQLITE_OPEN_CREATE) && fails (self, FAULTY_CREATE))
    return SQLITE_CANTOPEN;
  code = self->real->xOpen (self->real, name, file, flags, out_flags);
  if (file->pMethods == NULL)
    return code;
  faulty->methods = *file->pMethods;
  faulty->real = file->pMethods;
  faulty->vfs = self;
  faulty->name = flags & SQLITE_OPEN_DELETEONCLOSE ? NULL : name;
  faulty->methods.xRead = faulty_read;
  faulty->methods.xWrite = faulty_write;
  faulty->methods.xTruncate = faulty_truncate;
  faulty->methods.xSync = faulty_sync;
  faulty->methods.xShmMap = faulty_shm_map;
  file->pMethods = &faulty->methods;
  if (faulty->name != NULL && !is_noted (self, faulty->name))
    note_safe (file);
  return code;
}

static int
faulty_delete (sqlite3_vfs *vfs, const char *name, int sync_directory)
{
  FaultyVfs *self = (FaultyVfs *) vfs;

  if (fails (self, FAULTY_DELETE))
    return SQLITE_IOERR_DELETE;
  g_mutex_lock (&self->lock);
  g_hash_table_remove (self->disk, name);
  g_mutex_unlock (&self->lock);
  return self->real->xDelete (self->real, name, sync_directory);
}

/**
 * faulty_vfs_new:
 *
 * Becomes the system under each connection of this process that is opened from now on.  The real
 * one has to be that for UNIX, which works on the same bytes: all but a few calls go to it
 * straight.
 *
 * Returns: (transfer full): a system in which nothing fails yet
 */
FaultyVfs *
faulty_vfs_new (void)
{
  FaultyVfs *self = g_new0 (FaultyVfs, 1);
  gsize size;

  self->real = sqlite3_vfs_find ("unix");
  g_assert_nonnull (self->real);
  size = ((gsize) self->real->szOsFile + 15) / 16 * 16;
  self->base = *self->real;
  self->base.szOsFile = (int) (size + sizeof (FaultyFile));
  self->base.pNext = NULL;
  self->base.zName = "faulty";
  self->base.xOpen = faulty_open;
  self->base.xDelete = faulty_delete;
  g_mutex_init (&self->lock);
  self->disk = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                      (GDestroyNotify) g_bytes_unref);
  g_assert_cmpint (sqlite3_vfs_register (&self->base, TRUE), ==, SQLITE_OK);
  return self;
}

/**
 * faulty_vfs_free:
 * @self: (transfer full): a system without open files
 */
void
faulty_vfs_free (FaultyVfs *self)
{
  sqlite3_vfs_unregister (&self->base);
  g_hash_table_unref (self->disk);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/**
 * faulty_vfs_arm:
 * @self: a system in which nothing fails
 * @fault: (nullable): what shall fail, kept as long as it does; %NULL = nothing
 * @nth: the first of these calls to fail, from 1
 */
void
faulty_vfs_arm (FaultyVfs *self, const FaultyFault *fault, guint nth)
{
  self->nth = nth;
  atomic_store (&self->n_calls, 0);
  atomic_store (&self->n_failed, 0);
  atomic_store (&self->fault, fault);
}

/**
 * faulty_vfs_count_failed:
 * @self: a system
 *
 * Returns: how many calls have failed since it was armed
 */
guint
faulty_vfs_count_failed (FaultyVfs *self)
{
  return atomic_load (&self->n_failed);
}

/**
 * faulty_vfs_heal:
 * @self: a system
 *
 * Lets nothing fail any more.
 *
 * Returns: how many calls have failed since it was armed
 */
guint
faulty_vfs_heal (FaultyVfs *self)
{
  atomic_store (&self->fault, NULL);
  return faulty_vfs_count_failed (self);
}

/**
 * faulty_vfs_forget_files:
 * @self: a system without open files
 *
 * Takes what is in the files from now on for safe.
 */
void
faulty_vfs_forget_files (FaultyVfs *self)
{
  g_mutex_lock (&self->lock);
  g_hash_table_remove_all (self->disk);
  g_mutex_unlock (&self->lock);
}

/**
 * faulty_vfs_cut_power:
 * @self: a system
 *
 * Lets every call fail that changes something, and takes away what was written and not synced, as
 * far as that can be seen afterwards.
 */
void
faulty_vfs_cut_power (FaultyVfs *self)
{
  atomic_store (&self->is_off, TRUE);
}

/**
 * faulty_vfs_restore_power:
 * @self: a system without open files, whose power was cut
 * @lucky: a bit for each file, in the order of their names, which is set when all that was written
 *   to it had reached the disk
 *
 * Lets nothing fail any more, and shows what is in the files.
 */
void
faulty_vfs_restore_power (FaultyVfs *self, guint lucky)
{
  g_autoptr (GList) names = NULL;

  atomic_store (&self->is_off, FALSE);
  faulty_vfs_heal (self);
  g_mutex_lock (&self->lock);
  names = g_list_sort (g_hash_table_get_keys (self->disk), (GCompareFunc) strcmp);
  for (GList *name = names; name != NULL; name = name->next, lucky >>= 1)
    {
      gsize size;
      const char *bytes = g_bytes_get_data (g_hash_table_lookup (self->disk, name->data), &size);

      if (lucky & 1)
        continue;
      /* What is longer is not cut by GLib. */
      g_unlink (name->data);
      g_assert_true (g_file_set_contents_full (name->data, bytes, (gssize) size,
                                               G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    }
  g_mutex_unlock (&self->lock);
}
