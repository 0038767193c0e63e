/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/least-loaded.h"
#include "support/chi-square.h"
#include "support/fixtures.h"

#define N_THREADS 8
#define N_PICKS 20000
#define MAX_CANDIDATES 64

typedef struct
{
  DispPolicy *policy;                        /* (owned) */
  DispContainer *candidates[MAX_CANDIDATES]; /* (owned) */
  DispRequest *request;                      /* (owned) */
  GRand *random;                             /* (owned) */
} Fixture;

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->policy = disp_least_loaded_new ();
  for (guint i = 0; i < MAX_CANDIDATES; i++)
    fixture->candidates[i] = fixture_container ("c", "m", 1, DISP_DEVICE_CPU, 1);
  fixture->request = fixture_request ("m", 1, "[1.0]");
  fixture->random = g_rand_new_with_seed (1);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_assert_finalize_object (fixture->policy);
  for (guint i = 0; i < MAX_CANDIDATES; i++)
    disp_container_unref (fixture->candidates[i]);
  disp_request_unref (fixture->request);
  g_rand_free (fixture->random);
}

static guint
pick (Fixture *fixture, guint n_candidates)
{
  return disp_policy_select (fixture->policy, fixture->candidates, n_candidates, fixture->request,
                             fixture->random);
}

static int
get_load (Fixture *fixture, guint index)
{
  return disp_stats_get_in_flight (fixture->candidates[index]->stats);
}

static void
begin (Fixture *fixture, guint index)
{
  disp_stats_begin (fixture->candidates[index]->stats);
}

static void
end (Fixture *fixture, guint index)
{
  disp_stats_end (fixture->candidates[index]->stats, DISP_OUTCOME_SUCCESS, 1000);
}

/* Over any begins and ends, the one picked never has more in flight by quota than another. */
static void
test_least (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const double quotas[] = { 1, 2, 5, 1, 0.5, 100, 1 };

  for (guint i = 0; i < G_N_ELEMENTS (quotas); i++)
    fixture->candidates[i]->quota = quotas[i];
  for (guint i = 0; i < 10000; i++)
    {
      guint n = (guint) g_test_rand_int_range (1, G_N_ELEMENTS (quotas) + 1);
      guint index = pick (fixture, n);
      guint other = (guint) g_test_rand_int_range (0, G_N_ELEMENTS (quotas));

      g_assert_cmpuint (index, <, n);
      for (guint j = 0; j < n; j++)
        g_assert_cmpfloat ((get_load (fixture, index) + 1) / quotas[index], <=,
                           (get_load (fixture, j) + 1) / quotas[j]);
      begin (fixture, index);
      if (get_load (fixture, other) > 0 && g_test_rand_int_range (0, 8) > 0)
        end (fixture, other);
    }
}

/* What is in flight is in proportion to quota, to within one. */
static void
test_quota (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const double quotas[] = { 10000, 20000, 50000 };

  for (guint i = 0; i < G_N_ELEMENTS (quotas); i++)
    fixture->candidates[i]->quota = quotas[i];
  for (guint i = 1; i <= 800; i++)
    {
      begin (fixture, pick (fixture, 3));
      for (guint j = 0; j < G_N_ELEMENTS (quotas); j++)
        g_assert_cmpfloat_with_epsilon (get_load (fixture, j), i * quotas[j] / 80000, 1.5);
    }
  g_assert_cmpint (get_load (fixture, 0), ==, 100);
  g_assert_cmpint (get_load (fixture, 1), ==, 200);
  g_assert_cmpint (get_load (fixture, 2), ==, 500);
}

static void
test_ties (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const double shares[] = { 0.25, 0, 0.25, 0.25, 0, 0.25 };
  guint counts[G_N_ELEMENTS (shares)] = { 0 };
  double chances[G_N_ELEMENTS (shares)];

  begin (fixture, 1);
  begin (fixture, 4);
  for (guint i = 0; i < N_PICKS; i++)
    counts[pick (fixture, G_N_ELEMENTS (shares))]++;
  assert_chi_square (counts, shares, G_N_ELEMENTS (shares));
  disp_policy_get_chances (fixture->policy, fixture->candidates, G_N_ELEMENTS (shares), chances);
  g_assert_cmpmem (chances, sizeof chances, shares, sizeof shares);
}

/* Among many, two are enough to keep the load even: with one choice of 64 the fullest would have
 * about 30 of 1280 more than the average of 20 has. */
static void
test_many (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  int most = 0;

  for (guint i = 0; i < 20 * MAX_CANDIDATES; i++)
    begin (fixture, pick (fixture, MAX_CANDIDATES));
  for (guint i = 0; i < MAX_CANDIDATES; i++)
    most = MAX (most, get_load (fixture, i));
  g_assert_cmpint (most, <=, 24);
}

/* A second try does not see the container of the first. */
static void
test_tried (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  for (guint i = 0; i < 10000; i++)
    {
      guint first = pick (fixture, 5);
      DispContainer *left[4];
      guint second;

      for (guint j = 0; j < 4; j++)
        left[j] = fixture->candidates[j < first ? j : j + 1];
      second = disp_policy_select (fixture->policy, left, 4, fixture->request, fixture->random);
      g_assert_cmpuint (second, <, 4);
      g_assert_true (left[second] != fixture->candidates[first]);
      begin (fixture, first);
      end (fixture, (guint) first);
    }
}

static void
pick_in_thread (guint number, gpointer user_data)
{
  Fixture *fixture = user_data;
  g_autoptr (GRand) random = g_rand_new_with_seed (number);

  for (guint i = 0; i < N_PICKS; i++)
    {
      guint index = disp_policy_select (fixture->policy, fixture->candidates, 5, fixture->request,
                                        random);

      g_assert_cmpuint (index, <, 5);
      begin (fixture, index);
      /* Two threads may see the same before either has begun, but each only once. */
      g_assert_cmpint (get_load (fixture, index), <=, N_THREADS);
      end (fixture, index);
    }
}

static void
test_threads (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  guint64 least = G_MAXUINT64;
  guint64 total = 0;

  fixture_run_threads (N_THREADS, pick_in_thread, fixture);
  for (guint i = 0; i < 5; i++)
    {
      DispStatsValues values;

      disp_stats_read (fixture->candidates[i]->stats, &values);
      g_assert_cmpint (values.in_flight, ==, 0);
      least = MIN (least, values.started);
      total += values.started;
    }
  g_assert_cmpuint (total, ==, N_THREADS * N_PICKS);
  g_assert_cmpuint (least, >, 0);
}

#define ADD(path, function)                                                                        \
  g_test_add ("/core/least-loaded/" path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("least", test_least);
  ADD ("quota", test_quota);
  ADD ("ties", test_ties);
  ADD ("many", test_many);
  ADD ("tried", test_tried);
  ADD ("threads", test_threads);
  return g_test_run ();
}
