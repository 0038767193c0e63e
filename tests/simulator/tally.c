/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator/tally.h"

/**
 * sim_tally_init:
 * @self: (out caller-allocates): a tally of nothing
 */
void
sim_tally_init (SimTally *self)
{
  *self = (SimTally){ .latencies = g_array_new (FALSE, FALSE, sizeof (gint64)) };
}

/**
 * sim_tally_clear:
 * @self: a tally
 */
void
sim_tally_clear (SimTally *self)
{
  g_array_unref (self->latencies);
}

static int
compare_latencies (gconstpointer one, gconstpointer other)
{
  gint64 a = *(const gint64 *) one;
  gint64 b = *(const gint64 *) other;

  return (a > b) - (a < b);
}

/**
 * sim_tally_get_percentile:
 * @self: a tally, whose latencies are sorted by this
 * @percent: from 0 to 100
 *
 * Returns: the latency within which that part of the answers came, in microseconds; 0 = there are
 *   none
 */
gint64
sim_tally_get_percentile (SimTally *self, double percent)
{
  guint n = self->latencies->len;
  guint place = (guint) (percent / 100 * n);

  if (n == 0)
    return 0;
  g_array_sort (self->latencies, compare_latencies);
  return g_array_index (self->latencies, gint64, MIN (place, n - 1));
}

/**
 * sim_tally_get_mean:
 * @self: a tally
 *
 * Returns: the mean latency of the answers, in microseconds; 0 = there are none
 */
double
sim_tally_get_mean (const SimTally *self)
{
  double sum = 0;

  for (guint i = 0; i < self->latencies->len; i++)
    sum += (double) g_array_index (self->latencies, gint64, i);
  return self->latencies->len > 0 ? sum / self->latencies->len : 0;
}
