/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/fleet.h"
#include "core/types.h"

/* An id is a UUID in text, which begins with the time, with its NUL. */
#define DISP_ID_SIZE 37
/* The most ranges that a body without two of its members can fall into. */
#define DISP_MAX_SLICES 3
/* The longest X-Request-Id that is echoed and kept, in bytes. */
#define DISP_MAX_REQUEST_ID 128

/**
 * DispVerb:
 * @DISP_VERB_PREDICT: ":predict"
 * @DISP_VERB_CLASSIFY: ":classify"
 * @DISP_VERB_REGRESS: ":regress"
 * @DISP_VERB_STATUS: the status of a model
 * @DISP_VERB_METADATA: the signatures of a model
 *
 * What a request wants of a model server.  The first three are predictions: POSTs that leave a
 * record.
 */
typedef enum
{
  DISP_VERB_PREDICT,
  DISP_VERB_CLASSIFY,
  DISP_VERB_REGRESS,
  DISP_VERB_STATUS,
  DISP_VERB_METADATA,
} DispVerb;

/**
 * DispSlice:
 *
 * A range of bytes of a body.
 */
typedef struct
{
  gsize offset;
  gsize length;
} DispSlice;

/**
 * DispRequest:
 *
 * What a client asked.  Its maker fills the fields in; then it is immutable and may be shared by
 * threads.
 */
struct _DispRequest
{
  char id[DISP_ID_SIZE]; /* ours; also the id of its record */
  char *request_id;      /* (owned) (nullable) the client's X-Request-Id, if it was sane */
  DispVerb verb;
  char *model; /* (owned) */
  DispVersion version;
  GBytes *body;                      /* (owned) (nullable) as the client sent it; NULL for a GET */
  DispSlice slices[DISP_MAX_SLICES]; /* what of the body is forwarded, in order */
  guint n_slices;
  DispSlice instances;     /* where the instances stand in the body; length 0 = not looked for */
  gboolean skip_instances; /* they are too long to be kept, so @instances is the whole body */
  char *content_type;      /* (owned) (nullable) */
  char *content_encoding;  /* (owned) (nullable) */
  gboolean once;           /* it must not reach a container twice */
  gint64 timeout; /* the time that the client gives it, in microseconds; 0 = it says none */
  char *affinity; /* (owned) (nullable) what the policy wants to know: see
                     disp_policy_spec_get_header() */
};

DispRequest *disp_request_new (DispVerb verb, gint64 now_real);
DispRequest *disp_request_ref (DispRequest *self);
void disp_request_unref (DispRequest *self);
gboolean disp_request_is_prediction (const DispRequest *self);
gboolean disp_request_id_is_sane (const char *request_id);
void disp_request_set_request_id (DispRequest *self, const char *request_id);
const char *disp_verb_to_string (DispVerb verb);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispRequest, disp_request_unref)
