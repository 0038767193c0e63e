/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/capacity.h"

#include "core/tsan.h"

/**
 * disp_capacity_new:
 *
 * Returns: (transfer full): a capacity of which nothing is known, with no place taken
 */
DispCapacity *
disp_capacity_new (void)
{
  DispCapacity *self = g_atomic_rc_box_new0 (DispCapacity);

  disp_limit_rule_init (&self->rule);
  atomic_init (&self->limit, disp_limit_rule_get (&self->rule));
  atomic_flag_clear (&self->is_taught);
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
  guint places = atomic_load (&self->places);
  guint n_taken;
  guint updated;

  do
    {
      n_taken = places & DISP_CAPACITY_TAKEN_MASK;
      if (n_taken >= limit)
        return 0;
      updated = n_taken == 0 ? 1 : (places + 1) | DISP_CAPACITY_CROWDED;
    }
  while (!atomic_compare_exchange_weak (&self->places, &places, updated));
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
  atomic_fetch_sub (&self->places, 1);
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
 * Learns from an attempt, before its place is given back.  When another thread is just learning
 * here, this attempt is passed over: it is one of many.  It is not when no other is in flight.
 */
void
disp_capacity_learn (DispCapacity *self, DispBaseline *baseline, DispOutcome outcome,
                     gint64 duration, guint n_taken, gint64 now)
{
  DispLimitSample sample = {
    .outcome = outcome,
    .duration = duration,
    .n_taken = n_taken,
    .now = now,
  };

  if (atomic_flag_test_and_set_explicit (&self->is_taught, memory_order_acquire))
    return;
  /* Whoever was alone when it began, and is so now without having been crowded, was all the time.
   */
  sample.alone = n_taken == 1 && atomic_load_explicit (&self->places, memory_order_relaxed) == 1;
  disp_limit_rule_learn (&self->rule, baseline, &sample);
  atomic_store_explicit (&self->limit, disp_limit_rule_get (&self->rule), memory_order_relaxed);
  atomic_flag_clear_explicit (&self->is_taught, memory_order_release);
}
