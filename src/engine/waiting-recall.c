/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/waiting-room-private.h"

/* Who waits is called without a place where nobody will offer it one. */

/**
 * disp_waiting_room_set_routing:
 * @self: a waiting room
 * @routing: (nullable): what is in force from now on
 *
 * To be called together with bringing it into force, before any request can have it; and after that
 * disp_waiting_room_recall().  Waits for nothing.
 */
void
disp_waiting_room_set_routing (DispWaitingRoom *self, const DispRouting *routing)
{
  atomic_store (&self->routing, routing);
}

/* Has @waiter, who is in no queue any more, called without a place.  With the lock held. */
static void
call_off (DispWaitingRoom *self, DispWaiter *waiter)
{
  atomic_fetch_sub (&self->n_waiting, 1);
  waiter->again = TRUE;
  disp_porch_call (waiter->porch, waiter);
  disp_porch_ring (waiter->porch);
}

/**
 * disp_waiting_room_recall:
 * @self: a waiting room
 *
 * Has all that wait called without a place, each on its thread: what is in force has changed, so
 * that they must look again where they can go.  Each that waits again gets the place in its queue
 * that its arrival gives it.
 */
void
disp_waiting_room_recall (DispWaitingRoom *self)
{
  DispWaiter *waiter;

  disp_waiting_room_lock (self);
  while ((waiter = disp_waiting_queues_pop (self->queues)) != NULL)
    call_off (self, waiter);
  disp_waiting_room_unlock (self);
}

/**
 * disp_waiting_room_recall_stranded:
 * @self: a waiting room
 * @terms: on what terms others wait
 * @now: the time, in microseconds
 *
 * Has those called without a place for whom no container may be used any more, not even when it has
 * cooled down: no place is given back that they might have.  To be called after
 * disp_waiting_room_offer() when an attempt did not succeed.  Any thread.
 */
void
disp_waiting_room_recall_stranded (DispWaitingRoom *self, const DispWaitTerms *terms, gint64 now)
{
  g_autoptr (GPtrArray) stranded = NULL;

  if (atomic_load (&self->n_waiting) == 0)
    return;
  disp_waiting_room_lock (self);
  stranded = disp_waiting_queues_take_stranded (self->queues, terms, now);
  for (guint i = 0; i < stranded->len; i++)
    call_off (self, stranded->pdata[i]);
  disp_waiting_room_unlock (self);
}
