/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/stats.h"

#include "core/tsan.h"

/* A new sample weighs 1/8, as in TCP's smoothed round-trip time (RFC 6298, section 2).  The mean is
 * kept times 8, so that the division loses nothing of short durations (V. Jacobson, "Congestion
 * Avoidance and Control", 1988, appendix A). */
#define LATENCY_SHIFT 3

/* Each doubling of a latency has eight classes, so that none is wider than an eighth of what is in
 * it; those below eight have one value each (G. Tene's HdrHistogram, with three bits). */
#define CLASS_SHIFT 3
#define N_PER_OCTAVE (1 << CLASS_SHIFT)

/**
 * disp_stats_new:
 *
 * Counters of one container, or of the whole daemon.  They outlive the fleet snapshot that a
 * container came in: every snapshot with the same container shares them.  All functions may be
 * called from any thread and none of them waits.
 *
 * Returns: (transfer full): counters, all 0
 */
DispStats *
disp_stats_new (void)
{
  return g_atomic_rc_box_new0 (DispStats);
}

/**
 * disp_stats_ref:
 * @self: counters
 *
 * Returns: (transfer full): @self; any thread
 */
DispStats *
disp_stats_ref (DispStats *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
stats_clear (gpointer self)
{
  DISP_TSAN_ACQUIRE (self);
}

/**
 * disp_stats_unref:
 * @self: (transfer full): counters
 *
 * Gives a reference up; whichever thread gives up the last frees it.
 */
void
disp_stats_unref (DispStats *self)
{
  DISP_TSAN_RELEASE (self);
  g_atomic_rc_box_release_full (self, stats_clear);
}

/**
 * disp_stats_begin:
 * @self: the counters
 *
 * Counts an attempt that begins.
 */
void
disp_stats_begin (DispStats *self)
{
  atomic_fetch_add_explicit (&self->in_flight, 1, memory_order_relaxed);
  atomic_fetch_add_explicit (&self->started, 1, memory_order_relaxed);
}

static void
add_latency (DispStats *self, guint64 sample)
{
  unsigned long long old = atomic_load_explicit (&self->latency, memory_order_relaxed);
  unsigned long long updated;

  do
    updated = old == 0 ? sample << LATENCY_SHIFT : old - (old >> LATENCY_SHIFT) + sample;
  while (!atomic_compare_exchange_weak_explicit (&self->latency, &old, updated,
                                                 memory_order_relaxed, memory_order_relaxed));
}

/* The classes are those of the whole microseconds before the duration was reached. */
static guint
find_class (guint64 duration)
{
  const guint64 before = MAX (duration, 1) - 1;
  guint octave;

  if (before < N_PER_OCTAVE)
    return (guint) before;
  octave = g_bit_storage (before) - 1 - CLASS_SHIFT;
  return MIN (octave * N_PER_OCTAVE + (guint) (before >> octave), DISP_STATS_N_LATENCIES - 1);
}

/**
 * disp_stats_end:
 * @self: the counters
 * @outcome: how the attempt ended
 * @duration: its length in microseconds
 *
 * Counts the end of an attempt that disp_stats_begin() counted.
 *
 * Returns: whether this is news: a failure after a success (or as the first), or a success after a
 *     failure
 */
gboolean
disp_stats_end (DispStats *self, DispOutcome outcome, gint64 duration)
{
  atomic_ullong *const counters[] = {
    [DISP_OUTCOME_SUCCESS] = &self->succeeded,
    [DISP_OUTCOME_BUSY] = &self->busy,
    [DISP_OUTCOME_FAILURE] = &self->failed,
    [DISP_OUTCOME_CANCELLED] = &self->cancelled,
  };
  bool failed = outcome == DISP_OUTCOME_FAILURE;

  atomic_fetch_sub_explicit (&self->in_flight, 1, memory_order_relaxed);
  atomic_fetch_add_explicit (counters[outcome], 1, memory_order_relaxed);
  if (outcome == DISP_OUTCOME_SUCCESS)
    {
      add_latency (self, MAX (duration, 1));
      atomic_fetch_add_explicit (&self->latencies[find_class (MAX (duration, 0))], 1,
                                 memory_order_relaxed);
    }
  if (outcome == DISP_OUTCOME_CANCELLED || outcome == DISP_OUTCOME_BUSY
      || atomic_load_explicit (&self->failing, memory_order_relaxed) == failed)
    return FALSE;
  return atomic_exchange_explicit (&self->failing, failed, memory_order_relaxed) != failed;
}

/**
 * disp_stats_read:
 * @self: the counters
 * @values: (out caller-allocates): where to copy them
 */
void
disp_stats_read (DispStats *self, DispStatsValues *values)
{
  values->in_flight = atomic_load_explicit (&self->in_flight, memory_order_relaxed);
  values->started = atomic_load_explicit (&self->started, memory_order_relaxed);
  values->succeeded = atomic_load_explicit (&self->succeeded, memory_order_relaxed);
  values->busy = atomic_load_explicit (&self->busy, memory_order_relaxed);
  values->failed = atomic_load_explicit (&self->failed, memory_order_relaxed);
  values->cancelled = atomic_load_explicit (&self->cancelled, memory_order_relaxed);
  values->latency = atomic_load_explicit (&self->latency, memory_order_relaxed) >> LATENCY_SHIFT;
  values->failing = atomic_load_explicit (&self->failing, memory_order_relaxed);
}

/**
 * disp_stats_read_latencies:
 * @self: the counters
 * @counts: (out caller-allocates) (array fixed-size=241): how many attempts succeeded within each
 *   disp_stats_get_latency_bound(), but not within the one before
 */
void
disp_stats_read_latencies (DispStats *self, guint64 *counts)
{
  for (guint i = 0; i < DISP_STATS_N_LATENCIES; i++)
    counts[i] = atomic_load_explicit (&self->latencies[i], memory_order_relaxed);
}

/**
 * disp_stats_get_latency_bound:
 * @index: the number of a class of latencies
 *
 * Returns: the longest time in it, in microseconds: 1 to 16 one after the other, 18, 20 up to 32,
 *   36, 40 up to 64 and so on, up to 2^32; of the last one %G_MAXUINT64
 */
guint64
disp_stats_get_latency_bound (guint index)
{
  const guint octave = index < 2 * N_PER_OCTAVE ? 0 : index / N_PER_OCTAVE - 1;

  g_return_val_if_fail (index < DISP_STATS_N_LATENCIES, G_MAXUINT64);

  if (index == DISP_STATS_N_LATENCIES - 1)
    return G_MAXUINT64;
  return (guint64) (index - octave * N_PER_OCTAVE + 1) << octave;
}
