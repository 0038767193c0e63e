/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/waiting-room.h"

DispPorch *disp_porch_new (GMutex *lock, GMainContext *context, DispWaiterCalled called,
                           gpointer user_data);
DispPorch *disp_porch_ref (DispPorch *self);
void disp_porch_unref (DispPorch *self);
void disp_porch_close (DispPorch *self);

void disp_porch_call (DispPorch *self, DispWaiter *waiter);
void disp_porch_take_back (DispPorch *self, DispWaiter *waiter);
void disp_porch_ring (DispPorch *self);
