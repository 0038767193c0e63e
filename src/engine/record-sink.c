/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/record-sink.h"

G_DEFINE_INTERFACE (DispRecordSink, disp_record_sink, G_TYPE_OBJECT)

static void
disp_record_sink_default_init (G_GNUC_UNUSED DispRecordSinkInterface *iface)
{
}

/**
 * disp_record_sink_admit:
 * @self: where records go
 * @n_records: how many records will follow
 *
 * Reserves room for records, before the work that they will tell of is begun.  When the answer is
 * %DISP_ADMISSION_RECORDED exactly so many must be pushed or committed, sooner or later; else none.
 * Never waits; may be called from any thread.
 *
 * Returns: whether there is room
 */
DispAdmission
disp_record_sink_admit (DispRecordSink *self, guint n_records)
{
  return DISP_RECORD_SINK_GET_IFACE (self)->admit (self, n_records);
}

/**
 * disp_record_sink_push:
 * @self: where records go
 * @record: (transfer full): a record for which there is room; immutable from now on
 *
 * Hands a record over.  Never waits, never fails; may be called from any thread.  Records pushed by
 * one thread arrive in their order.
 */
void
disp_record_sink_push (DispRecordSink *self, DispRecord *record)
{
  DISP_RECORD_SINK_GET_IFACE (self)->push (self, record);
}

/**
 * disp_record_sink_commit_async:
 * @self: where records go
 * @record: (transfer full): a record for which there is room; immutable from now on
 * @callback: called on the thread-default context of the caller, exactly once, never from inside
 *   this call
 * @user_data: for @callback
 *
 * Pushes a record and tells when it is stored, and so also what the same thread pushed before it.
 * Many are stored together.  While the store fails there is no callback: who cannot wait stops
 * waiting, and lets the callback come when it comes.  Keeps @self alive until then.
 */
void
disp_record_sink_commit_async (DispRecordSink *self, DispRecord *record,
                               GAsyncReadyCallback callback, gpointer user_data)
{
  DISP_RECORD_SINK_GET_IFACE (self)->commit_async (self, record, callback, user_data);
}

/**
 * disp_record_sink_commit_finish:
 * @self: where records go
 * @result: what the callback was given
 * @error: %DISP_ERROR_STORE when the record was refused or lost
 *
 * Returns: whether the record is stored, as durably as the store was opened for
 */
gboolean
disp_record_sink_commit_finish (DispRecordSink *self, GAsyncResult *result, GError **error)
{
  return DISP_RECORD_SINK_GET_IFACE (self)->commit_finish (self, result, error);
}

/**
 * disp_record_sink_clear_async:
 * @self: where records go
 * @callback: called on the thread-default context of the caller, exactly once, never from inside
 *   this call
 * @user_data: for @callback
 *
 * Has the store forget all records that were pushed before this.
 */
void
disp_record_sink_clear_async (DispRecordSink *self, GAsyncReadyCallback callback,
                              gpointer user_data)
{
  DISP_RECORD_SINK_GET_IFACE (self)->clear_async (self, callback, user_data);
}

/**
 * disp_record_sink_clear_finish:
 * @self: where records go
 * @result: what the callback was given
 * @error: %DISP_ERROR_STORE
 *
 * Returns: whether they are gone
 */
gboolean
disp_record_sink_clear_finish (DispRecordSink *self, GAsyncResult *result, GError **error)
{
  return DISP_RECORD_SINK_GET_IFACE (self)->clear_finish (self, result, error);
}

/**
 * disp_record_sink_read:
 * @self: where records go
 * @values: (out caller-allocates): its counters
 *
 * Each value is exact; together they are not one instant, but @queued is never too small.  Any
 * thread may ask.
 */
void
disp_record_sink_read (DispRecordSink *self, DispRecordSinkValues *values)
{
  DISP_RECORD_SINK_GET_IFACE (self)->read (self, values);
}

/**
 * disp_record_sink_dup_problem:
 * @self: where records go
 *
 * Returns: (transfer full) (nullable): why records cannot be stored now; %NULL = they can; any
 *     thread may ask
 */
char *
disp_record_sink_dup_problem (DispRecordSink *self)
{
  return DISP_RECORD_SINK_GET_IFACE (self)->dup_problem (self);
}
