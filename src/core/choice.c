/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/choice.h"

#include <string.h>

/*
 * Which of several candidates has the lowest cost.  Up to DISP_CHOICE_SCAN all of them are looked
 * at.  Of more it is the lower of two taken at random, which comes near the lowest of all for the
 * price of two (M. Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", IEEE
 * Transactions on Parallel and Distributed Systems 12(10), 2001).
 */

/**
 * disp_choice_sample:
 * @n_candidates: how many there are, at least 1
 * @random: a generator of the calling thread
 * @places: (out caller-allocates) (array fixed-size=16): the places to look at
 *
 * Returns: how many places those are: @n_candidates, all of them in order, or 2 that differ
 */
guint
disp_choice_sample (guint n_candidates, GRand *random, guint *places)
{
  static const guint all[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

  G_STATIC_ASSERT (G_N_ELEMENTS (all) == DISP_CHOICE_SCAN);
  if (n_candidates <= DISP_CHOICE_SCAN)
    {
      memcpy (places, all, sizeof all);
      return n_candidates;
    }
  places[0] = (guint) g_rand_int_range (random, 0, (gint32) n_candidates);
  places[1] = (guint) g_rand_int_range (random, 0, (gint32) n_candidates - 1);
  if (places[1] >= places[0])
    places[1]++;
  return 2;
}

/**
 * disp_choice_lowest:
 * @costs: (array length=n_costs): what each costs; none is NaN
 * @n_costs: how many, 1 to %DISP_CHOICE_SCAN
 * @random: a generator of the calling thread
 *
 * Returns: the index of the lowest cost; of several that are equal any, all equally likely
 */
guint
disp_choice_lowest (const double *costs, guint n_costs, GRand *random)
{
  guint lowest[DISP_CHOICE_SCAN];
  guint n_lowest = 1;
  double cost = costs[0];

  lowest[0] = 0;
  for (guint i = 1; i < n_costs; i++)
    {
      if (costs[i] > cost)
        continue;
      if (costs[i] < cost)
        {
          cost = costs[i];
          n_lowest = 0;
        }
      lowest[n_lowest++] = i;
    }
  return lowest[n_lowest > 1 ? (guint) g_rand_int_range (random, 0, (gint32) n_lowest) : 0];
}

/* Of all pairs of two that differ, in how many this one is the lower, or wins a toss. */
static double
get_chance_in_pairs (const double *costs, guint n_costs, guint index)
{
  double won = 0;

  for (guint i = 0; i < n_costs; i++)
    if (i != index && costs[index] <= costs[i])
      won += costs[index] < costs[i] ? 1 : 0.5;
  return won / (0.5 * n_costs * (n_costs - 1.0));
}

/**
 * disp_choice_get_chances:
 * @costs: (array length=n_costs): what each candidate costs; none is NaN
 * @n_costs: how many candidates, at least 1
 * @chances: (out caller-allocates) (array length=n_costs): for each how likely it is that
 *   disp_choice_lowest() finds it, of those that disp_choice_sample() takes
 */
void
disp_choice_get_chances (const double *costs, guint n_costs, double *chances)
{
  double lowest = costs[0];
  guint n_lowest = 0;

  if (n_costs > DISP_CHOICE_SCAN)
    {
      for (guint i = 0; i < n_costs; i++)
        chances[i] = get_chance_in_pairs (costs, n_costs, i);
      return;
    }
  for (guint i = 1; i < n_costs; i++)
    lowest = MIN (lowest, costs[i]);
  for (guint i = 0; i < n_costs; i++)
    n_lowest += costs[i] <= lowest;
  for (guint i = 0; i < n_costs; i++)
    chances[i] = costs[i] <= lowest ? 1.0 / n_lowest : 0;
}
