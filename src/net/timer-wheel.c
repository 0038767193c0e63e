/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/timer-wheel.h"

/* A hashed timing wheel (G. Varghese, T. Lauck: Hashed and Hierarchical Timing Wheels, SOSP 1987,
 * scheme 6): a deadline further away than one round stays in its slot for several. */

/* One round takes 51.2 seconds. */
#define N_SLOTS 512

struct _DispTimerWheel
{
  gint64 tick; /* of the time up to which deadlines were called; none is set before it */
  gboolean is_advancing;
  DispDeadline due; /* head of the list of those to be called */
  /* Heads of the lists of deadlines, one for each tick of a round.  @at of a head is not later than
   * any in the list. */
  DispDeadline slots[N_SLOTS];
};

static void
list_init (DispDeadline *head)
{
  head->next = head->previous = head;
  head->at = G_MAXINT64;
}

static void
list_append (DispDeadline *head, DispDeadline *deadline)
{
  deadline->next = head;
  deadline->previous = head->previous;
  head->previous->next = deadline;
  head->previous = deadline;
  head->at = MIN (head->at, deadline->at);
}

static void
list_unlink (DispDeadline *deadline)
{
  DispDeadline *next = deadline->next;

  next->previous = deadline->previous;
  deadline->previous->next = next;
  if (next->next == next)
    next->at = G_MAXINT64; /* a head alone */
  deadline->next = deadline->previous = NULL;
}

/**
 * disp_timer_wheel_new:
 * @now: what time it is, in microseconds
 *
 * Returns: (transfer full): a wheel without deadlines
 */
DispTimerWheel *
disp_timer_wheel_new (gint64 now)
{
  DispTimerWheel *self = g_new0 (DispTimerWheel, 1);

  self->tick = now / DISP_TIMER_WHEEL_TICK;
  list_init (&self->due);
  for (guint i = 0; i < N_SLOTS; i++)
    list_init (&self->slots[i]);
  return self;
}

/**
 * disp_timer_wheel_free:
 * @self: (transfer full): a wheel that is not just advancing
 *
 * Deadlines that are still set are cleared.
 */
void
disp_timer_wheel_free (DispTimerWheel *self)
{
  g_assert (!self->is_advancing);
  for (guint i = 0; i < N_SLOTS; i++)
    while (self->slots[i].next != &self->slots[i])
      disp_deadline_clear (self->slots[i].next);
  g_free (self);
}

/**
 * disp_timer_wheel_set:
 * @self: a wheel
 * @deadline: (transfer none): a deadline with its @due set, of no other wheel
 * @at: when it comes, in microseconds
 *
 * Sets @deadline, or moves it if it is set.  It is never called from inside this call: one that has
 * come already is called when the wheel advances next.
 */
void
disp_timer_wheel_set (DispTimerWheel *self, DispDeadline *deadline, gint64 at)
{
  gint64 tick = MAX (at / DISP_TIMER_WHEEL_TICK, self->tick);

  g_return_if_fail (deadline->due != NULL);
  g_return_if_fail (deadline->wheel == NULL || deadline->wheel == self);
  disp_deadline_clear (deadline);
  deadline->wheel = self;
  deadline->at = at;
  list_append (&self->slots[tick % N_SLOTS], deadline);
}

/**
 * disp_deadline_clear:
 * @self: a deadline
 *
 * It is called no more.  Does nothing if it is not set.
 */
void
disp_deadline_clear (DispDeadline *self)
{
  if (self->wheel == NULL)
    return;
  self->wheel = NULL;
  list_unlink (self);
}

/* Moves what is due out of a slot, and sees when the others are. */
static void
collect_due (DispTimerWheel *self, DispDeadline *slot, gint64 now)
{
  DispDeadline *next;
  gint64 first = G_MAXINT64;

  if (slot->at > now)
    return;
  for (DispDeadline *deadline = slot->next; deadline != slot; deadline = next)
    {
      next = deadline->next;
      if (deadline->at <= now)
        {
          list_unlink (deadline);
          list_append (&self->due, deadline);
        }
      else
        first = MIN (first, deadline->at);
    }
  slot->at = first;
}

/**
 * disp_deadline_is_set:
 * @self: a deadline
 *
 * Returns: whether it is set, and has not come yet
 */
gboolean
disp_deadline_is_set (const DispDeadline *self)
{
  return self->wheel != NULL;
}

/**
 * disp_timer_wheel_advance:
 * @self: a wheel
 * @now: what time it is, in microseconds
 *
 * Calls the deadlines that have come, those of @now too, in no order within a tick.  What they do
 * to others, which may be due as well, counts; one that they set to a time which is over is called
 * when the wheel advances next, so that this call ends.
 */
void
disp_timer_wheel_advance (DispTimerWheel *self, gint64 now)
{
  gint64 last = MAX (now / DISP_TIMER_WHEEL_TICK, self->tick);
  gint64 n_ticks = MIN (last - self->tick + 1, N_SLOTS);
  gboolean was_advancing = self->is_advancing;

  for (gint64 i = 0; i < n_ticks; i++)
    collect_due (self, &self->slots[(self->tick + i) % N_SLOTS], now);
  self->tick = last;

  /* A callback may run a loop in which the wheel advances again. */
  self->is_advancing = TRUE;
  while (self->due.next != &self->due)
    {
      DispDeadline *deadline = self->due.next;

      disp_deadline_clear (deadline);
      deadline->due (deadline);
    }
  self->is_advancing = was_advancing;
}

/**
 * disp_timer_wheel_get_next:
 * @self: a wheel
 *
 * Looks at each slot, but at no deadline.
 *
 * Returns: when the wheel has to advance next, in microseconds: no deadline comes before; it may be
 * that none comes then, since it was moved or cleared.  %G_MAXINT64 if none is set
 */
gint64
disp_timer_wheel_get_next (DispTimerWheel *self)
{
  gint64 next = self->due.at;

  for (guint i = 0; i < N_SLOTS; i++)
    next = MIN (next, self->slots[i].at);
  return next;
}
