/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/baseline.h"

/* A new sample weighs 1/8, as in TCP's smoothed round-trip time (RFC 6298, section 2). */
#define WEIGHT 0.125

/**
 * disp_baseline_get:
 * @self: a baseline
 *
 * Returns: the mean duration of an attempt that had the container to itself, in microseconds; 0 =
 *   there was none yet
 */
double
disp_baseline_get (DispBaseline *self)
{
  return atomic_load_explicit (&self->alone, memory_order_relaxed);
}

/**
 * disp_baseline_learn:
 * @self: a baseline
 * @duration: how long an attempt took that had the container to itself, in microseconds
 */
void
disp_baseline_learn (DispBaseline *self, gint64 duration)
{
  double old = atomic_load_explicit (&self->alone, memory_order_relaxed);
  double sample = (double) MAX (duration, 1);
  double updated;

  do
    updated = old <= 0 ? sample : old + (sample - old) * WEIGHT;
  while (!atomic_compare_exchange_weak_explicit (&self->alone, &old, updated, memory_order_relaxed,
                                                 memory_order_relaxed));
}
