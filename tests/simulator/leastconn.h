/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/reply.h"
#include "simulator/sim-transport.h"

typedef struct _Leastconn Leastconn;
typedef void (*LeastconnEnded) (DispReply *reply, gpointer user_data);

Leastconn *leastconn_new (SimTransport *transport, FakeClock *clock, gint64 timeout);
void leastconn_free (Leastconn *self);
void leastconn_set_fleet (Leastconn *self, DispFleet *fleet);
void leastconn_ask (Leastconn *self, DispRequest *request, GCancellable *cancellable,
                    LeastconnEnded ended, gpointer user_data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Leastconn, leastconn_free)
