/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/request-log.h"

#include "core/backoff.h"
#include "core/tsan.h"

#include <stdatomic.h>

/* The waits between tries of a store that fails, in microseconds. */
#define FIRST_RETRY (G_USEC_PER_SEC / 10)
#define LONGEST_RETRY (5 * G_USEC_PER_SEC)

#define MESSAGE_ID_FAILING "db29b16ea6d1473fb671c53d4a269f40"
#define MESSAGE_ID_RECOVERED "2afe644c5b4045b4a033510e71dfa027"
#define MESSAGE_ID_LOST "f2fddcc6e4174d9da54a2722bf76ac12"

struct _DispRequestLog
{
  GObject parent_instance;
  DispStore *store;          /* (owned) used by the thread alone */
  DispClock *clock;          /* (owned) */
  gint64 flush_interval;     /* microseconds */
  GAsyncQueue *queue;        /* (owned) (element-type DispRecord) its last element is end_mark */
  GThread *thread;           /* (owned) (nullable) until the log is closed */
  GCancellable *cancellable; /* (owned) cancelled when the patience of the closer is over */

  GMutex lock;          /* held by nobody for long; guards the two conditions and the problem */
  GCond wake;           /* for the thread: closed, cancelled, or a batch is full */
  GCond done;           /* for the closer: finished */
  atomic_bool closed;   /* (atomic) changes under the lock of the queue: nothing follows end_mark */
  atomic_bool finished; /* (atomic) the thread will not touch the store again */

  atomic_uint_fast64_t pushed;  /* (atomic) */
  atomic_uint_fast64_t stored;  /* (atomic) */
  atomic_uint_fast64_t refused; /* (atomic) */
  atomic_uint_fast64_t lost;    /* (atomic) */
  atomic_bool failing;          /* (atomic) */
  char *problem;                /* (owned) (nullable) (locked-by lock) the error, while failing */

  /* The rest belongs to the thread. */
  GPtrArray *pending;   /* (owned) (element-type DispRecord, owned) popped and not settled */
  gint64 collected_at;  /* when the queue was emptied last */
  gboolean reached_end; /* end_mark was popped */
  gboolean hurried;     /* the thread knows that the log is closed */
  DispBackoff backoff;
  GRand *random;        /* (owned) */
  gint64 failing_since; /* with failing */
};

/* Goes through the queue as its last element; only its address counts. */
static DispRecord end_mark;

static void
unref_record (gpointer data)
{
  disp_record_unref (data);
}

/* Waits, with the lock held, until @cond is signalled; FALSE when it is @deadline.  The deadline is
 * the clock's; the waiting itself takes its time whatever the clock says. */
static gboolean
wait_until (DispRequestLog *self, GCond *cond, gint64 deadline)
{
  gint64 left = deadline - disp_clock_now (self->clock);

  return left > 0 && g_cond_wait_until (cond, &self->lock, g_get_monotonic_time () + left);
}

static void
wake_up (DispRequestLog *self, GCond *cond)
{
  g_mutex_lock (&self->lock);
  g_cond_signal (cond);
  g_mutex_unlock (&self->lock);
}

static void
request_log_push (DispRecordSink *sink, DispRecord *record)
{
  DispRequestLog *self = DISP_REQUEST_LOG (sink);
  gboolean closed;
  int length = 0;

  DISP_TSAN_RELEASE (record);
  g_async_queue_lock (self->queue);
  atomic_fetch_add (&self->pushed, 1);
  closed = atomic_load (&self->closed);
  if (!closed)
    {
      g_async_queue_push_unlocked (self->queue, record);
      length = g_async_queue_length_unlocked (self->queue);
    }
  g_async_queue_unlock (self->queue);

  if (closed)
    {
      atomic_fetch_add (&self->lost, 1);
      disp_record_unref (record);
    }
  else if (length == DISP_REQUEST_LOG_MAX_BATCH - 1)
    wake_up (self, &self->wake);
}

static void
take (DispRequestLog *self, DispRecord *record)
{
  if (record == &end_mark)
    {
      self->reached_end = TRUE;
      return;
    }
  DISP_TSAN_ACQUIRE (record);
  g_ptr_array_add (self->pending, record);
}

/* Waits without a timer for a first record, and from its push on for as many as come within the
 * flush interval, so that the store has few and large batches.  Pushes wake nobody meanwhile. */
static void
wait_for_batch (DispRequestLog *self)
{
  DispRecord *first = g_async_queue_try_pop (self->queue);
  gint64 deadline = self->collected_at + self->flush_interval;

  /* A record that is there already was pushed after the last batch was collected: it has waited. */
  if (first == NULL)
    {
      first = g_async_queue_pop (self->queue);
      deadline = disp_clock_now (self->clock) + self->flush_interval;
    }
  take (self, first);
  g_mutex_lock (&self->lock);
  while (!atomic_load (&self->closed)
         && g_async_queue_length (self->queue) < DISP_REQUEST_LOG_MAX_BATCH - 1
         && wait_until (self, &self->wake, deadline))
    ;
  g_mutex_unlock (&self->lock);
}

/* Fills the pending batch up.  FALSE when nothing is left and nothing will come. */
static gboolean
collect (DispRequestLog *self)
{
  DispRecord *record;

  if (self->pending->len == 0 && !self->reached_end)
    wait_for_batch (self);
  while (!self->reached_end && self->pending->len < DISP_REQUEST_LOG_MAX_BATCH
         && (record = g_async_queue_try_pop (self->queue)) != NULL)
    take (self, record);
  self->collected_at = disp_clock_now (self->clock);
  return self->pending->len > 0;
}

static void
set_problem (DispRequestLog *self, const GError *error)
{
  char *old;

  g_mutex_lock (&self->lock);
  DISP_TSAN_ACQUIRE (&self->lock);
  old = self->problem;
  self->problem = error != NULL ? g_strdup (error->message) : NULL;
  DISP_TSAN_RELEASE (&self->lock);
  g_mutex_unlock (&self->lock);
  g_free (old);
}

/* Says once when the store begins to fail and once when it is well again. */
static void
note_outcome (DispRequestLog *self, const GError *error)
{
  const char *store = disp_store_describe (self->store);

  if (error != NULL && !atomic_exchange (&self->failing, TRUE))
    {
      self->failing_since = disp_clock_now (self->clock);
      set_problem (self, error);
      g_log_structured (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "MESSAGE_ID", MESSAGE_ID_FAILING,
                        "MESSAGE", "records cannot be stored, they wait and are tried again: %s",
                        error->message);
    }
  else if (error == NULL && atomic_exchange (&self->failing, FALSE))
    {
      set_problem (self, NULL);
      g_log_structured (G_LOG_DOMAIN, G_LOG_LEVEL_MESSAGE, "MESSAGE_ID", MESSAGE_ID_RECOVERED,
                        "MESSAGE", "records are stored again in %s, after %.1f s", store,
                        (double) (disp_clock_now (self->clock) - self->failing_since)
                            / G_USEC_PER_SEC);
    }
}

/* Offers the pending records to the store; what it does not take stays pending, in order. */
static gboolean
store_pending (DispRequestLog *self)
{
  g_autoptr (GError) error = NULL;
  guint n_taken;
  guint n_refused;

  disp_store_append_batch (self->store, (DispRecord *const *) self->pending->pdata,
                           self->pending->len, &n_taken, &n_refused, self->cancellable, &error);
  if (n_taken > 0)
    {
      g_ptr_array_remove_range (self->pending, 0, n_taken);
      disp_backoff_reset (&self->backoff);
    }
  atomic_fetch_add (&self->stored, n_taken - n_refused);
  atomic_fetch_add (&self->refused, n_refused);
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    note_outcome (self, error);
  return error == NULL;
}

/* Lets a failing store rest.  FALSE when there shall be no more tries. */
static gboolean
wait_to_retry (DispRequestLog *self)
{
  gint64 deadline = disp_clock_now (self->clock) + disp_backoff_next (&self->backoff, self->random);

  g_mutex_lock (&self->lock);
  while (!g_cancellable_is_cancelled (self->cancellable)
         && atomic_load (&self->closed) == self->hurried
         && wait_until (self, &self->wake, deadline))
    ;
  g_mutex_unlock (&self->lock);
  if (atomic_load (&self->closed) != self->hurried)
    {
      self->hurried = TRUE;
      disp_backoff_reset (&self->backoff);
    }
  return !g_cancellable_is_cancelled (self->cancellable);
}

static gpointer
run (gpointer data)
{
  DispRequestLog *self = data;

  while (collect (self))
    if (!store_pending (self) && !wait_to_retry (self))
      break;
  atomic_store (&self->finished, TRUE);
  wake_up (self, &self->done);
  return NULL;
}

static DispAdmission
request_log_admit (G_GNUC_UNUSED DispRecordSink *sink, G_GNUC_UNUSED guint n_records)
{
  return DISP_ADMISSION_RECORDED;
}

static void
request_log_read (DispRecordSink *sink, DispRecordSinkValues *values)
{
  DispRequestLog *self = DISP_REQUEST_LOG (sink);

  /* A record is counted as pushed before it can be anything else: read in the other direction, the
   * difference cannot be negative. */
  *values = (DispRecordSinkValues){ 0 };
  values->stored = atomic_load (&self->stored);
  values->refused = atomic_load (&self->refused);
  values->lost = atomic_load (&self->lost);
  values->pushed = atomic_load (&self->pushed);
  values->queued = values->pushed - values->stored - values->refused - values->lost;
}

static char *
request_log_dup_problem (DispRecordSink *sink)
{
  DispRequestLog *self = DISP_REQUEST_LOG (sink);
  char *problem;

  g_mutex_lock (&self->lock);
  DISP_TSAN_ACQUIRE (&self->lock);
  problem = g_strdup (self->problem);
  DISP_TSAN_RELEASE (&self->lock);
  g_mutex_unlock (&self->lock);
  return problem;
}

static void
request_log_iface_init (DispRecordSinkInterface *iface)
{
  iface->admit = request_log_admit;
  iface->push = request_log_push;
  iface->read = request_log_read;
  iface->dup_problem = request_log_dup_problem;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (DispRequestLog, disp_request_log, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_RECORD_SINK,
                                                      request_log_iface_init))

static void
disp_request_log_dispose (GObject *object)
{
  DispRequestLog *self = DISP_REQUEST_LOG (object);

  if (self->thread != NULL)
    disp_request_log_close (self, 0);
  g_clear_object (&self->store);
  g_clear_object (&self->clock);
  G_OBJECT_CLASS (disp_request_log_parent_class)->dispose (object);
}

static void
disp_request_log_finalize (GObject *object)
{
  DispRequestLog *self = DISP_REQUEST_LOG (object);

  g_async_queue_unref (self->queue);
  g_object_unref (self->cancellable);
  g_ptr_array_unref (self->pending);
  g_rand_free (self->random);
  g_free (self->problem);
  g_cond_clear (&self->wake);
  g_cond_clear (&self->done);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (disp_request_log_parent_class)->finalize (object);
}

static void
disp_request_log_class_init (DispRequestLogClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = disp_request_log_dispose;
  G_OBJECT_CLASS (klass)->finalize = disp_request_log_finalize;
}

static void
disp_request_log_init (DispRequestLog *self)
{
  self->queue = g_async_queue_new ();
  self->cancellable = g_cancellable_new ();
  self->pending = g_ptr_array_new_full (DISP_REQUEST_LOG_MAX_BATCH, unref_record);
  self->random = g_rand_new ();
  disp_backoff_init (&self->backoff, FIRST_RETRY, LONGEST_RETRY);
  g_mutex_init (&self->lock);
  g_cond_init (&self->wake);
  g_cond_init (&self->done);
}

/**
 * disp_request_log_new:
 * @store: where the records go; nobody else may use it while the log is open
 * @clock: the clock, which other threads may ask too
 * @flush_interval: how long a record may wait for others before it is stored, in microseconds
 *
 * Starts a thread that hands what is pushed to @store, in batches of up to
 * %DISP_REQUEST_LOG_MAX_BATCH.  What the store does not take is offered again, in order, until it
 * does.  While nothing is pushed the thread sleeps without a timer.
 *
 * Returns: (transfer full): a log; close it with disp_request_log_close()
 */
DispRequestLog *
disp_request_log_new (DispStore *store, DispClock *clock, gint64 flush_interval)
{
  DispRequestLog *self = g_object_new (DISP_TYPE_REQUEST_LOG, NULL);

  self->store = g_object_ref (store);
  self->clock = g_object_ref (clock);
  self->flush_interval = flush_interval;
  self->collected_at = disp_clock_now (clock);
  self->thread = g_thread_new ("request-log", run, self);
  return self;
}

/* Waits until the thread has ended by itself, for as long as the patience lasts, then makes it
 * end. */
static void
end_thread (DispRequestLog *self, gint64 patience)
{
  gint64 deadline = disp_clock_now (self->clock) + patience;

  g_async_queue_lock (self->queue);
  atomic_store (&self->closed, TRUE);
  g_async_queue_push_unlocked (self->queue, &end_mark);
  g_async_queue_unlock (self->queue);

  g_mutex_lock (&self->lock);
  g_cond_signal (&self->wake);
  while (!atomic_load (&self->finished) && wait_until (self, &self->done, deadline))
    ;
  g_mutex_unlock (&self->lock);

  g_cancellable_cancel (self->cancellable);
  wake_up (self, &self->wake);
  g_thread_join (g_steal_pointer (&self->thread));
}

/**
 * disp_request_log_close:
 * @self: a log
 * @patience: how long to go on trying to store what is queued, in microseconds; 0 = not at all
 *
 * Ends the log: takes no more records, stores those that it has, and gives up those that are not
 * stored when @patience is over.  Waits; a store that is busy just then may hold it up a little
 * longer.  To be called on the thread that owns the log; more calls change nothing.
 *
 * Returns: how many records were lost: given up, or pushed to the closed log
 */
guint64
disp_request_log_close (DispRequestLog *self, gint64 patience)
{
  DispRecord *record;
  guint64 n_left;

  g_return_val_if_fail (patience >= 0, 0);

  if (self->thread == NULL)
    return atomic_load (&self->lost);

  end_thread (self, patience);
  while ((record = g_async_queue_try_pop (self->queue)) != NULL)
    take (self, record);
  n_left = self->pending->len;
  g_ptr_array_set_size (self->pending, 0);
  atomic_fetch_add (&self->lost, n_left);
  if (n_left > 0)
    g_log_structured (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "MESSAGE_ID", MESSAGE_ID_LOST, "MESSAGE",
                      "%" G_GUINT64_FORMAT " records could not be stored in %s and are lost",
                      n_left, disp_store_describe (self->store));
  return atomic_load (&self->lost);
}
