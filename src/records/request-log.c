/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/request-log.h"

#include "core/error.h"
#include "core/event.h"
#include "records/log-queue.h"
#include "records/log-writer.h"

/* The way of records to their store: a bounded queue, and a thread that empties it. */
struct _DispRequestLog
{
  GObject parent_instance;
  DispStore *store;      /* (owned) */
  DispClock *clock;      /* (owned) */
  DispLogQueue *queue;   /* (owned) */
  DispOutage *outage;    /* (owned) */
  DispLogWriter *writer; /* (owned) */
};

static DispAdmission
request_log_admit (DispRecordSink *sink, guint n_records)
{
  return disp_log_queue_admit (DISP_REQUEST_LOG (sink)->queue, n_records);
}

/* What comes to a closed log is lost. */
static void
enter (DispRequestLog *self, DispLogEntry *entry)
{
  gboolean due;

  if (!disp_log_queue_push (self->queue, entry, &due))
    {
      if (entry->task != NULL)
        g_task_return_new_error (entry->task, DISP_ERROR, DISP_ERROR_STORE,
                                 "the log of %s is closed", disp_store_describe (self->store));
      disp_log_entry_free (entry);
    }
  else if (due)
    disp_log_writer_wake (self->writer);
}

static void
request_log_push (DispRecordSink *sink, DispRecord *record)
{
  enter (DISP_REQUEST_LOG (sink), disp_log_entry_new (DISP_LOG_ENTRY_RECORD, record, NULL));
}

static void
request_log_commit_async (DispRecordSink *sink, DispRecord *record, GAsyncReadyCallback callback,
                          gpointer user_data)
{
  GTask *task = g_task_new (sink, NULL, callback, user_data);

  g_task_set_source_tag (task, request_log_commit_async);
  enter (DISP_REQUEST_LOG (sink), disp_log_entry_new (DISP_LOG_ENTRY_RECORD, record, task));
}

static void
request_log_clear_async (DispRecordSink *sink, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (sink, NULL, callback, user_data);

  g_task_set_source_tag (task, request_log_clear_async);
  enter (DISP_REQUEST_LOG (sink), disp_log_entry_new (DISP_LOG_ENTRY_CLEAR, NULL, task));
}

static gboolean
request_log_finish (DispRecordSink *sink, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, sink), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/* What the store took, but could not deliver in the end, counts as refused instead of stored.  It
 * is read first, and may still be more: the thread of the log may not have counted it yet. */
static void
request_log_read (DispRecordSink *sink, DispRecordSinkValues *values)
{
  DispRequestLog *self = DISP_REQUEST_LOG (sink);
  DispStoreValues delivery;
  guint64 n_refused;

  disp_store_read (self->store, &delivery);
  disp_log_queue_read (self->queue, values);
  n_refused = MIN (delivery.refused, values->stored);
  values->stored -= n_refused;
  values->refused += n_refused;
  values->spooled = delivery.spooled;
}

static char *
request_log_dup_problem (DispRecordSink *sink)
{
  DispRequestLog *self = DISP_REQUEST_LOG (sink);
  char *problem = disp_outage_dup_problem (self->outage);

  if (problem == NULL)
    problem = disp_store_dup_problem (self->store);
  return problem != NULL ? problem : disp_log_queue_dup_problem (self->queue);
}

static void
request_log_iface_init (DispRecordSinkInterface *iface)
{
  iface->admit = request_log_admit;
  iface->push = request_log_push;
  iface->commit_async = request_log_commit_async;
  iface->commit_finish = request_log_finish;
  iface->clear_async = request_log_clear_async;
  iface->clear_finish = request_log_finish;
  iface->read = request_log_read;
  iface->dup_problem = request_log_dup_problem;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (DispRequestLog, disp_request_log, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_RECORD_SINK,
                                                      request_log_iface_init))

static void
disp_request_log_finalize (GObject *object)
{
  DispRequestLog *self = DISP_REQUEST_LOG (object);

  disp_request_log_close (self, 0);
  disp_log_writer_free (self->writer);
  disp_log_queue_free (self->queue);
  disp_outage_free (self->outage);
  g_object_unref (self->store);
  g_object_unref (self->clock);
  G_OBJECT_CLASS (disp_request_log_parent_class)->finalize (object);
}

static void
disp_request_log_class_init (DispRequestLogClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = disp_request_log_finalize;
}

static void
disp_request_log_init (G_GNUC_UNUSED DispRequestLog *self)
{
}

/**
 * disp_request_log_new:
 * @store: where the records go; nobody else may use it while the log is open
 * @clock: the clock, which other threads may ask too
 * @notice: (nullable): is touched when disp_record_sink_dup_problem() says something else, but for
 *   what is a problem of @store
 * @settings: what the operator decided; copied
 *
 * Starts a thread that hands what is pushed to @store, in batches of up to
 * %DISP_REQUEST_LOG_MAX_BATCH.  What the store does not take is offered again, in order, until it
 * does.  A batch is stored when its first record has waited for the flush interval, when it is
 * whole or half of a limit is used, or at once when somebody waits for it.
 * While nothing is pushed, and the store has nothing to tidy up, the thread sleeps without a timer.
 *
 * What was admitted never exceeds the limit in records.  A record that was not admitted is taken
 * all the same, and uses up the place of another one.  The limit in bytes is looked at when records
 * are admitted: those of the predictions that are in flight then come on top of it.
 *
 * A clear is carried out in its turn, between the records before and those after it.  When the
 * store fails at it five times it fails, and the records go on.
 *
 * Returns: (transfer full): a log; close it with disp_request_log_close()
 */
DispRequestLog *
disp_request_log_new (DispStore *store, DispClock *clock, DispNotice *notice,
                      const DispRequestLogSettings *settings)
{
  DispRequestLog *self = g_object_new (DISP_TYPE_REQUEST_LOG, NULL);

  self->store = g_object_ref (store);
  self->clock = g_object_ref (clock);
  self->queue = disp_log_queue_new (settings, notice);
  self->outage = disp_outage_new (clock, notice, disp_store_describe (store));
  self->writer = disp_log_writer_new (self->queue, store, self->outage, clock,
                                      settings->flush_interval);
  return self;
}

/**
 * disp_request_log_set_settings:
 * @self: a log
 * @settings: what the operator decided, from now on; copied
 *
 * What waits stays.  The store may tidy up soon, since what it keeps may have changed too.  The
 * thread that owns the log.
 */
void
disp_request_log_set_settings (DispRequestLog *self, const DispRequestLogSettings *settings)
{
  disp_log_queue_set_settings (self->queue, settings);
  disp_log_writer_set_flush_interval (self->writer, settings->flush_interval);
  enter (self, disp_log_entry_new (DISP_LOG_ENTRY_TIDY, NULL, NULL));
  disp_log_writer_wake (self->writer);
}

/**
 * disp_request_log_add_heartbeats:
 * @self: a log that is not closed
 * @heartbeats: (element-type DispHeartbeat): gets that of its thread, a reference
 */
void
disp_request_log_add_heartbeats (DispRequestLog *self, GPtrArray *heartbeats)
{
  g_ptr_array_add (heartbeats, disp_heartbeat_ref (disp_log_writer_get_heartbeat (self->writer)));
}

/**
 * disp_request_log_close:
 * @self: a log
 * @patience: how long to go on trying to store what is queued, in microseconds; 0 = not at all
 *
 * Ends the log: takes no more records, stores those that it has, gives up those that are not stored
 * when @patience is over, and closes the store with what is left of it.  Who waits for a record
 * that is given up is told so.  Waits; a store that is busy just then may hold it up a little
 * longer.  To be called on the thread that owns the log; more calls change nothing.
 *
 * Returns: how many records were lost: given up, or pushed to the closed log
 */
guint64
disp_request_log_close (DispRequestLog *self, gint64 patience)
{
  gint64 deadline = disp_clock_now (self->clock) + patience;
  DispRecordSinkValues values;

  g_return_val_if_fail (patience >= 0, 0);

  if (!disp_log_queue_is_closed (self->queue))
    {
      guint64 n_left;

      disp_log_queue_close (self->queue);
      n_left = disp_log_writer_stop (self->writer, patience);
      if (n_left > 0)
        disp_event_log (
            DISP_EVENT_RECORDS_LOST,
            &(DispEventFields){ .store = disp_store_describe (self->store), .count = n_left },
            "%" G_GUINT64_FORMAT " records could not be stored in %s and are lost", n_left,
            disp_store_describe (self->store));
      disp_store_close (self->store, MAX (deadline - disp_clock_now (self->clock), (gint64) 0));
    }
  disp_log_queue_read (self->queue, &values);
  return values.lost;
}
