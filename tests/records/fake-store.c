/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/fake-store.h"

#include "core/error.h"
#include "core/tsan.h"

/* A store in memory that does and fails what it is told to. */

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
  GRand *random;      /* (owned) (nullable) (locked-by lock) decides which batches fail */
  gboolean hangs;     /* (locked-by lock) */
  guint n_clears;     /* (locked-by lock) how often it was told to clear */
  guint n_bad_clears; /* (locked-by lock) clears still to fail */
  GArray *waits;    /* (owned) (element-type gint64) (locked-by lock) what tidying still answers */
  GArray *tidies;   /* (owned) (element-type guint) (locked-by lock) batches before each tidying */
  gint64 tidied_at; /* (locked-by lock) the time that it was told at the last of these */
  gint64 patience;  /* (locked-by lock) with which it was closed; -1 = it was not */
  DispStoreValues values; /* (locked-by lock) */
  char *problem;          /* (owned) (nullable) (locked-by lock) */
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

/* How many records of a batch are taken although it fails; -1 = it does not fail. */
static int
choose_failure (FakeStore *self, guint n_records)
{
  if (self->random != NULL)
    return g_rand_int_range (self->random, 0, 4) > 0
               ? -1
               : g_rand_int_range (self->random, 0, (int) n_records + 1);
  if (self->n_failures == 0)
    return -1;
  self->n_failures--;
  return (int) MIN (self->n_taken, n_records);
}

static gboolean
fake_store_append_batch (DispStore *store, DispRecord *const *records, guint n_records,
                         guint *n_taken, guint *n_refused, GCancellable *cancellable,
                         GError **error)
{
  FakeStore *self = FAKE_STORE (store);
  gulong id = g_cancellable_connect (cancellable, G_CALLBACK (wake_up), self, NULL);
  gboolean failed;
  int n;

  lock (self);
  g_array_append_val (self->batches, n_records);
  g_cond_broadcast (&self->changed);
  while (self->hangs && !g_cancellable_is_cancelled (cancellable))
    wait_for_change (self);
  failed = g_cancellable_set_error_if_cancelled (cancellable, error);
  if (!failed)
    {
      n = choose_failure (self, n_records);
      failed = n >= 0;
      take (self, records, failed ? (guint) n : n_records, n_taken, n_refused);
      if (failed)
        g_set_error_literal (error, DISP_ERROR, DISP_ERROR_STORE, "the fake was told to fail");
    }
  g_cond_broadcast (&self->changed);
  unlock (self);
  g_cancellable_disconnect (cancellable, id);
  return !failed;
}

static gboolean
fake_store_clear (DispStore *store, GError **error)
{
  FakeStore *self = FAKE_STORE (store);
  gboolean failed;

  lock (self);
  self->n_clears++;
  failed = self->n_bad_clears > 0;
  if (failed)
    {
      self->n_bad_clears--;
      g_set_error_literal (error, DISP_ERROR, DISP_ERROR_STORE, "the fake was told not to clear");
    }
  else
    g_ptr_array_set_size (self->records, 0);
  g_cond_broadcast (&self->changed);
  unlock (self);
  return !failed;
}

static gint64
fake_store_tidy (DispStore *store, gint64 now_real)
{
  FakeStore *self = FAKE_STORE (store);
  gint64 wait = DISP_STORE_TIDY;

  lock (self);
  g_array_append_val (self->tidies, self->batches->len);
  self->tidied_at = now_real;
  if (self->waits->len > 0)
    {
      wait = g_array_index (self->waits, gint64, 0);
      g_array_remove_index (self->waits, 0);
    }
  g_cond_broadcast (&self->changed);
  unlock (self);
  return wait;
}

static void
fake_store_close (DispStore *store, gint64 patience)
{
  FakeStore *self = FAKE_STORE (store);

  lock (self);
  g_assert_cmpint (self->patience, ==, -1);
  self->patience = patience;
  unlock (self);
}

static void
fake_store_read (DispStore *store, DispStoreValues *values)
{
  FakeStore *self = FAKE_STORE (store);

  lock (self);
  *values = self->values;
  unlock (self);
}

static char *
fake_store_dup_problem (DispStore *store)
{
  FakeStore *self = FAKE_STORE (store);
  char *problem;

  lock (self);
  problem = g_strdup (self->problem);
  unlock (self);
  return problem;
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
  iface->clear = fake_store_clear;
  iface->tidy = fake_store_tidy;
  iface->close = fake_store_close;
  iface->read = fake_store_read;
  iface->dup_problem = fake_store_dup_problem;
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
  g_array_unref (self->waits);
  g_array_unref (self->tidies);
  g_clear_pointer (&self->random, g_rand_free);
  g_free (self->problem);
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
  self->waits = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->tidies = g_array_new (FALSE, FALSE, sizeof (guint));
  self->patience = -1;
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
 * fake_store_fail_at_random:
 * @self: the store
 * @seed: for the generator
 *
 * From now on a quarter of the batches fail, each after some of its records were taken.
 */
void
fake_store_fail_at_random (FakeStore *self, guint32 seed)
{
  lock (self);
  g_assert_null (self->random);
  self->random = g_rand_new_with_seed (seed);
  unlock (self);
}

/**
 * fake_store_hang:
 * @self: the store
 * @hangs: whether a batch ends only when it is cancelled, from now on
 */
void
fake_store_hang (FakeStore *self, gboolean hangs)
{
  lock (self);
  self->hangs = hangs;
  g_cond_broadcast (&self->changed);
  unlock (self);
}

/**
 * fake_store_fail_clears:
 * @self: the store
 * @n_times: how many of the next clears fail
 */
void
fake_store_fail_clears (FakeStore *self, guint n_times)
{
  lock (self);
  self->n_bad_clears = n_times;
  unlock (self);
}

/**
 * fake_store_script_tidy:
 * @self: the store
 * @waits: (array length=n_waits): what tidying up answers, one after the other
 * @n_waits: how many
 *
 * When all were answered, and before, tidying up says that there is nothing to do.
 */
void
fake_store_script_tidy (FakeStore *self, const gint64 *waits, guint n_waits)
{
  lock (self);
  g_array_set_size (self->waits, 0);
  g_array_append_vals (self->waits, waits, n_waits);
  unlock (self);
}

/**
 * fake_store_set_delivery:
 * @self: the store
 * @values: what it is to say of its deliveries
 * @problem: (nullable): why it is to say that it cannot deliver
 */
void
fake_store_set_delivery (FakeStore *self, const DispStoreValues *values, const char *problem)
{
  lock (self);
  self->values = *values;
  g_free (self->problem);
  self->problem = g_strdup (problem);
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
 * fake_store_wait_for_clears:
 * @self: the store
 * @n_clears: a number
 *
 * Waits until it was told so often to clear, with whatever success.
 */
void
fake_store_wait_for_clears (FakeStore *self, guint n_clears)
{
  lock (self);
  while (self->n_clears < n_clears)
    wait_for_change (self);
  unlock (self);
}

/**
 * fake_store_wait_for_tidies:
 * @self: the store
 * @n_tidies: a number
 *
 * Waits until it tidied up so often.
 */
void
fake_store_wait_for_tidies (FakeStore *self, guint n_tidies)
{
  lock (self);
  while (self->tidies->len < n_tidies)
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

/**
 * fake_store_copy_tidies:
 * @self: the store
 * @tidied_at: (out) (optional): the time that it was told at the last tidying
 *
 * Returns: (transfer full) (element-type guint): how many batches had been offered when it tidied
 *     up, each time
 */
GArray *
fake_store_copy_tidies (FakeStore *self, gint64 *tidied_at)
{
  GArray *copy;

  lock (self);
  copy = g_array_copy (self->tidies);
  if (tidied_at != NULL)
    *tidied_at = self->tidied_at;
  unlock (self);
  return copy;
}

/**
 * fake_store_get_patience:
 * @self: the store
 *
 * Returns: with how much patience it was closed; -1 = it is open
 */
gint64
fake_store_get_patience (FakeStore *self)
{
  gint64 patience;

  lock (self);
  patience = self->patience;
  unlock (self);
  return patience;
}
