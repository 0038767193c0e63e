/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/tail.h"

#include "core/tsan.h"

#include <stdatomic.h>
#include <stdbool.h>

/*
 * Durations are counted in buckets whose width grows with what they hold: each octave is divided
 * into eight, so that a quantile is known to an eighth of itself whatever its size (C. Masson,
 * J. E. Rim, H. K. Lee, "DDSketch", VLDB 2019, with the buckets of G. Tene's HdrHistogram, which
 * need no logarithm).  When there are WINDOW samples all counts are halved, so that the old fades
 * (the reset of G. Einziger, R. Friedman, B. Manes, "TinyLFU", 2017).  The quantile is that after
 * which a second attempt is worth its price (J. Dean, L. A. Barroso, "The Tail at Scale", 2013).
 */
#define SUB_BITS 3
#define N_SUBS (1 << SUB_BITS)
/* Longer ones, of 2^36 microseconds or 19 hours, count as the longest. */
#define MAX_BITS 36
#define N_BUCKETS ((MAX_BITS - SUB_BITS + 1) * N_SUBS)

#define WINDOW 512
#define MIN_SAMPLES 20
/* One of so many is in the tail. */
#define TAIL_SHARE 20

struct _DispTail
{
  atomic_uint n_samples;          /* (atomic) in all buckets */
  atomic_bool aging;              /* (atomic) whether a thread halves the counts */
  atomic_uint buckets[N_BUCKETS]; /* (atomic) */
};

/**
 * disp_tail_new:
 *
 * Returns: (transfer full): a tail of which nothing is known
 */
DispTail *
disp_tail_new (void)
{
  return g_atomic_rc_box_new0 (DispTail);
}

/**
 * disp_tail_ref:
 * @self: a tail
 *
 * Returns: (transfer full): @self; any thread
 */
DispTail *
disp_tail_ref (DispTail *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
tail_clear (gpointer self)
{
  DISP_TSAN_ACQUIRE (self);
}

/**
 * disp_tail_unref:
 * @self: (transfer full): a tail
 *
 * Gives a reference up; whichever thread gives up the last frees it.
 */
void
disp_tail_unref (DispTail *self)
{
  DISP_TSAN_RELEASE (self);
  g_atomic_rc_box_release_full (self, tail_clear);
}

static guint
find_bucket (gint64 duration)
{
  guint64 value = (guint64) CLAMP (duration, 0, (G_GINT64_CONSTANT (1) << MAX_BITS) - 1);
  guint octave;

  if (value < N_SUBS)
    return (guint) value;
  octave = 63 - (guint) __builtin_clzll (value) - SUB_BITS;
  return (octave + 1) * N_SUBS + (guint) ((value >> octave) & (N_SUBS - 1));
}

static gint64
get_longest (guint bucket)
{
  if (bucket < N_SUBS)
    return bucket;
  return ((gint64) (N_SUBS + bucket % N_SUBS + 1) << (bucket / N_SUBS - 1)) - 1;
}

/* Halves all counts.  What is left of one when it is odd goes on to the next, so that those that
 * are few, as in the tail, do not vanish together.  Samples that come meanwhile are not lost. */
static void
age (DispTail *self)
{
  guint n_removed = 0;
  guint rest = 0;

  if (atomic_exchange_explicit (&self->aging, true, memory_order_acquire))
    return;
  for (guint i = 0; i < N_BUCKETS; i++)
    {
      guint n = atomic_load_explicit (&self->buckets[i], memory_order_relaxed);
      guint n_kept = (n + rest) / 2;

      rest = (n + rest) % 2;
      if (n == 0)
        continue;
      atomic_fetch_sub_explicit (&self->buckets[i], n - n_kept, memory_order_relaxed);
      n_removed += n - n_kept;
    }
  atomic_fetch_sub_explicit (&self->n_samples, n_removed, memory_order_relaxed);
  atomic_store_explicit (&self->aging, false, memory_order_release);
}

/**
 * disp_tail_add:
 * @self: a tail
 * @duration: how long an answer took, in microseconds
 *
 * Tells of an answer.
 */
void
disp_tail_add (DispTail *self, gint64 duration)
{
  atomic_fetch_add_explicit (&self->buckets[find_bucket (duration)], 1, memory_order_relaxed);
  if (atomic_fetch_add_explicit (&self->n_samples, 1, memory_order_relaxed) + 1 >= WINDOW)
    age (self);
}

/**
 * disp_tail_get:
 * @self: a tail
 *
 * How long the answers of lately took, but for the longest twentieth: never less than that, and at
 * most an eighth more.
 *
 * Returns: the duration in microseconds; 0 = too few answers are known
 */
gint64
disp_tail_get (DispTail *self)
{
  guint n_samples = 0;
  guint counts[N_BUCKETS];
  guint n_beyond;

  for (guint i = 0; i < N_BUCKETS; i++)
    {
      counts[i] = atomic_load_explicit (&self->buckets[i], memory_order_relaxed);
      n_samples += counts[i];
    }
  if (n_samples < MIN_SAMPLES)
    return 0;
  n_beyond = n_samples / TAIL_SHARE;
  for (guint i = N_BUCKETS - 1; i > 0; i--)
    {
      if (counts[i] > n_beyond)
        return get_longest (i);
      n_beyond -= counts[i];
    }
  return 1;
}
