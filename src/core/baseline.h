/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include <stdatomic.h>

/**
 * DispBaseline:
 *
 * How long a container takes for a model when it has nothing else to do: the geometric mean of the
 * latest durations.  It is atomic, so any thread may use it and none waits.
 */
typedef struct
{
  _Atomic double alone;   /* (atomic) in microseconds; 0 = no sample yet */
  _Atomic double spread;  /* (atomic) the mean distance of the logarithms from that of alone */
  atomic_uint n_quicker;  /* (atomic) whether attempts that had company take less than that */
  atomic_uint n_halvings; /* (atomic) the next sample weighs 1/2 to the power of this */
} DispBaseline;

/**
 * disp_baseline_get:
 * @self: a baseline
 *
 * Returns: the mean duration of an attempt that had the container to itself, in microseconds; 0 =
 *   there was none yet
 */
static inline double
disp_baseline_get (const DispBaseline *self)
{
  return atomic_load_explicit (&self->alone, memory_order_relaxed);
}

/**
 * disp_baseline_get_spread:
 * @self: a baseline
 *
 * Returns: how far durations are from disp_baseline_get(), in logarithms: 0.7 = twice or half of it
 *   in the mean
 */
static inline double
disp_baseline_get_spread (const DispBaseline *self)
{
  return atomic_load_explicit (&self->spread, memory_order_relaxed);
}

void disp_baseline_learn (DispBaseline *self, gint64 duration);
void disp_baseline_learn_crowded (DispBaseline *self, gint64 duration);
void disp_baseline_correct (DispBaseline *self, gint64 duration);
