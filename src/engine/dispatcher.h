/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/switchboard.h"
#include "engine/transport.h"

/**
 * DispReply:
 *
 * How a request ended: always with an answer, be it a container's or ours.
 */
typedef struct
{
  DispAnswer *answer;       /* (owned) */
  DispContainer *container; /* (owned) (nullable) the chosen one, once there was one */
  const char *reason;       /* (unowned) (nullable) why the answer is not a container's */
  gint64 queued;            /* from its coming to its being forwarded, in microseconds */
  gint64 upstream;          /* from its being forwarded to its answer, in microseconds */
} DispReply;

void disp_reply_free (DispReply *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispReply, disp_reply_free)

#define DISP_TYPE_DISPATCHER (disp_dispatcher_get_type ())
G_DECLARE_FINAL_TYPE (DispDispatcher, disp_dispatcher, DISP, DISPATCHER, GObject)

DispDispatcher *disp_dispatcher_new (DispSwitchboard *switchboard, DispTransport *transport,
                                     GRand *random);
DispSwitchboard *disp_dispatcher_get_switchboard (DispDispatcher *self);
void disp_dispatcher_dispatch_async (DispDispatcher *self, DispRequest *request,
                                     GCancellable *cancellable, GAsyncReadyCallback callback,
                                     gpointer user_data);
DispReply *disp_dispatcher_dispatch_finish (DispDispatcher *self, GAsyncResult *result);
void disp_dispatcher_abort (DispDispatcher *self);
