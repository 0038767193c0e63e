/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/fake-store.h"

#include "core/error.h"
#include "core/tsan.h"

/* A store in memory that fails when it is told to. */

struct _FakeStore
{
  GObject parent_instance;
  GMutex lock;
  GCond changed;
  GPtrArray *records; /* (owned) (element-type DispRecord, owned) (locked-by lock) all taken */
  GArray *batches;    /* (owned) (element-type guint) (locked-by lock) sizes, as offered */
  guint n_failures;   /* (locked-by lock) still to come */
  guint n_taken;      /* (locked-by lock) of a batch that fails */
  guint n_refused;    /* (locked-by lock) still to come */
  gboolean hangs;     /* (locked-by lock) */
};

static void
unref_record (gpointer data)
{
  disp_record_unref (data);
}

static void
lock (FakeStore *self)
{
  g_mutex_lock (&self->lock);
  DISP_TSAN_ACQUIRE (&self->lock);
}

static void
unlock (FakeStore *self)
{
  DISP_TSAN_RELEASE (&self->lock);
  g_mutex_unlock (&self->lock);
}

static void
wait_for_change (FakeStore *self)
{
  DISP_TSAN_RELEASE (&self->lock);
  g_cond_wait (&self->changed, &self->lock);
  DISP_TSAN_ACQUIRE (&self->lock);
}

static void
wake_up (G_GNUC_UNUSED GCancellable *cancellable, gpointer user_data)
{
  FakeStore *self = user_data;

  lock (self);
  g_cond_broadcast (&self->changed);
  unlock (self);
}

/* Takes the first @n of the records, of which the first may be refused. */
static void
take (FakeStore *self, DispRecord *const *records, guint n, guint *n_taken, guint *n_refused)
{
  for (guint i = 0; i < n; i++)
    if (self->n_refused > 0)
      {
        self->n_refused--;
        *n_refused += 1;
      }
    else
      g_ptr_array_add (self->records, disp_record_ref (records[i]));
  *n_taken = n;
}

static gboolean
fake_store_append_batch (DispStore *store, DispRecord *const *records, guint n_records,
                         guint *n_taken, guint *n_refused, GCancellable *cancellable,
                         GError **error)
{
  FakeStore *self = FAKE_STORE (store);
  gulong id = g_cancellable_connect (cancellable, G_CALLBACK (wake_up), self, NULL);
  gboolean failed;

  lock (self);
  g_array_append_val (self->batches, n_records);
  g_cond_broadcast (&self->changed);
  while (self->hangs && !g_cancellable_is_cancelled (cancellable))
    wait_for_change (self);
  failed = g_cancellable_set_error_if_cancelled (cancellable, error);
  if (!failed && self->n_failures > 0)
    {
      failed = TRUE;
      self->n_failures--;
      take (self, records, MIN (self->n_taken, n_records), n_taken, n_refused);
      g_set_error_literal (error, DISP_ERROR, DISP_ERROR_STORE, "the fake was told to fail");
    }
  else if (!failed)
    take (self, records, n_records, n_taken, n_refused);
  g_cond_broadcast (&self->changed);
  unlock (self);
  g_cancellable_disconnect (cancellable, id);
  return !failed;
}

static const char *
fake_store_describe (G_GNUC_UNUSED DispStore *store)
{
  return "fake:";
}

static void
fake_store_iface_init (DispStoreInterface *iface)
{
  iface->append_batch = fake_store_append_batch;
  iface->describe = fake_store_describe;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (FakeStore, fake_store, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_STORE, fake_store_iface_init))

static void
fake_store_finalize (GObject *object)
{
  FakeStore *self = FAKE_STORE (object);

  g_ptr_array_unref (self->records);
  g_array_unref (self->batches);
  g_cond_clear (&self->changed);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (fake_store_parent_class)->finalize (object);
}

static void
fake_store_class_init (FakeStoreClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fake_store_finalize;
}

static void
fake_store_init (FakeStore *self)
{
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->records = g_ptr_array_new_with_free_func (unref_record);
  self->batches = g_array_new (FALSE, FALSE, sizeof (guint));
}

/**
 * fake_store_new:
 *
 * Returns: (transfer full): a store that takes everything
 */
FakeStore *
fake_store_new (void)
{
  return g_object_new (TYPE_FAKE_STORE, NULL);
}

/**
 * fake_store_fail:
 * @self: the store
 * @n_times: how many of the next batches fail
 * @n_taken: how many records of such a batch are taken all the same
 */
void
fake_store_fail (FakeStore *self, guint n_times, guint n_taken)
{
  lock (self);
  self->n_failures = n_times;
  self->n_taken = n_taken;
  unlock (self);
}

/**
 * fake_store_hang:
 * @self: the store
 *
 * From now on a batch ends only when it is cancelled.
 */
void
fake_store_hang (FakeStore *self)
{
  lock (self);
  self->hangs = TRUE;
  unlock (self);
}

/**
 * fake_store_refuse:
 * @self: the store
 * @n_records: how many of the next records are refused for good
 */
void
fake_store_refuse (FakeStore *self, guint n_records)
{
  lock (self);
  self->n_refused = n_records;
  unlock (self);
}

/**
 * fake_store_wait_for_records:
 * @self: the store
 * @n_records: a number
 *
 * Waits until so many records were taken in all.
 */
void
fake_store_wait_for_records (FakeStore *self, guint n_records)
{
  lock (self);
  while (self->records->len < n_records)
    wait_for_change (self);
  unlock (self);
}

/**
 * fake_store_wait_for_batches:
 * @self: the store
 * @n_batches: a number
 *
 * Waits until so many batches were offered in all.
 */
void
fake_store_wait_for_batches (FakeStore *self, guint n_batches)
{
  lock (self);
  while (self->batches->len < n_batches)
    wait_for_change (self);
  unlock (self);
}

/**
 * fake_store_copy_records:
 * @self: the store
 *
 * Returns: (transfer full) (element-type DispRecord): all records that were taken, in order
 */
GPtrArray *
fake_store_copy_records (FakeStore *self)
{
  GPtrArray *copy = g_ptr_array_new_with_free_func (unref_record);

  lock (self);
  for (guint i = 0; i < self->records->len; i++)
    g_ptr_array_add (copy, disp_record_ref (g_ptr_array_index (self->records, i)));
  unlock (self);
  return copy;
}

/**
 * fake_store_copy_batches:
 * @self: the store
 *
 * Returns: (transfer full) (element-type guint): how large each batch was that was offered
 */
GArray *
fake_store_copy_batches (FakeStore *self)
{
  GArray *copy;

  lock (self);
  copy = g_array_copy (self->batches);
  unlock (self);
  return copy;
}
