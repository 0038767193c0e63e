/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/log-queue.h"

#include "core/event.h"
#include "core/tsan.h"

/*
 * What waits between those who push and the thread that stores: in order, with a limit, and with
 * the counters.  A record is queued from its push until it is settled or lost, wherever it is
 * meanwhile.  One lock guards all of it, that of the GAsyncQueue, which is held for a few
 * instructions only.
 */
struct _DispLogQueue
{
  GAsyncQueue *entries;            /* (owned) (element-type DispLogEntry, owned) */
  DispRequestLogSettings settings; /* (locked-by entries) */
  DispNotice *notice;              /* (owned) (nullable) */
  guint batch;                     /* (locked-by entries) so many records need not wait for more */
  DispRecordSinkValues values;     /* (locked-by entries) spooled is the store's, and 0 here */
  guint64 reserved;   /* (locked-by entries) admitted records that were not pushed yet */
  guint n_waited_for; /* (locked-by entries) entries that somebody waits for */
  gboolean closed;    /* (locked-by entries) */
  gboolean full;      /* (locked-by entries) there was no room, and not enough since */
  guint64 n_missed;   /* (locked-by entries) records there was no room for, while full */
};

static void
lock (DispLogQueue *self)
{
  g_async_queue_lock (self->entries);
  DISP_TSAN_ACQUIRE (self);
}

static void
unlock (DispLogQueue *self)
{
  DISP_TSAN_RELEASE (self);
  g_async_queue_unlock (self->entries);
}

static void
set_settings (DispLogQueue *self, const DispRequestLogSettings *settings)
{
  self->settings = *settings;
  self->batch = CLAMP (settings->max_records / 2, 1, DISP_REQUEST_LOG_MAX_BATCH);
}

/**
 * disp_log_queue_new:
 * @settings: the limits
 * @notice: (nullable): is touched when there is no room, and when there is again
 *
 * Returns: (transfer full): an empty queue
 */
DispLogQueue *
disp_log_queue_new (const DispRequestLogSettings *settings, DispNotice *notice)
{
  DispLogQueue *self = g_new0 (DispLogQueue, 1);

  self->entries = g_async_queue_new_full ((GDestroyNotify) disp_log_entry_free);
  set_settings (self, settings);
  self->notice = notice != NULL ? disp_notice_ref (notice) : NULL;
  return self;
}

/**
 * disp_log_queue_free:
 * @self: (transfer full): a queue that nobody uses any more
 */
void
disp_log_queue_free (DispLogQueue *self)
{
  g_async_queue_unref (self->entries);
  g_clear_pointer (&self->notice, disp_notice_unref);
  g_free (self);
}

static void
tell_full (DispLogQueue *self, const DispRecordSinkValues *values, gboolean drop)
{
  disp_event_log (DISP_EVENT_RECORDS_FULL, NULL,
                  "there is no room for more records, %" G_GUINT64_FORMAT
                  " wait to be stored (%" G_GUINT64_FORMAT " bytes): predictions %s",
                  values->queued, values->queued_bytes, drop ? "leave no records" : "are refused");
  if (self->notice != NULL)
    disp_notice_touch (self->notice);
}

static void
tell_room (DispLogQueue *self, guint64 n_missed)
{
  disp_event_log (DISP_EVENT_RECORDS_ROOM, &(DispEventFields){ .count = n_missed },
                  "there is room for records again; there was none for %" G_GUINT64_FORMAT,
                  n_missed);
  if (self->notice != NULL)
    disp_notice_touch (self->notice);
}

/**
 * disp_log_queue_admit:
 * @self: a queue
 * @n_records: how many records will follow
 *
 * Reserves room for records.  There is room when those that wait, those that were admitted before
 * and not pushed yet, and these are no more than the limit, or when none wait at all, so that more
 * than the limit come in at last; and when those that wait take less memory than the limit.  How
 * large the admitted ones will be is not known yet: they come on top of the limit in bytes.  A
 * closed queue has no room.  Any thread.
 *
 * Returns: whether there is room
 */
DispAdmission
disp_log_queue_admit (DispLogQueue *self, guint n_records)
{
  DispRecordSinkValues values;
  guint64 n_waiting;
  gboolean admitted;
  gboolean news = FALSE;
  gboolean drop;

  lock (self);
  drop = self->settings.drop;
  n_waiting = self->values.queued + self->reserved;
  admitted = !self->closed
             && (n_waiting == 0 || n_waiting + n_records <= self->settings.max_records)
             && self->values.queued_bytes < self->settings.max_bytes;
  if (admitted)
    self->reserved += n_records;
  else
    {
      news = !self->full && !self->closed;
      self->full = !self->closed;
      self->n_missed += n_records;
      self->values.dropped += n_records;
      values = self->values;
    }
  unlock (self);

  if (news)
    tell_full (self, &values, drop);
  if (admitted)
    return DISP_ADMISSION_RECORDED;
  return drop ? DISP_ADMISSION_DROPPED : DISP_ADMISSION_REFUSED;
}

/* Whether what is queued should be stored now, instead of waiting for more.  Whoever asks may have
 * popped one entry. */
static gboolean
is_due (DispLogQueue *self)
{
  return self->closed || self->n_waited_for > 0
         || g_async_queue_length_unlocked (self->entries) + 1 >= (int) self->batch
         || self->values.queued_bytes >= self->settings.max_bytes / 2;
}

/**
 * disp_log_queue_push:
 * @self: a queue
 * @entry: (transfer full): what is asked
 * @due: (out): whether by this entry the queue became due, see disp_log_queue_is_due()
 *
 * Appends an entry.  A record takes the place that was reserved for it; one that was not admitted
 * is taken too, above the limit.  Any thread.
 *
 * Returns: whether it was taken; %FALSE = the queue is closed, @entry is still the caller's, and
 *   its record counts as lost
 */
gboolean
disp_log_queue_push (DispLogQueue *self, DispLogEntry *entry, gboolean *due)
{
  gboolean was_due;
  gboolean closed;

  lock (self);
  was_due = is_due (self);
  closed = self->closed;
  if (entry->kind == DISP_LOG_ENTRY_RECORD)
    {
      self->reserved -= MIN (self->reserved, 1);
      self->values.pushed++;
      self->values.lost += closed ? 1 : 0;
      self->values.queued += closed ? 0 : 1;
      self->values.queued_bytes += closed ? 0 : entry->size;
    }
  if (!closed)
    {
      self->n_waited_for += entry->task != NULL ? 1 : 0;
      g_async_queue_push_unlocked (self->entries, entry);
    }
  *due = !was_due && is_due (self);
  unlock (self);
  return !closed;
}

/**
 * disp_log_queue_close:
 * @self: a queue that is not closed
 *
 * Takes no more entries: the last one is of the kind end.  Any thread.
 */
void
disp_log_queue_close (DispLogQueue *self)
{
  DispLogEntry *end = disp_log_entry_new (DISP_LOG_ENTRY_END, NULL, NULL);

  lock (self);
  self->closed = TRUE;
  g_async_queue_push_unlocked (self->entries, end);
  unlock (self);
}

/**
 * disp_log_queue_is_closed:
 * @self: a queue
 *
 * Returns: whether it takes no more; any thread
 */
gboolean
disp_log_queue_is_closed (DispLogQueue *self)
{
  gboolean closed;

  lock (self);
  closed = self->closed;
  unlock (self);
  return closed;
}

/**
 * disp_log_queue_read:
 * @self: a queue
 * @values: (out caller-allocates): its counters, all of one moment; any thread
 */
void
disp_log_queue_read (DispLogQueue *self, DispRecordSinkValues *values)
{
  lock (self);
  *values = self->values;
  unlock (self);
}

/**
 * disp_log_queue_dup_problem:
 * @self: a queue
 *
 * Returns: (transfer full) (nullable): that there is no room; any thread
 */
char *
disp_log_queue_dup_problem (DispLogQueue *self)
{
  gboolean full;
  gboolean drop;

  lock (self);
  full = self->full;
  drop = self->settings.drop;
  unlock (self);
  return full ? g_strdup_printf ("there is no room for more records: predictions %s",
                                 drop ? "leave none" : "are refused")
              : NULL;
}

/**
 * disp_log_queue_pop:
 * @self: a queue
 * @timeout: how long to wait, in microseconds; -1 = without an end, which takes no timer
 *
 * Waits for an entry.  The thread of the log.
 *
 * Returns: (transfer full) (nullable): the first entry; %NULL = there is none
 */
DispLogEntry *
disp_log_queue_pop (DispLogQueue *self, gint64 timeout)
{
  DispLogEntry *entry;

  lock (self);
  entry = timeout < 0    ? g_async_queue_pop_unlocked (self->entries)
          : timeout == 0 ? g_async_queue_try_pop_unlocked (self->entries)
                         : g_async_queue_timeout_pop_unlocked (self->entries, (guint64) timeout);
  /* While it waited the lock was free. */
  DISP_TSAN_ACQUIRE (self);
  if (entry != NULL && entry->task != NULL)
    self->n_waited_for--;
  unlock (self);
  return entry;
}

/**
 * disp_log_queue_is_due:
 * @self: a queue
 *
 * Returns: whether the queue is closed, has an entry that somebody waits for, has a batch of
 *   records (with one that was popped), or has filled half of its limit; any thread
 */
gboolean
disp_log_queue_is_due (DispLogQueue *self)
{
  gboolean due;

  lock (self);
  due = is_due (self);
  unlock (self);
  return due;
}

/**
 * disp_log_queue_take:
 * @self: a queue
 * @taken: (element-type DispLogEntry): entries that were taken before
 * @max: how many entries @taken may have
 *
 * Moves entries to the end of @taken, without waiting.  One that is not a record is the last of
 * them: none is taken after it.  The thread of the log.
 */
void
disp_log_queue_take (DispLogQueue *self, GPtrArray *taken, guint max)
{
  const DispLogEntry *last = taken->len > 0 ? g_ptr_array_index (taken, taken->len - 1) : NULL;
  DispLogEntry *entry;

  lock (self);
  while ((last == NULL || last->kind == DISP_LOG_ENTRY_RECORD) && taken->len < max
         && (entry = g_async_queue_try_pop_unlocked (self->entries)) != NULL)
    {
      if (entry->task != NULL)
        self->n_waited_for--;
      g_ptr_array_add (taken, entry);
      last = entry;
    }
  unlock (self);
}

/* Takes those of the entries that are records out of the count of what waits. */
static guint
release (DispLogQueue *self, DispLogEntry *const *entries, guint n_entries)
{
  guint n_records = 0;

  for (guint i = 0; i < n_entries; i++)
    if (entries[i]->kind == DISP_LOG_ENTRY_RECORD)
      {
        n_records++;
        self->values.queued_bytes -= entries[i]->size;
      }
  self->values.queued -= n_records;
  return n_records;
}

/* A queue that was full has room again only when a quarter of it is free, so that a burst at the
 * limit is told once. */
static gboolean
find_room_again (DispLogQueue *self, guint64 *n_missed)
{
  if (!self->full || self->closed
      || self->values.queued + self->reserved > (guint64) self->settings.max_records * 3 / 4
      || self->values.queued_bytes > self->settings.max_bytes / 4 * 3)
    return FALSE;
  self->full = FALSE;
  *n_missed = self->n_missed;
  self->n_missed = 0;
  return TRUE;
}

/**
 * disp_log_queue_settle:
 * @self: a queue
 * @entries: (array length=n_entries): records that the store took
 * @n_entries: how many
 * @n_refused: how many of these it refused for good
 *
 * Counts records as stored or refused, and says so when there is room again.  The thread of the
 * log.
 */
void
disp_log_queue_settle (DispLogQueue *self, DispLogEntry *const *entries, guint n_entries,
                       guint n_refused)
{
  guint64 n_missed = 0;
  gboolean news;

  lock (self);
  release (self, entries, n_entries);
  self->values.stored += n_entries - n_refused;
  self->values.refused += n_refused;
  news = find_room_again (self, &n_missed);
  unlock (self);

  if (news)
    tell_room (self, n_missed);
}

/**
 * disp_log_queue_set_settings:
 * @self: a queue
 * @settings: the limits from now on; copied
 *
 * What waits stays, also what is beyond a lower limit.  Any thread.
 */
void
disp_log_queue_set_settings (DispLogQueue *self, const DispRequestLogSettings *settings)
{
  guint64 n_missed = 0;
  gboolean news;

  lock (self);
  set_settings (self, settings);
  news = find_room_again (self, &n_missed);
  unlock (self);

  if (news)
    tell_room (self, n_missed);
}

/**
 * disp_log_queue_lose:
 * @self: a closed queue
 * @entries: (array length=n_entries): entries that were given up
 * @n_entries: how many
 *
 * Counts the records among them as lost.
 *
 * Returns: how many records that are
 */
guint
disp_log_queue_lose (DispLogQueue *self, DispLogEntry *const *entries, guint n_entries)
{
  guint n_lost;

  lock (self);
  n_lost = release (self, entries, n_entries);
  self->values.lost += n_lost;
  unlock (self);
  return n_lost;
}
