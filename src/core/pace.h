/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/container.h"

#include <stdatomic.h>

/* Each failure in a row doubles what a container seems to take, so often at most. */
#define DISP_PACE_DOUBLINGS 10

/**
 * DispPace:
 *
 * How fast a container serves the model of a route, as far as is known.  All but @stats is atomic,
 * so all functions may be called from any thread and none of them waits.  The time in it is that
 * of the policy: how many decisions it has made.
 */
typedef struct
{
  DispStats *stats;       /* (owned) whose pace it is */
  _Atomic double work;    /* (atomic) mean of duration times quota; 0 = no sample yet */
  _Atomic double load;    /* (atomic) mean of how many shared that */
  atomic_uint n_failures; /* (atomic) in a row */
  atomic_int n_pending;   /* (atomic) requests of the policy that have not ended */
  atomic_ullong tried;    /* (atomic) when something was learned last; 0 = never */
  atomic_ullong claimed;  /* (atomic) when somebody went to try it; 0 = nobody */
  atomic_ullong turn;     /* (atomic) of a policy that goes by turns: the last one; 0 = none yet */
} DispPace;

DispPace *disp_pace_new (DispStats *stats);
void disp_pace_free (DispPace *self);
void disp_pace_start (DispPace *self);
void disp_pace_end (DispPace *self, const DispContainer *container, DispOutcome outcome,
                    gint64 duration, guint64 now, guint64 span);
gboolean disp_pace_is_due_now (DispPace *self, guint64 now, guint64 span);
gboolean disp_pace_claim (DispPace *self, guint64 now);

/* What is asked of each candidate at each decision stands here, to cost no calls. */

/**
 * disp_pace_get_service:
 * @self: a pace
 * @container: whose it is, with the quota that it has now
 *
 * Returns: its service time in microseconds; 0 = not known
 */
static inline double
disp_pace_get_service (DispPace *self, const DispContainer *container)
{
  double work = atomic_load_explicit (&self->work, memory_order_acquire);

  if (work <= 0)
    return 0;
  return work / (atomic_load_explicit (&self->load, memory_order_relaxed) * container->quota);
}

/**
 * disp_pace_get_penalty:
 * @self: a pace
 *
 * Returns: by how much the container is to be thought slower since it fails; 1 while it does not
 */
static inline double
disp_pace_get_penalty (DispPace *self)
{
  guint n_failures = atomic_load_explicit (&self->n_failures, memory_order_relaxed);

  return n_failures == 0 ? 1 : 1 << MIN (n_failures, DISP_PACE_DOUBLINGS);
}

/**
 * disp_pace_get_completion:
 * @self: a pace
 * @load: how loaded its container would be, as of disp_least_loaded_weigh()
 *
 * Returns: when all of that would be done there, in microseconds from now: the service time for
 * each, and more if the container fails; %G_MAXDOUBLE = not known
 */
static inline double
disp_pace_get_completion (DispPace *self, double load)
{
  double work = atomic_load_explicit (&self->work, memory_order_acquire);
  double completion;

  if (G_UNLIKELY (work <= 0))
    return G_MAXDOUBLE;
  completion = load * work / atomic_load_explicit (&self->load, memory_order_relaxed);
  if (G_UNLIKELY (atomic_load_explicit (&self->n_failures, memory_order_relaxed) > 0))
    completion *= disp_pace_get_penalty (self);
  return completion;
}

/**
 * disp_pace_is_claimed:
 * @self: a pace
 *
 * Returns: whether somebody has gone to try the container, and has not begun yet
 */
static inline gboolean
disp_pace_is_claimed (DispPace *self)
{
  return atomic_load_explicit (&self->claimed, memory_order_relaxed) != 0
         && atomic_load_explicit (&self->n_pending, memory_order_relaxed) <= 0;
}

/**
 * disp_pace_is_due:
 * @self: a pace
 * @now: the time
 * @span: after what time one should look again
 *
 * Returns: whether the container is to be tried, as of disp_pace_is_due_now(), which is asked only
 * if it was not heard of lately
 */
static inline gboolean
disp_pace_is_due (DispPace *self, guint64 now, guint64 span)
{
  guint64 tried = atomic_load_explicit (&self->tried, memory_order_relaxed);

  return G_UNLIKELY (tried == 0 || tried + span < now)
         && atomic_load_explicit (&self->n_pending, memory_order_relaxed) <= 0
         && disp_pace_is_due_now (self, now, span);
}
