/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/capacity.h"

#include "core/tsan.h"

struct _DispCapacity
{
  atomic_uint n_taken; /* (atomic) */
  atomic_uint limit;   /* (atomic) what was found by measuring */
};

/* So many a container may have before anything was measured. */
#define FIRST_LIMIT 8

/**
 * disp_capacity_new:
 *
 * Returns: (transfer full): a capacity of which nothing is known, with no place taken
 */
DispCapacity *
disp_capacity_new (void)
{
  DispCapacity *self = g_atomic_rc_box_new0 (DispCapacity);

  atomic_init (&self->limit, FIRST_LIMIT);
  return self;
}

/**
 * disp_capacity_ref:
 * @self: a capacity
 *
 * Returns: (transfer full): @self; any thread
 */
DispCapacity *
disp_capacity_ref (DispCapacity *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
capacity_clear (gpointer self)
{
  DISP_TSAN_ACQUIRE (self);
}

/**
 * disp_capacity_unref:
 * @self: (transfer full): a capacity
 *
 * Gives a reference up; whichever thread gives up the last frees it.
 */
void
disp_capacity_unref (DispCapacity *self)
{
  DISP_TSAN_RELEASE (self);
  g_atomic_rc_box_release_full (self, capacity_clear);
}

/**
 * disp_capacity_take:
 * @self: a capacity
 * @max_in_flight: what the operator decided: the most that may be taken, or %DISP_CAPACITY_AUTO
 *
 * Takes a place, if there is one; it must be given back.
 *
 * Returns: how many are taken then, with this one; 0 = there was none
 */
guint
disp_capacity_take (DispCapacity *self, guint max_in_flight)
{
  guint limit = disp_capacity_get_limit (self, max_in_flight);
  guint n_taken = atomic_load (&self->n_taken);

  do
    if (n_taken >= limit)
      return 0;
  while (!atomic_compare_exchange_weak (&self->n_taken, &n_taken, n_taken + 1));
  return n_taken + 1;
}

/**
 * disp_capacity_give:
 * @self: a capacity
 *
 * Gives a place back.  Who waits must be told after that, not before.
 */
void
disp_capacity_give (DispCapacity *self)
{
  atomic_fetch_sub (&self->n_taken, 1);
}

/**
 * disp_capacity_learn:
 * @self: a capacity
 * @baseline: what is known of the model at this container
 * @outcome: how an attempt ended
 * @duration: how long it took, in microseconds
 * @n_taken: what disp_capacity_take() said when it began
 * @now: the time, in microseconds
 *
 * Learns from an attempt, before its place is given back.
 */
void
disp_capacity_learn (DispCapacity *self, DispBaseline *baseline, DispOutcome outcome,
                     gint64 duration, guint n_taken, G_GNUC_UNUSED gint64 now)
{
  if (outcome == DISP_OUTCOME_SUCCESS && n_taken == 1
      && atomic_load_explicit (&self->n_taken, memory_order_relaxed) == 1)
    disp_baseline_learn (baseline, duration);
}

/**
 * disp_capacity_has_place:
 * @self: a capacity
 * @max_in_flight: see disp_capacity_take()
 *
 * Returns: whether a place is free
 */
gboolean
disp_capacity_has_place (DispCapacity *self, guint max_in_flight)
{
  return disp_capacity_get_taken (self) < disp_capacity_get_limit (self, max_in_flight);
}

/**
 * disp_capacity_get_taken:
 * @self: a capacity
 *
 * Returns: how many places are taken
 */
guint
disp_capacity_get_taken (DispCapacity *self)
{
  return atomic_load (&self->n_taken);
}

/**
 * disp_capacity_get_limit:
 * @self: a capacity
 * @max_in_flight: see disp_capacity_take()
 *
 * Returns: how many places there are, at least 1
 */
guint
disp_capacity_get_limit (DispCapacity *self, guint max_in_flight)
{
  return max_in_flight != DISP_CAPACITY_AUTO
             ? max_in_flight
             : atomic_load_explicit (&self->limit, memory_order_relaxed);
}
