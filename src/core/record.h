/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/container.h"
#include "core/request.h"
#include "core/types.h"

/**
 * DispRecordState:
 * @DISP_RECORD_CREATED: the request came in
 * @DISP_RECORD_WAITING: it was forwarded
 * @DISP_RECORD_COMPLETED: a container answered, with a status below 500
 * @DISP_RECORD_ERROR: no container answered, or one with a status from 500
 *
 * The numbers are those of the Requests Store.
 */
typedef enum
{
  DISP_RECORD_CREATED = 0,
  DISP_RECORD_WAITING = 1,
  DISP_RECORD_COMPLETED = 2,
  DISP_RECORD_ERROR = 3,
} DispRecordState;

/* In place of a number that is not known, where 0 is one. */
#define DISP_RECORD_UNKNOWN (-1)

/**
 * DispPayload:
 *
 * A body in a record.  A body above the payload limit is not kept, only its length is.
 */
typedef struct
{
  GBytes *bytes; /* (owned) (nullable) */
  gsize length;  /* of the whole body, in bytes; 0 = there was none */
} DispPayload;

/**
 * DispRecord:
 *
 * What is stored of a request, in one of its states.  Its maker fills the fields in; then it is
 * immutable and may be shared by threads.  A later state of the same request is another record with
 * the same id.
 */
struct _DispRecord
{
  char id[DISP_ID_SIZE];
  char *request_id;         /* (owned) (nullable) */
  char *model;              /* (owned) */
  gint64 version;           /* 0 = not known: latest or a label, and no container was chosen */
  DispPayload instances;    /* JSON text as the client wrote it */
  DispPayload response;     /* the body of the answer, not always text */
  DispContainer *container; /* (owned) (nullable) once chosen */
  gint64 ts_in;             /* microseconds since the epoch */
  gint64 ts_wait;           /* when it was forwarded; 0 = not yet */
  gint64 ts_out;            /* when it was answered; 0 = not yet */
  gint64 queue_time; /* how long it waited for places, in microseconds; %DISP_RECORD_UNKNOWN */
  gint64 n_attempts; /* how many it took; %DISP_RECORD_UNKNOWN */
  DispRecordState state;
  guint status; /* HTTP status of the answer; 0 = none yet */
  char *extra;  /* (owned) (nullable) members that others gave a record, as JSON without braces */
};

DispRecord *disp_record_new_blank (void);
DispRecord *disp_record_new (const DispRequest *request, gint64 ts_in, gssize payload_limit);
DispRecord *disp_record_ref (DispRecord *self);
void disp_record_unref (DispRecord *self);
gsize disp_record_get_size (const DispRecord *self);
void disp_record_set_response (DispRecord *self, GBytes *body, gssize payload_limit);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispRecord, disp_record_unref)
