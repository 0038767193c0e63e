/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "front/exchange.h"

typedef struct _DispStoreWait DispStoreWait;

DispStoreWait *disp_store_wait_new (DispExchange *exchange, DispClock *clock, GBytes *body,
                                    guint n_tasks, GCancellable *aborted);
void disp_store_wait_settle (DispStoreWait *self, const GError *error);
