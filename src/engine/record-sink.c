/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/record-sink.h"

G_DEFINE_INTERFACE (DispRecordSink, disp_record_sink, G_TYPE_OBJECT)

static void
disp_record_sink_default_init (G_GNUC_UNUSED DispRecordSinkInterface *iface)
{
}

/**
 * disp_record_sink_push:
 * @self: where records go
 * @record: (transfer full): a record, immutable from now on
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
 * disp_record_sink_count_pushed:
 * @self: where records go
 *
 * Returns: how many records were ever pushed; any thread may ask
 */
guint64
disp_record_sink_count_pushed (DispRecordSink *self)
{
  return DISP_RECORD_SINK_GET_IFACE (self)->count_pushed (self);
}

/**
 * disp_record_sink_count_queued:
 * @self: where records go
 *
 * Returns: how many records were pushed and are not stored yet; any thread may ask
 */
guint64
disp_record_sink_count_queued (DispRecordSink *self)
{
  return DISP_RECORD_SINK_GET_IFACE (self)->count_queued (self);
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
