/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/baseline.h"
#include "core/stats.h"

/* Queueing up to this share of the baseline is not fought, nor up to so many microseconds. */
#define DISP_LIMIT_BUFFER_SHARE 0.25
#define DISP_LIMIT_MIN_BUFFER 2000.0

/**
 * DispLimitSample:
 * @outcome: how an attempt ended
 * @duration: how long it took
 * @n_taken: how many places were taken when it began, with its own
 * @alone: whether no other was in flight from its begin to its end
 * @now: the time
 *
 * What an attempt tells.
 */
typedef struct
{
  DispOutcome outcome;
  gint64 duration;
  guint n_taken;
  gboolean alone;
  gint64 now;
} DispLimitSample;

/**
 * DispLimitWindow:
 * @n: how many attempts succeeded of whose models the baseline is known
 * @n_unknown: how many of others
 * @n_reached: of both, how many took the last place
 * @n_taken: the sum of how many were in flight when each began
 * @room: how many of the longest a container could do in the time that one may take
 * @slowness: the sum of the logarithms of how much longer each took than it may
 * @product: what has not been added to that yet
 * @longest: the longest duration
 *
 * What the attempts tell that began since the limit was changed last.
 */
typedef struct
{
  guint n;
  guint n_unknown;
  guint n_reached;
  guint64 n_taken;
  double room;
  double slowness;
  double product;
  gint64 longest;
} DispLimitWindow;

/**
 * disp_limit_get_allowed:
 * @baseline: what is known of a model at a container
 *
 * Returns: how long an answer may take there, in microseconds
 */
static inline double
disp_limit_get_allowed (const DispBaseline *baseline)
{
  double alone = disp_baseline_get (baseline);

  return alone + MAX (alone * DISP_LIMIT_BUFFER_SHARE, DISP_LIMIT_MIN_BUFFER);
}

/**
 * disp_limit_window_get_size:
 * @self: a window
 *
 * Returns: how many attempts are in it
 */
static inline guint
disp_limit_window_get_size (const DispLimitWindow *self)
{
  return self->n + self->n_unknown;
}

void disp_limit_window_init (DispLimitWindow *self);
void disp_limit_window_add (DispLimitWindow *self, const DispBaseline *baseline,
                            const DispLimitSample *sample, guint limit);
double disp_limit_window_get_taken (const DispLimitWindow *self);
double disp_limit_window_get_room (const DispLimitWindow *self);
double disp_limit_window_get_slowness (const DispLimitWindow *self);
gboolean disp_limit_window_is_reached (const DispLimitWindow *self);
gboolean disp_limit_window_is_unknown (const DispLimitWindow *self);
