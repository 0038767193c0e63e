/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/baseline.h"

#include <math.h>

/* A new sample weighs 1/8, as in TCP's smoothed round-trip time (RFC 6298, section 2), but for the
 * first ones, which weigh 1, 1/2 and 1/4: in powers of 1/2, 3. */
#define MAX_HALVINGS 4

/* Each attempt with company that is quicker than lone ones counts 1, up to a maximum; one that is
 * not takes 3 off, so that the number grows when more than three in four are quicker. */
#define MAX_QUICKER 16
#define SLOWER 3
#define MANY_QUICKER 12

/* The weight of a sample is in logarithms, so a half is the square root of the ratio. */
static double
blend (DispBaseline *self, double sample, guint n_halvings)
{
  double old = atomic_load_explicit (&self->alone, memory_order_relaxed);
  double updated;

  do
    {
      double factor = old > 0 ? sample / old : 1;

      for (guint i = 0; i < n_halvings; i++)
        factor = sqrt (factor);
      updated = old > 0 ? old * factor : sample;
    }
  while (!atomic_compare_exchange_weak_explicit (&self->alone, &old, updated, memory_order_relaxed,
                                                 memory_order_relaxed));
  return old > 0 ? old : sample;
}

/* Nearly the distance of the logarithms, without any: 0.707 for 0.693, 1.5 for 1.386. */
static double
get_distance (double one, double other)
{
  return fabs (one - other) / sqrt (one * other);
}

/**
 * disp_baseline_learn:
 * @self: a baseline
 * @duration: how long an attempt took that had the container to itself, in microseconds
 */
void
disp_baseline_learn (DispBaseline *self, gint64 duration)
{
  guint n_halvings = atomic_load_explicit (&self->n_halvings, memory_order_relaxed);
  double sample = (double) MAX (duration, 1);
  double distance = get_distance (blend (self, sample, n_halvings), sample);
  double spread = disp_baseline_get_spread (self);

  atomic_store_explicit (&self->spread, spread + (distance - spread) / (1 << n_halvings),
                         memory_order_relaxed);
  if (n_halvings < MAX_HALVINGS)
    atomic_store_explicit (&self->n_halvings, n_halvings + 1, memory_order_relaxed);
}

/**
 * disp_baseline_correct:
 * @self: a baseline
 * @duration: how long an attempt took that had the container to itself, in microseconds
 *
 * Learns from an attempt that had to wait for that, and counts as much as all before.
 */
void
disp_baseline_correct (DispBaseline *self, gint64 duration)
{
  blend (self, (double) MAX (duration, 1), 1);
}

/**
 * disp_baseline_learn_crowded:
 * @self: a baseline
 * @duration: how long an attempt took that shared the container with others, in microseconds
 *
 * Learns from it only when such attempts are quicker than lone ones are said to be.  Company makes
 * nobody quicker, so the container has become so, and even these show it better than old lone ones.
 */
void
disp_baseline_learn_crowded (DispBaseline *self, gint64 duration)
{
  guint n_quicker = atomic_load_explicit (&self->n_quicker, memory_order_relaxed);

  if ((double) duration < disp_baseline_get (self))
    n_quicker = MIN (n_quicker + 1, MAX_QUICKER);
  else if (n_quicker == 0)
    return;
  else
    n_quicker -= MIN (n_quicker, SLOWER);
  atomic_store_explicit (&self->n_quicker, n_quicker, memory_order_relaxed);
  if (n_quicker >= MANY_QUICKER)
    disp_baseline_learn (self, duration);
}
