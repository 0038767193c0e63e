/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/record.h"

#include <gio/gio.h>

#define DISP_TYPE_RECORD_SINK (disp_record_sink_get_type ())
G_DECLARE_INTERFACE (DispRecordSink, disp_record_sink, DISP, RECORD_SINK, GObject)

/**
 * DispRecordSinkInterface:
 * @push: see disp_record_sink_push()
 * @count_pushed: see disp_record_sink_count_pushed()
 * @count_queued: see disp_record_sink_count_queued()
 * @dup_problem: see disp_record_sink_dup_problem()
 *
 * The port through which the engine hands records over.
 */
struct _DispRecordSinkInterface
{
  GTypeInterface parent;
  void (*push) (DispRecordSink *self, DispRecord *record);
  guint64 (*count_pushed) (DispRecordSink *self);
  guint64 (*count_queued) (DispRecordSink *self);
  char *(*dup_problem) (DispRecordSink *self);
};

void disp_record_sink_push (DispRecordSink *self, DispRecord *record);
guint64 disp_record_sink_count_pushed (DispRecordSink *self);
guint64 disp_record_sink_count_queued (DispRecordSink *self);
char *disp_record_sink_dup_problem (DispRecordSink *self);
