/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/reply.h"
#include "engine/switchboard.h"
#include "engine/transport.h"

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
