/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/deadlines.h"

struct _DispDeadlines
{
  DispClock *clock;      /* (owned) */
  DispTimerWheel *wheel; /* (owned) */
  GSource *timer;        /* (owned) (nullable) while it is armed */
  gint64 armed;          /* when @timer is due */
  gint64 earliest;       /* when the loop may wake up for deadlines again */
};

static gboolean on_timer (gpointer user_data);

/* A timer that is due too early stays as it is: it costs one look at the wheel, much less than to
 * arm it again for each deadline that is moved. */
static void
arm (DispDeadlines *self, gint64 at)
{
  at = MAX (at, self->earliest);
  if (self->timer != NULL && self->armed <= at)
    return;
  disp_clock_clear_timer (&self->timer);
  self->armed = at;
  self->timer = disp_clock_add_timer (self->clock, at, "deadlines", on_timer, self);
}

static gboolean
on_timer (gpointer user_data)
{
  DispDeadlines *self = user_data;
  gint64 now = disp_clock_now (self->clock);
  gint64 next;

  disp_clock_clear_timer (&self->timer);
  self->earliest = now + DISP_TIMER_WHEEL_TICK;
  disp_timer_wheel_advance (self->wheel, now);
  next = disp_timer_wheel_get_next (self->wheel);
  if (next != G_MAXINT64)
    arm (self, next);
  return G_SOURCE_REMOVE;
}

/**
 * disp_deadlines_new:
 * @clock: (transfer none): the clock
 *
 * Returns: (transfer full): the deadlines of this thread
 */
DispDeadlines *
disp_deadlines_new (DispClock *clock)
{
  DispDeadlines *self = g_new0 (DispDeadlines, 1);

  self->clock = g_object_ref (clock);
  self->earliest = disp_clock_now (clock);
  self->wheel = disp_timer_wheel_new (self->earliest);
  return self;
}

/**
 * disp_deadlines_free:
 * @self: (transfer full): the deadlines of this thread, none of which is just called
 *
 * Those that are still set are cleared.
 */
void
disp_deadlines_free (DispDeadlines *self)
{
  disp_clock_clear_timer (&self->timer);
  disp_timer_wheel_free (self->wheel);
  g_object_unref (self->clock);
  g_free (self);
}

/**
 * disp_deadlines_now:
 * @self: the deadlines of this thread
 *
 * Returns: what time it is, in microseconds, on the scale of disp_clock_now()
 */
gint64
disp_deadlines_now (DispDeadlines *self)
{
  return disp_clock_now (self->clock);
}

/**
 * disp_deadlines_set:
 * @self: the deadlines of this thread, which has its context as the thread-default one
 * @deadline: (transfer none): a deadline with its @due set
 * @at: when it comes, on the scale of disp_deadlines_now()
 *
 * Sets @deadline, or moves it if it is set; disp_deadline_clear() ends it.  It is called from the
 * loop, never from inside this call, not before @at and at most 100 ms later, unless the loop is
 * busy.
 */
void
disp_deadlines_set (DispDeadlines *self, DispDeadline *deadline, gint64 at)
{
  disp_timer_wheel_set (self->wheel, deadline, at);
  arm (self, at);
}
