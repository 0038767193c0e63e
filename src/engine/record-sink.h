/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/record.h"

#include <gio/gio.h>

/* In so many seconds a store that fails has been tried again at the latest. */
#define DISP_RECORD_SINK_RETRY_AFTER 5

#define DISP_TYPE_RECORD_SINK (disp_record_sink_get_type ())
G_DECLARE_INTERFACE (DispRecordSink, disp_record_sink, DISP, RECORD_SINK, GObject)

/**
 * DispAdmission:
 * @DISP_ADMISSION_RECORDED: there is room; the records must be pushed
 * @DISP_ADMISSION_DROPPED: there is none, and what comes now goes on without records, which must
 *   not be pushed
 * @DISP_ADMISSION_REFUSED: there is none, and what comes now must be refused
 *
 * Whether there is room for more records.
 */
typedef enum
{
  DISP_ADMISSION_RECORDED,
  DISP_ADMISSION_DROPPED,
  DISP_ADMISSION_REFUSED,
} DispAdmission;

/**
 * DispRecordSinkValues:
 * @pushed: records pushed since the start
 * @stored: of these, taken by the store, or by its spool
 * @refused: refused by the store for good
 * @lost: given up when the sink was closed, or pushed after that
 * @queued: in memory: pushed, and neither of the three yet
 * @queued_bytes: how much memory those take, in bytes
 * @dropped: records that were never pushed, because there was no room
 * @spooled: on disk, not yet delivered to a Requests Store elsewhere; also those of earlier runs
 *
 * What disp_record_sink_read() copies out.
 */
typedef struct
{
  guint64 pushed;
  guint64 stored;
  guint64 refused;
  guint64 lost;
  guint64 queued;
  guint64 queued_bytes;
  guint64 dropped;
  guint64 spooled;
} DispRecordSinkValues;

/**
 * DispRecordSinkInterface:
 * @admit: see disp_record_sink_admit()
 * @push: see disp_record_sink_push()
 * @commit_async: see disp_record_sink_commit_async()
 * @commit_finish: see disp_record_sink_commit_finish()
 * @clear_async: see disp_record_sink_clear_async()
 * @clear_finish: see disp_record_sink_clear_finish()
 * @read: see disp_record_sink_read()
 * @dup_problem: see disp_record_sink_dup_problem()
 *
 * The port through which records are handed over.
 */
struct _DispRecordSinkInterface
{
  GTypeInterface parent;
  DispAdmission (*admit) (DispRecordSink *self, guint n_records);
  void (*push) (DispRecordSink *self, DispRecord *record);
  void (*commit_async) (DispRecordSink *self, DispRecord *record, GAsyncReadyCallback callback,
                        gpointer user_data);
  gboolean (*commit_finish) (DispRecordSink *self, GAsyncResult *result, GError **error);
  void (*clear_async) (DispRecordSink *self, GAsyncReadyCallback callback, gpointer user_data);
  gboolean (*clear_finish) (DispRecordSink *self, GAsyncResult *result, GError **error);
  void (*read) (DispRecordSink *self, DispRecordSinkValues *values);
  char *(*dup_problem) (DispRecordSink *self);
};

DispAdmission disp_record_sink_admit (DispRecordSink *self, guint n_records);
void disp_record_sink_push (DispRecordSink *self, DispRecord *record);
void disp_record_sink_commit_async (DispRecordSink *self, DispRecord *record,
                                    GAsyncReadyCallback callback, gpointer user_data);
gboolean disp_record_sink_commit_finish (DispRecordSink *self, GAsyncResult *result,
                                         GError **error);
void disp_record_sink_clear_async (DispRecordSink *self, GAsyncReadyCallback callback,
                                   gpointer user_data);
gboolean disp_record_sink_clear_finish (DispRecordSink *self, GAsyncResult *result, GError **error);
void disp_record_sink_read (DispRecordSink *self, DispRecordSinkValues *values);
char *disp_record_sink_dup_problem (DispRecordSink *self);
