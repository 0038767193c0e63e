/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * SimTally:
 * @n_asked: requests that came
 * @n_answered: of these, that got the answer of a model server
 * @n_refused: that got an error, be it ours or a model server's
 * @n_gone: whose clients hung up
 * @n_missed: that were not answered within the target of their model; not those who hung up
 * @n_gpu: that a GPU answered
 * @n_turned_away: that got 429, since too many waited
 * @slowest_turn: the longest that one of them had to wait to be told, in microseconds
 * @latencies: (owned) (element-type gint64): how long the answered ones took, in microseconds
 *
 * What came of the requests of a simulation.
 */
typedef struct
{
  guint64 n_asked;
  guint64 n_answered;
  guint64 n_refused;
  guint64 n_gone;
  guint64 n_missed;
  guint64 n_gpu;
  guint64 n_turned_away;
  gint64 slowest_turn;
  GArray *latencies;
} SimTally;

void sim_tally_init (SimTally *self);
void sim_tally_clear (SimTally *self);
gint64 sim_tally_get_percentile (SimTally *self, double percent);
double sim_tally_get_mean (const SimTally *self);
