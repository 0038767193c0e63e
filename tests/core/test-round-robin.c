/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/round-robin.h"
#include "support/fixtures.h"

#include <stdatomic.h>

#define MAX_CANDIDATES 64
#define N_THREADS 8

typedef struct
{
  DispPolicy *policy;                        /* (owned) */
  DispContainer *container;                  /* (owned) the policy does not look at it */
  DispContainer *candidates[MAX_CANDIDATES]; /* (unowned) */
  DispRequest *request;                      /* (owned) */
  GRand *random;                             /* (owned) */
} Fixture;

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->policy = disp_round_robin_new ();
  fixture->container = fixture_container ("c", "m", 1, DISP_DEVICE_CPU, 1);
  for (guint i = 0; i < MAX_CANDIDATES; i++)
    fixture->candidates[i] = fixture->container;
  fixture->request = fixture_request ("m", 1, "[1.0]");
  fixture->random = g_rand_new_with_seed (1);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_assert_finalize_object (fixture->policy);
  disp_container_unref (fixture->container);
  disp_request_unref (fixture->request);
  g_rand_free (fixture->random);
}

static guint
pick (Fixture *fixture, guint n_candidates)
{
  return disp_policy_select (fixture->policy, fixture->candidates, n_candidates, fixture->request,
                             fixture->random);
}

static void
test_turns (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  for (guint i = 0; i < 10000; i++)
    g_assert_cmpuint (pick (fixture, 3), ==, i % 3);
}

/* After any k·n picks in a row each of n was picked k times, whatever went before. */
static void
test_exact (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  for (guint round = 0; round < 300; round++)
    {
      guint n = (guint) g_test_rand_int_range (1, MAX_CANDIDATES + 1);
      guint k = (guint) g_test_rand_int_range (1, 20);
      guint counts[MAX_CANDIDATES] = { 0 };

      for (guint i = 0; i < k * n; i++)
        counts[pick (fixture, n)]++;
      for (guint i = 0; i < n; i++)
        g_assert_cmpuint (counts[i], ==, k);
    }
}

/* Never more than one apart on the way, either. */
static void
test_even (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  guint counts[7] = { 0 };

  for (guint i = 0; i < 10000; i++)
    {
      guint least = G_MAXUINT;
      guint most = 0;

      counts[pick (fixture, 7)]++;
      for (guint j = 0; j < 7; j++)
        {
          least = MIN (least, counts[j]);
          most = MAX (most, counts[j]);
        }
      g_assert_cmpuint (most - least, <=, 1);
    }
}

/* The counts of each thread, added up when all have ended. */
typedef struct
{
  Fixture *fixture; /* (unowned) */
  guint n_candidates;
  guint n_picks; /* of each thread */
  guint counts[N_THREADS][MAX_CANDIDATES];
} Tally;

static void
pick_in_thread (guint number, gpointer user_data)
{
  Tally *tally = user_data;

  for (guint i = 0; i < tally->n_picks; i++)
    tally->counts[number][pick (tally->fixture, tally->n_candidates)]++;
}

static void
test_threads (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const guint sizes[] = { 1, 2, 3, 7, 64 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      guint n = sizes[i];
      g_autofree Tally *tally = g_new0 (Tally, 1);

      tally->fixture = fixture;
      tally->n_candidates = n;
      tally->n_picks = 2000 * n;
      fixture_run_threads (N_THREADS, pick_in_thread, tally);
      for (guint j = 0; j < n; j++)
        {
          guint sum = 0;

          for (guint number = 0; number < N_THREADS; number++)
            sum += tally->counts[number][j];
          g_assert_cmpuint (sum, ==, N_THREADS * 2000);
        }
    }
}

/* Two instances do not take each other's turns. */
static void
test_independent (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (DispPolicy) other = disp_round_robin_new ();

  for (guint i = 0; i < 30; i++)
    {
      g_assert_cmpuint (pick (fixture, 3), ==, i % 3);
      g_assert_cmpuint (
          disp_policy_select (other, fixture->candidates, 3, fixture->request, fixture->random), ==,
          i % 3);
    }
}

/* Candidates come and go: a pick is always one of them, and from the change on it is exact again.
 * This is also what a second try sees, when the first container is left out. */
static void
test_changing (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  for (guint i = 0; i < 10000; i++)
    {
      guint n = (guint) g_test_rand_int_range (1, MAX_CANDIDATES + 1);

      g_assert_cmpuint (pick (fixture, n), <, n);
    }
  test_exact (fixture, NULL);
}

#define ADD(path, function)                                                                        \
  g_test_add ("/core/round-robin/" path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("turns", test_turns);
  ADD ("exact", test_exact);
  ADD ("even", test_even);
  ADD ("threads", test_threads);
  ADD ("independent", test_independent);
  ADD ("changing", test_changing);
  return g_test_run ();
}
