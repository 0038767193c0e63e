/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/chi-square.h"

/* Pearson's test of goodness of fit. */

/* The 0.999 quantiles of the chi-square distribution for 1, 2, … degrees of freedom (NIST/SEMATECH
 * e-Handbook of Statistical Methods, section 1.3.6.7.4). */
static const double quantiles[] = {
  0, 10.828, 13.816, 16.266, 18.467, 20.515, 22.458, 24.322, 26.124, 27.877, 29.588,
};

G_STATIC_ASSERT (G_N_ELEMENTS (quantiles) == CHI_SQUARE_MAX_CLASSES);

/**
 * chi_square:
 * @observed: (array length=n_classes): how often each class was seen
 * @shares: (array length=n_classes): the probability of each class, above 0, together 1
 * @n_classes: how many classes
 *
 * Returns: the statistic, which has @n_classes - 1 degrees of freedom
 */
double
chi_square (const guint *observed, const double *shares, guint n_classes)
{
  double total = 0;
  double sum = 0;

  for (guint i = 0; i < n_classes; i++)
    total += observed[i];
  for (guint i = 0; i < n_classes; i++)
    {
      double expected = shares[i] * total;

      sum += (observed[i] - expected) * (observed[i] - expected) / expected;
    }
  return sum;
}

/**
 * assert_chi_square:
 * @observed: (array length=n_classes): how often each class was seen
 * @shares: (array length=n_classes): the probability of each class, together 1; with 0 it may never
 * be seen
 * @n_classes: how many classes, at most %CHI_SQUARE_MAX_CLASSES
 *
 * Fails if what was seen is less likely than 1 in 1,000.  Use it with a fixed seed: the verdict is
 * then always the same.
 */
void
assert_chi_square (const guint *observed, const double *shares, guint n_classes)
{
  guint seen[CHI_SQUARE_MAX_CLASSES];
  double likely[CHI_SQUARE_MAX_CLASSES];
  guint n_likely = 0;
  double sum;

  g_assert_cmpuint (n_classes, <=, CHI_SQUARE_MAX_CLASSES);
  for (guint i = 0; i < n_classes; i++)
    {
      if (shares[i] > 0)
        {
          seen[n_likely] = observed[i];
          likely[n_likely++] = shares[i];
        }
      else
        g_assert_cmpuint (observed[i], ==, 0);
    }
  g_assert_cmpuint (n_likely, >=, 2);
  sum = chi_square (seen, likely, n_likely);
  g_test_message ("chi-square %g with %u degrees of freedom", sum, n_likely - 1);
  g_assert_cmpfloat (sum, <, quantiles[n_likely - 1]);
}
