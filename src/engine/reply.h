/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/container.h"
#include "engine/transport.h"

/**
 * DispReply:
 *
 * How a request ended: always with an answer, be it a container's or ours.
 */
typedef struct
{
  DispAnswer *answer;       /* (owned) */
  DispContainer *container; /* (owned) (nullable) that of the last attempt that ended */
  const char *reason;       /* (unowned) (nullable) why the answer is not a container's */
  guint n_attempts;         /* how many there were at containers */
  gint64 queued;            /* how long it waited for places there in all, in microseconds */
  gint64 upstream;          /* the rest of the time to its answer, in microseconds */
} DispReply;

DispReply *disp_reply_new (DispAnswer *answer);
DispReply *disp_reply_new_for_error (const GError *error, guint retry_after);
void disp_reply_free (DispReply *self);
void disp_reply_set_error (DispReply *self, const GError *error, guint retry_after);
DispOutcome disp_reply_get_outcome (const DispReply *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispReply, disp_reply_free)
