/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/error.h"
#include "core/probabilities.h"
#include "support/chi-square.h"
#include "support/fixtures.h"

#define MAX_CANDIDATES 6
#define N_PICKS 20000
#define N_THREADS 8

/* GVariant text: "c0" has 0.1, "c1" has 0.2, … and "c4" has 0. */
#define OPTIONS                                                                                    \
  "{'m': <{'c0': 0.1, 'c1': 0.2, 'c2': 0.3, 'c3': 0.4, 'c4': 0.0}>, 'n': <{'c0': 1.0}>}"

typedef struct
{
  GVariant *options;                         /* (owned) a{sv} */
  DispContainer *candidates[MAX_CANDIDATES]; /* (owned) "c0" to "c5", with quota 1 to 6 */
  DispRequest *request;                      /* (owned) */
  GRand *random;                             /* (owned) */
} Fixture;

static GVariant *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  GVariant *options = g_variant_parse (G_VARIANT_TYPE_VARDICT, text, NULL, NULL, &error);

  g_assert_no_error (error);
  return options;
}

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->options = parse (OPTIONS);
  for (guint i = 0; i < MAX_CANDIDATES; i++)
    {
      g_autofree char *name = g_strdup_printf ("c%u", i);

      fixture->candidates[i] = fixture_container (name, "m", 1, DISP_DEVICE_CPU, i + 1);
    }
  fixture->request = fixture_request ("m", 1, "[1.0]");
  fixture->random = g_rand_new_with_seed (20180905);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_variant_unref (fixture->options);
  for (guint i = 0; i < MAX_CANDIDATES; i++)
    disp_container_unref (fixture->candidates[i]);
  disp_request_unref (fixture->request);
  g_rand_free (fixture->random);
}

/* Picks among the fixture's candidates at @places, and counts them by their order in it. */
static void
count_picks (Fixture *fixture, DispPolicy *policy, const guint *places, guint n_places,
             guint n_picks, guint *counts)
{
  DispContainer *candidates[MAX_CANDIDATES];

  for (guint i = 0; i < n_places; i++)
    {
      candidates[i] = fixture->candidates[places[i]];
      counts[i] = 0;
    }
  for (guint i = 0; i < n_picks; i++)
    counts[disp_policy_select (policy, candidates, n_places, fixture->request, fixture->random)]++;
}

static void
test_shares (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const guint all[] = { 0, 1, 2, 3, 4 };
  static const double shares[] = { 0.1, 0.2, 0.3, 0.4, 0 };
  g_autoptr (DispPolicy) policy = disp_probabilities_new (fixture->options, "m");
  guint counts[MAX_CANDIDATES];

  count_picks (fixture, policy, all, 5, N_PICKS, counts);
  assert_chi_square (counts, shares, 5);
}

/* Candidates may stand in any order. */
static void
test_order (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const guint shuffled[] = { 4, 3, 0, 2, 1 };
  static const double shares[] = { 0, 0.4, 0.1, 0.3, 0.2 };
  g_autoptr (DispPolicy) policy = disp_probabilities_new (fixture->options, "m");
  guint counts[MAX_CANDIDATES];

  count_picks (fixture, policy, shuffled, 5, N_PICKS, counts);
  assert_chi_square (counts, shares, 5);
}

/* Who cannot be used now is not a candidate; the others share its part in proportion. */
static void
test_left_out (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const guint left[] = { 1, 3, 4 };
  static const double shares[] = { 0.2 / 0.6, 0.4 / 0.6, 0 };
  g_autoptr (DispPolicy) policy = disp_probabilities_new (fixture->options, "m");
  guint counts[MAX_CANDIDATES];

  count_picks (fixture, policy, left, 3, N_PICKS, counts);
  assert_chi_square (counts, shares, 3);
}

/* A container without a probability has none, wherever it stands. */
static void
test_not_named (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const guint first[] = { 5, 0, 1 };
  static const guint last[] = { 0, 1, 5 };
  static const double shares_first[] = { 0, 1.0 / 3, 2.0 / 3 };
  static const double shares_last[] = { 1.0 / 3, 2.0 / 3, 0 };
  g_autoptr (DispPolicy) policy = disp_probabilities_new (fixture->options, "m");
  guint counts[MAX_CANDIDATES];

  count_picks (fixture, policy, first, 3, N_PICKS, counts);
  assert_chi_square (counts, shares_first, 3);
  count_picks (fixture, policy, last, 3, N_PICKS, counts);
  assert_chi_square (counts, shares_last, 3);
}

/* Better a container with probability 0 than no answer. */
static void
test_all_zero (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const guint left[] = { 4, 5 };
  static const guint one[] = { 4 };
  static const double even[] = { 0.5, 0.5 };
  g_autoptr (DispPolicy) policy = disp_probabilities_new (fixture->options, "m");
  guint counts[MAX_CANDIDATES];

  count_picks (fixture, policy, left, 2, N_PICKS, counts);
  assert_chi_square (counts, even, 2);
  count_picks (fixture, policy, one, 1, 100, counts);
  g_assert_cmpuint (counts[0], ==, 100);
}

static void
test_certain (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const guint all[] = { 5, 0, 1, 2, 3, 4 };
  g_autoptr (DispPolicy) policy = disp_probabilities_new (fixture->options, "n");
  guint counts[MAX_CANDIDATES];

  count_picks (fixture, policy, all, 6, N_PICKS, counts);
  g_assert_cmpuint (counts[1], ==, N_PICKS);
}

/* A model that the options do not name spreads by quota. */
static void
test_by_quota (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const guint all[] = { 0, 1, 2, 3, 4, 5 };
  static const double shares[] = { 1.0 / 21, 2.0 / 21, 3.0 / 21, 4.0 / 21, 5.0 / 21, 6.0 / 21 };
  g_autoptr (GVariant) nothing = parse ("{}");
  g_autoptr (DispPolicy) unnamed = disp_probabilities_new (fixture->options, "o");
  g_autoptr (DispPolicy) bare = disp_probabilities_new (nothing, "m");
  guint counts[MAX_CANDIDATES];

  count_picks (fixture, unnamed, all, 6, N_PICKS, counts);
  assert_chi_square (counts, shares, 6);
  count_picks (fixture, bare, all, 6, N_PICKS, counts);
  assert_chi_square (counts, shares, 6);
}

/* Shares that floating point cannot add up exactly, and of very different size. */
static void
test_rounding (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const guint all[] = { 5, 4, 3, 2, 1, 0 };
  static const guint two[] = { 0, 1 };
  g_autoptr (GVariant) tenths = parse ("{'m': <{'c0': 0.1, 'c1': 0.7, 'c2': 0.2}>}");
  g_autoptr (DispPolicy) policy = disp_probabilities_new (tenths, "m");
  g_autoptr (GVariant) nothing = parse ("{}");
  g_autoptr (DispPolicy) by_quota = disp_probabilities_new (nothing, "m");
  guint counts[MAX_CANDIDATES];

  g_rand_set_seed (fixture->random, (guint32) g_test_rand_int ());
  count_picks (fixture, policy, all, 6, 100000, counts);
  g_assert_cmpuint (counts[0] + counts[1] + counts[2], ==, 0);
  fixture->candidates[0]->quota = 1e-300;
  fixture->candidates[1]->quota = 1e300;
  count_picks (fixture, by_quota, two, 2, 10000, counts);
  g_assert_cmpuint (counts[1], ==, 10000);
}

/* 10,000 picks with random probabilities: always a candidate, never one with probability 0 while
 * others are there. */
static void
test_never_zero (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_rand_set_seed (fixture->random, (guint32) g_test_rand_int ());
  for (guint round = 0; round < 100; round++)
    {
      g_autofree char *text = NULL;
      g_autoptr (GVariant) options = NULL;
      g_autoptr (DispPolicy) policy = NULL;
      double parts[3];
      guint counts[MAX_CANDIDATES];
      guint places[MAX_CANDIDATES];
      guint zero = (guint) g_test_rand_int_range (0, 3);

      for (guint i = 0; i < 3; i++)
        parts[i] = i == zero ? 0 : g_test_rand_double_range (0.01, 1);
      text = g_strdup_printf ("{'m': <{'c0': %.17f, 'c1': %.17f, 'c2': %.17f}>}",
                              parts[0] / (parts[0] + parts[1] + parts[2]),
                              parts[1] / (parts[0] + parts[1] + parts[2]),
                              parts[2] / (parts[0] + parts[1] + parts[2]));
      options = parse (text);
      g_assert_true (disp_probabilities_check (options, NULL));
      policy = disp_probabilities_new (options, "m");
      for (guint i = 0; i < 3; i++)
        places[i] = i;
      count_picks (fixture, policy, places, 3, 100, counts);
      g_assert_cmpuint (counts[zero], ==, 0);
    }
}

static void
test_check (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const char *const good[] = {
    "{}",
    OPTIONS,
    "{'m': <{'a': 1.0}>}",
    "{'m': <{'a': 0.0, 'b': 1.0}>}",
    "{'m': <{'a': 0.1, 'b': 0.2, 'c': 0.7}>}",
    "{'m': <{'a': 0.3333333333, 'b': 0.3333333333, 'c': 0.3333333333}>}",
    "{'m': <{'a': 0.5, 'b': 0.5000000009}>}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (GVariant) options = parse (good[i]);
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", good[i]);
      g_assert_true (disp_probabilities_check (options, &error));
      g_assert_no_error (error);
    }
  g_assert_true (disp_probabilities_check (fixture->options, NULL));
}

static void
test_check_refuses (G_GNUC_UNUSED Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const struct
  {
    const char *options;
    const char *message;
  } bad[] = {
    { "{'m': <{'a': 0.5, 'b': 0.4}>}",
      "the probabilities for model \"m\" add up to 0.9, expected 1" },
    { "{'m': <{'a': 0.5, 'b': 0.500000002}>}",
      "the probabilities for model \"m\" add up to 1.000000002, expected 1" },
    { "{'m': <{'a': 0.5, 'b': 0.499999998}>}",
      "the probabilities for model \"m\" add up to 0.999999998, expected 1" },
    { "{'m': <{'a': 0.0}>}", "the probabilities for model \"m\" add up to 0, expected 1" },
    { "{'m': <@a{sd} {}>}", "the probabilities for model \"m\" add up to 0, expected 1" },
    { "{'m': <{'a': 1.5, 'b': -0.5}>}",
      "the probability of container \"a\" for model \"m\" is 1.5, expected 0 to 1" },
    { "{'m': <{'b': -0.5, 'a': 1.5}>}",
      "the probability of container \"b\" for model \"m\" is -0.5, expected 0 to 1" },
    { "{'m': <{'a': inf}>}",
      "the probability of container \"a\" for model \"m\" is inf, expected 0 to 1" },
    { "{'m': <{'a': nan}>}",
      "the probability of container \"a\" for model \"m\" is nan, expected 0 to 1" },
    { "{'n': <{'a': 1.0}>, 'm': <{'a': 1}>}",
      "the probabilities for model \"m\" have the type a{si}, expected a{sd}" },
    { "{'m': <'a'>}", "the probabilities for model \"m\" have the type s, expected a{sd}" },
    { "{'m': <{'a': <1.0>}>}",
      "the probabilities for model \"m\" have the type a{sv}, expected a{sd}" },
    { "{'m': <{'a': 0.5, 'b': 0.3, 'a': 0.2}>}",
      "the probabilities for model \"m\" name the container \"a\" twice" },
    { "{'m': <{'a': 1.0}>, 'm': <{'b': 1.0}>}",
      "the probabilities for model \"m\" are given twice" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GVariant) options = parse (bad[i].options);
      g_autoptr (GError) error = NULL;

      g_assert_false (disp_probabilities_check (options, &error));
      g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_VALUE);
      g_assert_cmpstr (error->message, ==, bad[i].message);
      g_assert_false (disp_probabilities_check (options, NULL));
    }
}

static void
test_check_fleet (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (DispFleet) empty = fixture_fleet (NULL, NULL, NULL);
  g_autoptr (DispFleet) fleet = NULL;
  g_autoptr (GVariant) nothing = parse ("{}");
  g_autoptr (GVariant) stranger = parse ("{'m': <{'c0': 1.0, 'stranger': 0.0}>}");
  g_autoptr (GError) unknown = NULL;
  g_autoptr (GError) error = NULL;
  GPtrArray *containers = g_ptr_array_new ();

  for (guint i = 0; i < MAX_CANDIDATES; i++)
    g_ptr_array_add (containers, disp_container_ref (fixture->candidates[i]));
  fleet = fixture_fleet_new (NULL, NULL, containers);

  g_assert_true (disp_probabilities_check_fleet (fixture->options, fleet, &error));
  g_assert_true (disp_probabilities_check_fleet (nothing, empty, &error));
  g_assert_no_error (error);
  g_assert_false (disp_probabilities_check_fleet (stranger, fleet, &unknown));
  g_assert_error (unknown, DISP_ERROR, DISP_ERROR_INVALID_VALUE);
  g_assert_cmpstr (unknown->message, ==,
                   "the probabilities for model \"m\" name the container \"stranger\", which the "
                   "fleet does not have");
  g_assert_false (disp_probabilities_check_fleet (fixture->options, empty, NULL));
}

typedef struct
{
  Fixture *fixture;   /* (unowned) */
  DispPolicy *policy; /* (unowned) */
  guint counts[N_THREADS][4];
} Tally;

static void
pick_in_thread (guint number, gpointer user_data)
{
  Tally *tally = user_data;
  g_autoptr (GRand) random = g_rand_new_with_seed (300 + number);

  for (guint i = 0; i < N_PICKS; i++)
    tally->counts[number][disp_policy_select (tally->policy, tally->fixture->candidates, 4,
                                              tally->fixture->request, random)]++;
}

static void
test_threads (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const double shares[] = { 0.1, 0.2, 0.3, 0.4 };
  g_autoptr (DispPolicy) policy = disp_probabilities_new (fixture->options, "m");
  Tally tally = { .fixture = fixture, .policy = policy };
  guint sums[4] = { 0 };

  fixture_run_threads (N_THREADS, pick_in_thread, &tally);
  for (guint number = 0; number < N_THREADS; number++)
    for (guint i = 0; i < 4; i++)
      sums[i] += tally.counts[number][i];
  assert_chi_square (sums, shares, 4);
}

#define ADD(path, function)                                                                        \
  g_test_add ("/core/probabilities/" path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("shares", test_shares);
  ADD ("order", test_order);
  ADD ("left-out", test_left_out);
  ADD ("not-named", test_not_named);
  ADD ("all-zero", test_all_zero);
  ADD ("certain", test_certain);
  ADD ("by-quota", test_by_quota);
  ADD ("rounding", test_rounding);
  ADD ("never-zero", test_never_zero);
  ADD ("check", test_check);
  ADD ("check-refuses", test_check_refuses);
  ADD ("check-fleet", test_check_fleet);
  ADD ("threads", test_threads);
  return g_test_run ();
}
