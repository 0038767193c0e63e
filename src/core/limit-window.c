/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/limit-window.h"

#include <math.h>

/* The limit is reached, or models are unknown, when one in so many attempts shows it. */
#define REACHED_SHARE 8
#define UNKNOWN_SHARE 4

/* A product goes so far before its logarithm is taken. */
#define MAX_PRODUCT 1e100

/**
 * disp_limit_window_init:
 * @self: (out caller-allocates): a window without attempts
 */
void
disp_limit_window_init (DispLimitWindow *self)
{
  *self = (DispLimitWindow){ .product = 1 };
}

/* Logarithms are added by multiplying, so that few are to be taken. */
static void
fold (DispLimitWindow *self)
{
  self->slowness += log (self->product);
  self->product = 1;
}

/**
 * disp_limit_window_add:
 * @self: a window
 * @baseline: what is known of the model at the container
 * @sample: an attempt that succeeded
 * @limit: how many may be in flight
 *
 * Adds what the attempt tells.
 */
void
disp_limit_window_add (DispLimitWindow *self, const DispBaseline *baseline,
                       const DispLimitSample *sample, guint limit)
{
  double alone = disp_baseline_get (baseline);
  double allowed;

  if (sample->n_taken >= limit)
    self->n_reached++;
  if (sample->duration > self->longest)
    self->longest = sample->duration;
  if (alone <= 0)
    {
      self->n_unknown++;
      return;
    }
  self->n++;
  self->n_taken += sample->n_taken;
  allowed = disp_limit_get_allowed (baseline);
  self->room = self->n == 1 ? allowed / alone : MIN (self->room, allowed / alone);
  self->product *= (double) MAX (sample->duration, 1) / allowed;
  if (self->product > MAX_PRODUCT || self->product < 1 / MAX_PRODUCT)
    fold (self);
}

/**
 * disp_limit_window_get_taken:
 * @self: a window
 *
 * Returns: how many attempts were in flight, in the mean; 0 = nothing is known
 */
double
disp_limit_window_get_taken (const DispLimitWindow *self)
{
  return self->n > 0 ? (double) self->n_taken / self->n : 0;
}

/**
 * disp_limit_window_get_room:
 * @self: a window
 *
 * Returns: how many attempts a container could do one after the other in the time that one may
 * take, of the model that takes longest; 0 = nothing is known
 */
double
disp_limit_window_get_room (const DispLimitWindow *self)
{
  return self->room;
}

/**
 * disp_limit_window_get_slowness:
 * @self: a window
 *
 * Returns: how many times longer answers took than they may, in the geometric mean; 0 = nothing is
 *   known
 */
double
disp_limit_window_get_slowness (const DispLimitWindow *self)
{
  return self->n > 0 ? exp ((self->slowness + log (self->product)) / self->n) : 0;
}

/**
 * disp_limit_window_is_reached:
 * @self: a window
 *
 * Returns: whether more attempts would be in flight if more might
 */
gboolean
disp_limit_window_is_reached (const DispLimitWindow *self)
{
  return self->n_reached * REACHED_SHARE >= disp_limit_window_get_size (self);
}

/**
 * disp_limit_window_is_unknown:
 * @self: a window
 *
 * Returns: whether baselines are missing that matter
 */
gboolean
disp_limit_window_is_unknown (const DispLimitWindow *self)
{
  return self->n_unknown * UNKNOWN_SHARE >= disp_limit_window_get_size (self);
}
