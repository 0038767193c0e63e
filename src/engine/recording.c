/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/recording.h"

#include "core/error.h"

/* A request has two: that it came, and how it ended. */
#define N_RECORDS 2

static DispRecord *
new_record (const DispRecording *self)
{
  return disp_record_new (self->request, self->arrived_real, self->payload_limit);
}

/**
 * disp_recording_begin:
 * @self: a recording of which all but what this function finds out is filled in
 * @sink: where records go
 * @error: %DISP_ERROR_RECORDS_FULL, when there is no room and none must go on without records
 *
 * Asks for room for the records of a prediction, and pushes the first.  Of other requests there are
 * none.
 *
 * Returns: whether the request may go on
 */
gboolean
disp_recording_begin (DispRecording *self, DispRecordSink *sink, GError **error)
{
  DispAdmission admission;

  if (!disp_request_is_prediction (self->request))
    return TRUE;
  admission = disp_record_sink_admit (sink, N_RECORDS);
  self->is_admitted = admission == DISP_ADMISSION_RECORDED;
  if (self->is_admitted)
    disp_record_sink_push (sink, new_record (self));
  else if (admission == DISP_ADMISSION_REFUSED)
    {
      g_set_error_literal (error, DISP_ERROR, DISP_ERROR_RECORDS_FULL,
                           "there is no room for more records");
      return FALSE;
    }
  return TRUE;
}

/**
 * disp_recording_end:
 * @self: a recording that was begun
 * @reply: how the request ended
 * @version: that of its route; 0 = not known
 *
 * The times of the record are told from one reading of the wall clock, so that a clock that is set
 * meanwhile does not bend durations.
 *
 * Returns: (transfer full) (nullable): the second record, to be pushed or committed; %NULL when
 * nothing is recorded of this request
 */
DispRecord *
disp_recording_end (DispRecording *self, const DispReply *reply, gint64 version)
{
  DispRecord *record;

  if (!self->is_admitted)
    return NULL;
  record = new_record (self);
  if (version != 0)
    record->version = version;
  if (reply->container != NULL)
    {
      record->container = disp_container_ref (reply->container);
      record->ts_wait = self->arrived_real + reply->queued;
    }
  record->queue_time = reply->queued;
  record->n_attempts = reply->n_attempts;
  record->ts_out = self->arrived_real + reply->queued + reply->upstream;
  record->status = reply->answer->status;
  record->state = disp_reply_get_outcome (reply) == DISP_OUTCOME_SUCCESS ? DISP_RECORD_COMPLETED
                                                                         : DISP_RECORD_ERROR;
  disp_record_set_response (record, reply->answer->body, self->payload_limit);
  return record;
}
