/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator/chance.h"

#include <math.h>

/* What is drawn at random, always from a generator with a seed. */

/* Uniform in (0, 1]: its logarithm is finite. */
static double
draw_positive (GRand *random)
{
  return 1 - g_rand_double (random);
}

/**
 * sim_draw_exponential:
 * @random: a generator
 * @mean: the mean
 *
 * Returns: a number from the exponential distribution
 */
double
sim_draw_exponential (GRand *random, double mean)
{
  return -mean * log (draw_positive (random));
}

/**
 * sim_draw_lognormal:
 * @random: a generator
 * @mean: the mean
 * @sigma: the standard deviation of the logarithm
 *
 * Returns: a number from the log-normal distribution, by the method of G. E. P. Box and
 *   M. E. Muller, "A Note on the Generation of Random Normal Deviates", 1958
 */
double
sim_draw_lognormal (GRand *random, double mean, double sigma)
{
  double radius = sqrt (-2 * log (draw_positive (random)));
  double normal = radius * cos (2 * G_PI * g_rand_double (random));

  return mean * exp (sigma * normal - sigma * sigma / 2);
}

/**
 * sim_draw_chance:
 * @random: a generator
 * @probability: of %TRUE
 *
 * Returns: whether it comes about
 */
gboolean
sim_draw_chance (GRand *random, double probability)
{
  return g_rand_double (random) < probability;
}
