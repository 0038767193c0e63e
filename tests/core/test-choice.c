/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/choice.h"
#include "support/chi-square.h"

#define N_PICKS 20000
#define MANY 40

/* Whatever the costs, the lowest wins, and equals win equally often. */
static void
test_lowest (void)
{
  static const double costs[] = { 3, 1, 2, 1, G_MAXDOUBLE, 1, 1.5 };
  static const double shares[] = { 0, 1.0 / 3, 0, 1.0 / 3, 0, 1.0 / 3, 0 };
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  guint counts[G_N_ELEMENTS (costs)] = { 0 };
  double chances[G_N_ELEMENTS (costs)];

  for (guint i = 0; i < N_PICKS; i++)
    counts[disp_choice_lowest (costs, G_N_ELEMENTS (costs), random)]++;
  assert_chi_square (counts, shares, G_N_ELEMENTS (costs));
  disp_choice_get_chances (costs, G_N_ELEMENTS (costs), chances);
  g_assert_cmpmem (chances, sizeof chances, shares, sizeof shares);
}

static void
test_any_costs (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed ((guint32) g_test_rand_int ());

  for (guint i = 0; i < 10000; i++)
    {
      guint n = (guint) g_test_rand_int_range (1, DISP_CHOICE_SCAN + 1);
      double costs[DISP_CHOICE_SCAN];
      double lowest = G_MAXDOUBLE;

      for (guint j = 0; j < n; j++)
        {
          costs[j] = g_test_rand_int_range (0, 8);
          lowest = MIN (lowest, costs[j]);
        }
      g_assert_cmpfloat (costs[disp_choice_lowest (costs, n, random)], ==, lowest);
    }
}

static void
test_sample (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed ((guint32) g_test_rand_int ());

  for (guint i = 0; i < 10000; i++)
    {
      guint n = (guint) g_test_rand_int_range (1, MANY);
      guint places[DISP_CHOICE_SCAN];
      guint n_places = disp_choice_sample (n, random, places);

      g_assert_cmpuint (n_places, ==, n <= DISP_CHOICE_SCAN ? n : 2);
      for (guint j = 0; n <= DISP_CHOICE_SCAN && j < n; j++)
        g_assert_cmpuint (places[j], ==, j);
      if (n <= DISP_CHOICE_SCAN)
        continue;
      g_assert_cmpuint (places[0], <, n);
      g_assert_cmpuint (places[1], <, n);
      g_assert_cmpuint (places[0], !=, places[1]);
    }
}

/* What is said of the chances among many agrees with what is chosen, by the rank of the cost. */
static void
test_pairs (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (2);
  double costs[MANY];
  double chances[MANY];
  double shares[8] = { 0 };
  guint counts[8] = { 0 };
  double sum = 0;

  for (guint i = 0; i < MANY; i++)
    costs[i] = i * 5 % 8;
  for (guint i = 0; i < N_PICKS; i++)
    {
      guint places[DISP_CHOICE_SCAN];
      double sampled[2];

      g_assert_cmpuint (disp_choice_sample (MANY, random, places), ==, 2);
      sampled[0] = costs[places[0]];
      sampled[1] = costs[places[1]];
      counts[(guint) sampled[disp_choice_lowest (sampled, 2, random)]]++;
    }
  disp_choice_get_chances (costs, MANY, chances);
  for (guint i = 0; i < MANY; i++)
    {
      shares[(guint) costs[i]] += chances[i];
      sum += chances[i];
    }
  g_assert_cmpfloat_with_epsilon (sum, 1, 1e-12);
  g_assert_cmpfloat (shares[0], >, 0.2);
  assert_chi_square (counts, shares, 8);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/choice/lowest", test_lowest);
  g_test_add_func ("/core/choice/any-costs", test_any_costs);
  g_test_add_func ("/core/choice/sample", test_sample);
  g_test_add_func ("/core/choice/pairs", test_pairs);
  return g_test_run ();
}
