/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/cooling.h"

/*
 * Exponential back-off with jitter, by which several that were busy at once are not asked at once
 * again.  The jitter follows from the time and the container alone, so that the same events have
 * the same end.  As the cooling is over, the first that asks again keeps the others away for as
 * long again, unless there is a success before: the container gets one request, not as many as it
 * has places.
 */

/* All zeroes = it was not busy. */
typedef union
{
  unsigned long long word;
  struct
  {
    guint64 n_times : 8; /* that it was busy in a row, as far as they count */
    guint64 end : 56;    /* in microseconds */
  };
} Value;

G_STATIC_ASSERT (sizeof (Value) == sizeof (unsigned long long));

/* From then on the span grows no more. */
#define MAX_TIMES 7
G_STATIC_ASSERT (DISP_COOLING_MIN << (MAX_TIMES - 1) >= DISP_COOLING_MAX);

/* By this part at most a span is cut short. */
#define JITTER 4
/* The golden ratio as a fraction of 2^64 (D. E. Knuth, "The Art of Computer Programming", volume
 * 3, section 6.4): its multiples are far from each other. */
#define GOLDEN 0x9e3779b97f4a7c15ull

static gint64
find_end (guint n_times, gint64 now, guint salt)
{
  gint64 span = MIN ((gint64) DISP_COOLING_MIN << (n_times - 1), DISP_COOLING_MAX);
  guint64 scattered = (((guint64) now + salt) * GOLDEN) >> 40;

  return now + span - (gint64) (scattered % (guint64) (span / JITTER));
}

/**
 * disp_cooling_get_end:
 * @self: a cooling
 *
 * Returns: until when the container is not to be asked, in microseconds; 0 = it was not busy
 */
gint64
disp_cooling_get_end (DispCooling *self)
{
  Value value = { .word = atomic_load (&self->word) };

  return (gint64) value.end;
}

/**
 * disp_cooling_claim:
 * @self: a cooling
 * @now: the time, in microseconds
 * @salt: a number that tells the container from others
 * @is_first: (out): whether the caller is the first that asks after the container was busy
 *
 * Returns: whether the container may be asked now
 */
gboolean
disp_cooling_claim (DispCooling *self, gint64 now, guint salt, gboolean *is_first)
{
  Value value = { .word = atomic_load (&self->word) };
  Value updated;

  do
    {
      if (value.word == 0)
        {
          *is_first = FALSE;
          return TRUE;
        }
      if ((gint64) value.end > now)
        return FALSE;
      updated.n_times = value.n_times;
      updated.end = (guint64) find_end (value.n_times, now, salt);
    }
  while (!atomic_compare_exchange_weak (&self->word, &value.word, updated.word));
  *is_first = TRUE;
  return TRUE;
}

/**
 * disp_cooling_release:
 * @self: a cooling
 * @now: the time, in microseconds
 *
 * Lets another be the first, since the caller, who was, did not learn anything.
 */
void
disp_cooling_release (DispCooling *self, gint64 now)
{
  Value value = { .word = atomic_load (&self->word) };
  Value updated;

  do
    {
      if (value.word == 0 || (gint64) value.end <= now)
        return;
      updated.n_times = value.n_times;
      updated.end = (guint64) now;
    }
  while (!atomic_compare_exchange_weak (&self->word, &value.word, updated.word));
}

/**
 * disp_cooling_begin:
 * @self: a cooling
 * @is_first: what disp_cooling_claim() said
 * @now: the time, in microseconds
 * @salt: a number that tells the container from others
 *
 * Learns that the container was busy.  Those that were under way already when it first said so
 * count as one time with that.
 */
void
disp_cooling_begin (DispCooling *self, gboolean is_first, gint64 now, guint salt)
{
  Value value = { .word = atomic_load (&self->word) };
  Value updated;

  do
    {
      if (!is_first && (gint64) value.end > now)
        return;
      updated.n_times = MIN (value.n_times + 1, MAX_TIMES);
      updated.end = (guint64) find_end ((guint) updated.n_times, now, salt);
    }
  while (!atomic_compare_exchange_weak (&self->word, &value.word, updated.word));
}
