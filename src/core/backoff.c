/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/backoff.h"

/**
 * disp_backoff_init:
 * @self: (out caller-allocates): the back-off
 * @first: the first wait, in microseconds
 * @longest: the longest wait, in microseconds
 */
void
disp_backoff_init (DispBackoff *self, gint64 first, gint64 longest)
{
  g_return_if_fail (first > 0 && longest >= first);

  *self = (DispBackoff){ .first = first, .longest = longest };
}

/**
 * disp_backoff_next:
 * @self: the back-off
 * @random: where the jitter comes from
 *
 * Counts a failure.  The wait doubles with each failure in a row; half of it is fixed and half is
 * random ("equal jitter", M. Brooker, "Exponential Backoff And Jitter", 2015), so that many clients
 * of one server spread out but none hurries.
 *
 * Returns: how long to wait now, in microseconds: between a half of the wait and the whole
 */
gint64
disp_backoff_next (DispBackoff *self, GRand *random)
{
  gint64 wait = self->first;

  for (guint i = 0; i < self->failures && wait < self->longest; i++)
    wait = wait > self->longest / 2 ? self->longest : wait * 2;
  self->failures++;
  return wait / 2 + (gint64) (g_rand_double (random) * (double) (wait - wait / 2));
}

/**
 * disp_backoff_reset:
 * @self: the back-off
 *
 * Counts a success: the next wait is the first again.
 */
void
disp_backoff_reset (DispBackoff *self)
{
  self->failures = 0;
}
