/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/waiting-porch.h"
#include "engine/waiting-queues.h"

#include <stdatomic.h>

/*
 * Why nobody is forgotten: who gives a place back does so first and then looks whether anybody
 * waits; who is to wait first says so and then looks whether a place is free.  All of that is
 * sequentially consistent, so that at least one of the two sees the other.
 */
struct _DispWaitingRoom
{
  atomic_uint n_waiting; /* (atomic) of @queues; changes with the lock held only */
  /* (atomic) (unowned) (nullable) what is in force; only compared with what a waiter owns */
  const DispRouting *_Atomic routing;
  GMutex lock;               /* held for a few comparisons */
  DispWaitingQueues *queues; /* (owned) (locked-by lock) */
};

void disp_waiting_room_lock (DispWaitingRoom *self);
void disp_waiting_room_unlock (DispWaitingRoom *self);
