/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/log-writer.h"

#include "core/backoff.h"
#include "core/error.h"
#include "core/tsan.h"
#include "records/task-returns.h"

#include <stdatomic.h>

/* The waits between tries of a store that fails, in microseconds. */
#define FIRST_RETRY (G_USEC_PER_SEC / 10)
#define LONGEST_RETRY (5 * G_USEC_PER_SEC)
/* How often a clear is tried; records wait behind it meanwhile. */
#define CLEAR_TRIES 5
/* The time of something that is not to be done before more records come. */
#define NEVER G_MAXINT64

/*
 * The thread of a request log.  In turn it collects entries of the queue, offers them to the store,
 * and lets the store tidy up.  While nothing is to be done it sleeps in the queue, without a timer.
 */
struct _DispLogWriter
{
  DispLogQueue *queue;         /* (unowned) */
  DispOutage *outage;          /* (unowned) */
  DispStore *store;            /* (owned) used by the thread alone until it has ended */
  DispClock *clock;            /* (owned) */
  atomic_llong flush_interval; /* (atomic) microseconds */
  GCancellable *cancellable;   /* (owned) cancelled when the patience of the closer is over */
  DispHeartbeat *heartbeat;    /* (owned) */
  GThread *thread;             /* (owned) (nullable) until it was joined */
  GMutex lock;                 /* held by nobody for long; guards the two conditions */
  GCond wake;                  /* for the thread: the queue is due, or the cancellable cancelled */
  GCond done;                  /* for the closer: finished */
  atomic_bool finished;        /* (atomic) the thread will not touch the store again */

  /* The rest belongs to the thread. */
  GPtrArray *pending;   /* (owned) (element-type DispLogEntry, owned) popped and not done */
  GPtrArray *batch;     /* (owned) (element-type DispRecord, unowned) of these, what is offered */
  gint64 collected_at;  /* when the queue was emptied last */
  gboolean reached_end; /* the last entry was popped */
  gboolean hurried;     /* the thread knows that the log is closed */
  gint64 tidy_at;       /* when the store wants to tidy up, or NEVER */
  guint n_clears;       /* tries of the clear that is pending first */
  DispBackoff backoff;
  GRand *random; /* (owned) */
};

/* Waits, with the lock held, until @cond is signalled; FALSE when it is @deadline.  The deadline is
 * the clock's; the waiting itself takes its time whatever the clock says. */
static gboolean
wait_until (DispLogWriter *self, GCond *cond, gint64 deadline)
{
  gint64 left = deadline - disp_clock_now (self->clock);

  return left > 0 && g_cond_wait_until (cond, &self->lock, g_get_monotonic_time () + left);
}

static void
signal_locked (DispLogWriter *self, GCond *cond)
{
  g_mutex_lock (&self->lock);
  g_cond_signal (cond);
  g_mutex_unlock (&self->lock);
}

static void
tidy (DispLogWriter *self)
{
  gint64 wait = disp_store_tidy (self->store, disp_clock_now_real (self->clock));
  gint64 now = disp_clock_now (self->clock);

  self->tidy_at = wait >= 0 && wait < NEVER - now ? now + wait : NEVER;
}

/* After a batch the store may do one piece of its upkeep, if it asked for more or if it asked to be
 * called when records come: so neither keeps the other waiting for long.  At the end records come
 * first. */
static void
tidy_after_batch (DispLogWriter *self)
{
  gboolean due = self->tidy_at == NEVER || disp_clock_now (self->clock) >= self->tidy_at;

  if (due && !disp_log_queue_is_closed (self->queue))
    tidy (self);
}

/* Waits for a first entry, and has the store tidy up when nothing else is to be done. */
static DispLogEntry *
pop_first (DispLogWriter *self)
{
  DispLogEntry *entry;
  gint64 timeout;

  do
    {
      timeout = self->tidy_at == NEVER
                    ? -1
                    : MAX (self->tidy_at - disp_clock_now (self->clock), (gint64) 0);
      disp_heartbeat_rest (self->heartbeat);
      entry = disp_log_queue_pop (self->queue, timeout);
      disp_heartbeat_answer (self->heartbeat);
      if (entry == NULL)
        tidy (self);
    }
  while (entry == NULL);
  return entry;
}

/* Waits until the queue is due; FALSE when it is @deadline. */
static gboolean
wait_until_due (DispLogWriter *self, gint64 deadline)
{
  gboolean due;

  disp_heartbeat_rest (self->heartbeat);
  g_mutex_lock (&self->lock);
  while (!(due = disp_log_queue_is_due (self->queue)) && wait_until (self, &self->wake, deadline))
    ;
  g_mutex_unlock (&self->lock);
  disp_heartbeat_answer (self->heartbeat);
  return due;
}

/* Waits for more records until @deadline, so that the store has few and large batches, and has the
 * store tidy up meanwhile.  Most pushes wake nobody. */
static void
wait_for_more (DispLogWriter *self, gint64 deadline)
{
  while (!wait_until_due (self, MIN (deadline, self->tidy_at))
         && disp_clock_now (self->clock) < deadline)
    tidy (self);
}

static void
wait_for_batch (DispLogWriter *self)
{
  DispLogEntry *first = disp_log_queue_pop (self->queue, 0);
  const gint64 flush_interval = atomic_load (&self->flush_interval);
  gint64 deadline = self->collected_at + flush_interval;

  /* An entry that is there already was pushed after the last batch was collected: it has waited. */
  if (first == NULL)
    {
      first = pop_first (self);
      deadline = disp_clock_now (self->clock) + flush_interval;
    }
  g_ptr_array_add (self->pending, first);
  if (first->kind == DISP_LOG_ENTRY_RECORD && first->task == NULL)
    wait_for_more (self, deadline);
}

/* Fills up what is pending.  FALSE when nothing is left and nothing will come. */
static gboolean
collect (DispLogWriter *self)
{
  const DispLogEntry *last;

  if (self->reached_end)
    return self->pending->len > 0;
  if (self->pending->len == 0)
    wait_for_batch (self);
  disp_log_queue_take (self->queue, self->pending, DISP_REQUEST_LOG_MAX_BATCH);
  self->collected_at = disp_clock_now (self->clock);
  last = g_ptr_array_index (self->pending, self->pending->len - 1);
  if (last->kind == DISP_LOG_ENTRY_END)
    {
      self->reached_end = TRUE;
      g_ptr_array_set_size (self->pending, (int) self->pending->len - 1);
    }
  return self->pending->len > 0;
}

/* Tells who waits for the first @n pending entries, and forgets these. */
static void
finish_pending (DispLogWriter *self, guint n, const GError *error)
{
  g_autoptr (GPtrArray) tasks = g_ptr_array_new ();

  for (guint i = 0; i < n; i++)
    {
      DispLogEntry *entry = g_ptr_array_index (self->pending, i);

      if (entry->task != NULL)
        g_ptr_array_add (tasks, g_steal_pointer (&entry->task));
    }
  g_ptr_array_remove_range (self->pending, 0, n);
  disp_tasks_return (tasks, error);
}

/* A store says how many records it refused, not which: all who wait for one of @n_taken are told.
 */
static void
settle_pending (DispLogWriter *self, guint n_taken, guint n_refused)
{
  g_autoptr (GError) error = NULL;

  if (n_refused > 0)
    error = g_error_new (DISP_ERROR, DISP_ERROR_STORE, "%s refused %u of %u records",
                         disp_store_describe (self->store), n_refused, n_taken);
  disp_log_queue_settle (self->queue, (DispLogEntry *const *) self->pending->pdata, n_taken,
                         n_refused);
  disp_backoff_reset (&self->backoff);
  finish_pending (self, n_taken, error);
}

/* Offers the records that are pending to the store; what it does not take stays pending, in
 * order. */
static gboolean
store_records (DispLogWriter *self)
{
  g_autoptr (GError) error = NULL;
  guint n_taken;
  guint n_refused;

  g_ptr_array_set_size (self->batch, 0);
  for (guint i = 0; i < self->pending->len; i++)
    {
      const DispLogEntry *entry = g_ptr_array_index (self->pending, i);

      if (entry->kind == DISP_LOG_ENTRY_RECORD)
        g_ptr_array_add (self->batch, entry->record);
    }
  disp_store_append_batch (self->store, (DispRecord *const *) self->batch->pdata, self->batch->len,
                           &n_taken, &n_refused, self->cancellable, &error);
  if (n_taken > 0)
    settle_pending (self, n_taken, n_refused);
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    disp_outage_note (self->outage, error);
  return error == NULL;
}

/* Carries out the clear that is pending first, and gives it up when the store goes on failing. */
static gboolean
clear_records (DispLogWriter *self)
{
  g_autoptr (GError) error = NULL;

  self->n_clears++;
  if (!disp_store_clear (self->store, &error) && self->n_clears < CLEAR_TRIES)
    return FALSE;
  self->n_clears = 0;
  disp_backoff_reset (&self->backoff);
  finish_pending (self, 1, error);
  return TRUE;
}

/* Lets a failing store rest.  FALSE when there shall be no more tries. */
static gboolean
wait_to_retry (DispLogWriter *self)
{
  gint64 deadline = disp_clock_now (self->clock) + disp_backoff_next (&self->backoff, self->random);

  disp_heartbeat_rest (self->heartbeat);
  g_mutex_lock (&self->lock);
  while (!g_cancellable_is_cancelled (self->cancellable)
         && disp_log_queue_is_closed (self->queue) == self->hurried
         && wait_until (self, &self->wake, deadline))
    ;
  g_mutex_unlock (&self->lock);
  disp_heartbeat_answer (self->heartbeat);
  if (disp_log_queue_is_closed (self->queue) != self->hurried)
    {
      self->hurried = TRUE;
      disp_backoff_reset (&self->backoff);
    }
  return !g_cancellable_is_cancelled (self->cancellable);
}

/* Does what an entry that is none of a record asks for. */
static gboolean
carry_out (DispLogWriter *self, DispLogEntryKind kind)
{
  if (kind == DISP_LOG_ENTRY_CLEAR)
    return clear_records (self);
  self->tidy_at = disp_clock_now (self->clock);
  finish_pending (self, 1, NULL);
  return TRUE;
}

static gpointer
run (gpointer data)
{
  DispLogWriter *self = data;

  DISP_TSAN_ACQUIRE (self);
  while (collect (self))
    {
      const DispLogEntry *first = g_ptr_array_index (self->pending, 0);
      gboolean done = first->kind == DISP_LOG_ENTRY_RECORD ? store_records (self)
                                                           : carry_out (self, first->kind);

      tidy_after_batch (self);
      disp_heartbeat_answer (self->heartbeat);
      if (!done && !wait_to_retry (self))
        break;
    }
  disp_heartbeat_rest (self->heartbeat);
  DISP_TSAN_RELEASE (self);
  atomic_store (&self->finished, TRUE);
  signal_locked (self, &self->done);
  return NULL;
}

/**
 * disp_log_writer_new:
 * @queue: what is to be stored; must outlive the writer
 * @store: where to
 * @outage: is told whether @store fails; must outlive the writer
 * @clock: the clock, which other threads may ask too
 * @flush_interval: how long a record may wait for others, in microseconds
 *
 * Starts the thread.
 *
 * Returns: (transfer full): a writer; stop it, then free it
 */
DispLogWriter *
disp_log_writer_new (DispLogQueue *queue, DispStore *store, DispOutage *outage, DispClock *clock,
                     gint64 flush_interval)
{
  DispLogWriter *self = g_new0 (DispLogWriter, 1);

  self->queue = queue;
  self->store = g_object_ref (store);
  self->clock = g_object_ref (clock);
  self->outage = outage;
  atomic_init (&self->flush_interval, flush_interval);
  self->cancellable = g_cancellable_new ();
  self->heartbeat = disp_heartbeat_new ("request-log", NULL);
  g_mutex_init (&self->lock);
  g_cond_init (&self->wake);
  g_cond_init (&self->done);
  self->pending = g_ptr_array_new_full (DISP_REQUEST_LOG_MAX_BATCH,
                                        (GDestroyNotify) disp_log_entry_free);
  self->batch = g_ptr_array_sized_new (DISP_REQUEST_LOG_MAX_BATCH);
  self->collected_at = disp_clock_now (clock);
  /* The store may have something to tidy up from the start. */
  self->tidy_at = self->collected_at;
  disp_backoff_init (&self->backoff, FIRST_RETRY, LONGEST_RETRY);
  self->random = g_rand_new ();
  DISP_TSAN_RELEASE (self);
  self->thread = g_thread_new ("request-log", run, self);
  return self;
}

/**
 * disp_log_writer_set_flush_interval:
 * @self: a writer
 * @flush_interval: how long a record that comes from now on may wait for others, in microseconds
 *
 * Any thread.
 */
void
disp_log_writer_set_flush_interval (DispLogWriter *self, gint64 flush_interval)
{
  atomic_store (&self->flush_interval, flush_interval);
}

/**
 * disp_log_writer_free:
 * @self: (transfer full): a writer that was stopped
 */
void
disp_log_writer_free (DispLogWriter *self)
{
  g_object_unref (self->store);
  g_object_unref (self->clock);
  g_object_unref (self->cancellable);
  disp_heartbeat_unref (self->heartbeat);
  g_ptr_array_unref (self->pending);
  g_ptr_array_unref (self->batch);
  g_rand_free (self->random);
  g_cond_clear (&self->wake);
  g_cond_clear (&self->done);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/**
 * disp_log_writer_wake:
 * @self: a writer
 *
 * Has the thread look at its queue, which became due.  Any thread.
 */
void
disp_log_writer_wake (DispLogWriter *self)
{
  signal_locked (self, &self->wake);
}

/**
 * disp_log_writer_get_heartbeat:
 * @self: a writer
 *
 * Returns: (transfer none): tells whether its thread makes progress; it does, too, when it waits
 */
DispHeartbeat *
disp_log_writer_get_heartbeat (DispLogWriter *self)
{
  return self->heartbeat;
}

/* Gives up all that is pending or queued, and tells who waits for it. */
static guint64
lose_rest (DispLogWriter *self)
{
  g_autoptr (GError) error = g_error_new (DISP_ERROR, DISP_ERROR_STORE, "the log of %s was closed",
                                          disp_store_describe (self->store));
  guint64 n_lost = 0;

  do
    {
      n_lost += disp_log_queue_lose (self->queue, (DispLogEntry *const *) self->pending->pdata,
                                     self->pending->len);
      finish_pending (self, self->pending->len, error);
      disp_log_queue_take (self->queue, self->pending, G_MAXUINT);
    }
  while (self->pending->len > 0);
  return n_lost;
}

/**
 * disp_log_writer_stop:
 * @self: a writer whose queue is closed
 * @patience: how long the thread may go on trying, in microseconds
 *
 * Waits until all is stored, gives up what is not when @patience is over, and ends the thread.
 *
 * Returns: how many records were given up
 */
guint64
disp_log_writer_stop (DispLogWriter *self, gint64 patience)
{
  gint64 deadline = disp_clock_now (self->clock) + patience;

  g_mutex_lock (&self->lock);
  g_cond_signal (&self->wake);
  while (!atomic_load (&self->finished) && wait_until (self, &self->done, deadline))
    ;
  g_mutex_unlock (&self->lock);

  g_cancellable_cancel (self->cancellable);
  signal_locked (self, &self->wake);
  g_thread_join (g_steal_pointer (&self->thread));
  DISP_TSAN_ACQUIRE (self);
  return lose_rest (self);
}
