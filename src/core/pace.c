/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/pace.h"

/*
 * The service time is what an attempt takes of the container alone.  The duration of one that
 * shared the container with others has their time in it, so it is divided by how many they were:
 * both are smoothed, and their ratio taken.  (In a queue those that are left behind are as many as
 * those that were found before, on average: D. R. Cox and W. L. Smith, "Queues", 1961; so the count
 * at the end will do.)  For a container that serves one after the other the ratio is its service
 * time; for one that serves several at once it is the time by which it gets one done.  The
 * smoothing is that of TCP's round-trip time: a sample weighs 1/8 (RFC 6298, section 2).
 */
#define SAMPLE_WEIGHT 0.125

/* One that goes on failing is tried again more seldom, up to this power of two. */
#define MAX_DELAYS 3
/* Who went to try a container and did not start within so many decisions does not come. */
#define CLAIM_LAPSE 256

/**
 * disp_pace_new:
 * @stats: the counters of a container
 *
 * Returns: (transfer full): a pace of which nothing is known
 */
DispPace *
disp_pace_new (DispStats *stats)
{
  DispPace *self = g_new0 (DispPace, 1);

  self->stats = disp_stats_ref (stats);
  return self;
}

/**
 * disp_pace_free:
 * @self: (transfer full): a pace that no thread uses any more
 */
void
disp_pace_free (DispPace *self)
{
  disp_stats_unref (self->stats);
  g_free (self);
}

/**
 * disp_pace_start:
 * @self: a pace
 *
 * Tells of an attempt that begins.
 */
void
disp_pace_start (DispPace *self)
{
  atomic_fetch_add_explicit (&self->n_pending, 1, memory_order_relaxed);
}

static void
blend (_Atomic double *mean, double sample, double weight)
{
  double old = atomic_load_explicit (mean, memory_order_relaxed);
  double updated;

  do
    updated = old + weight * (sample - old);
  while (!atomic_compare_exchange_weak_explicit (mean, &old, updated, memory_order_release,
                                                 memory_order_relaxed));
}

/**
 * disp_pace_end:
 * @self: a pace
 * @container: whose it is, already without the attempt in its counters
 * @outcome: how the attempt ended; only what succeeds tells how fast the container is
 * @duration: how long it took, in microseconds
 * @now: the time
 * @span: after what time nothing that was learned before counts
 *
 * Tells of an attempt that ends.
 */
void
disp_pace_end (DispPace *self, const DispContainer *container, DispOutcome outcome, gint64 duration,
               guint64 now, guint64 span)
{
  guint64 tried = atomic_load_explicit (&self->tried, memory_order_relaxed);
  double weight = atomic_load_explicit (&self->work, memory_order_relaxed) <= 0
                          || tried + span < now
                      ? 1
                      : SAMPLE_WEIGHT;

  if (outcome == DISP_OUTCOME_SUCCESS)
    {
      blend (&self->load, disp_stats_get_in_flight (self->stats) + 1, weight);
      blend (&self->work, (double) MAX (duration, 1) * container->quota, weight);
      atomic_store_explicit (&self->n_failures, 0, memory_order_relaxed);
    }
  else if (outcome == DISP_OUTCOME_FAILURE)
    atomic_fetch_add_explicit (&self->n_failures, 1, memory_order_relaxed);
  /* Whoever sees that nobody is trying it any more sees also what came of that. */
  if (outcome != DISP_OUTCOME_CANCELLED)
    atomic_store_explicit (&self->tried, now, memory_order_relaxed);
  atomic_store_explicit (&self->claimed, 0, memory_order_release);
  atomic_fetch_sub_explicit (&self->n_pending, 1, memory_order_release);
}

/**
 * disp_pace_is_due_now:
 * @self: a pace
 * @now: the time
 * @span: after what time one should look again
 *
 * Returns: whether the container is to be tried, since nothing is known of it, or nothing was
 * learned for long; not while somebody waits for it
 */
gboolean
disp_pace_is_due_now (DispPace *self, guint64 now, guint64 span)
{
  guint64 tried = atomic_load_explicit (&self->tried, memory_order_acquire);
  guint64 claimed;

  span <<= MIN (atomic_load_explicit (&self->n_failures, memory_order_relaxed), MAX_DELAYS);
  if (tried != 0 && tried + span >= now)
    return FALSE;
  if (atomic_load_explicit (&self->n_pending, memory_order_acquire) > 0)
    return FALSE;
  claimed = atomic_load_explicit (&self->claimed, memory_order_acquire);
  return claimed == 0 || claimed + CLAIM_LAPSE < now;
}

/**
 * disp_pace_claim:
 * @self: a pace that is due
 * @now: the time
 *
 * Returns: whether the caller may go and try the container, for no other thread does
 */
gboolean
disp_pace_claim (DispPace *self, guint64 now)
{
  unsigned long long claimed = atomic_load_explicit (&self->claimed, memory_order_acquire);

  if (claimed != 0 && claimed + CLAIM_LAPSE >= now)
    return FALSE;
  return atomic_compare_exchange_strong_explicit (&self->claimed, &claimed, now,
                                                  memory_order_acq_rel, memory_order_relaxed);
}
