/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/record-sink.h"
#include "engine/reply.h"

/**
 * DispRecording:
 *
 * What is recorded of one request: it is made when the request comes, and gives two records, of its
 * beginning and of its end, or none.
 */
typedef struct
{
  DispRequest *request; /* (unowned) */
  gint64 arrived_real;  /* when it came, in microseconds since the epoch */
  gssize payload_limit; /* the longest body that is kept, in bytes; -1 = all */
  gboolean is_admitted; /* there is room for its records */
} DispRecording;

gboolean disp_recording_begin (DispRecording *self, DispRecordSink *sink, GError **error);
DispRecord *disp_recording_end (DispRecording *self, const DispReply *reply, gint64 version);
