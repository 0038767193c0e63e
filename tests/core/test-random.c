/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/random.h"
#include "support/chi-square.h"
#include "support/fixtures.h"

#define N_THREADS 8
#define N_CANDIDATES 5
#define N_PICKS 20000

typedef struct
{
  DispPolicy *policy;                                /* (owned) */
  DispContainer *container;                          /* (owned) the policy does not look at it */
  DispContainer *candidates[CHI_SQUARE_MAX_CLASSES]; /* (unowned) */
  DispRequest *request;                              /* (owned) */
  guint counts[N_THREADS][N_CANDIDATES];
} Fixture;

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->policy = disp_random_new ();
  fixture->container = fixture_container ("c", "m", 1, DISP_DEVICE_CPU, 1);
  for (guint i = 0; i < CHI_SQUARE_MAX_CLASSES; i++)
    fixture->candidates[i] = fixture->container;
  fixture->request = fixture_request ("m", 1, "[1.0]");
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_assert_finalize_object (fixture->policy);
  disp_container_unref (fixture->container);
  disp_request_unref (fixture->request);
}

static guint
pick (Fixture *fixture, guint n_candidates, GRand *random)
{
  return disp_policy_select (fixture->policy, fixture->candidates, n_candidates, fixture->request,
                             random);
}

static void
test_uniform (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  for (guint n = 2; n <= CHI_SQUARE_MAX_CLASSES; n++)
    {
      g_autoptr (GRand) random = g_rand_new_with_seed (n);
      guint counts[CHI_SQUARE_MAX_CLASSES] = { 0 };
      double shares[CHI_SQUARE_MAX_CLASSES];

      for (guint i = 0; i < n; i++)
        shares[i] = 1.0 / n;
      for (guint i = 0; i < N_PICKS; i++)
        counts[pick (fixture, n, random)]++;
      assert_chi_square (counts, shares, n);
    }
}

/* The yardstick of this test does find a bias of a few per cent. */
static void
test_yardstick (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (5);
  static const double even[] = { 0.25, 0.25, 0.25, 0.25 };
  guint counts[4] = { 0 };

  for (guint i = 0; i < N_PICKS; i++)
    counts[i % 16 == 0 ? 0 : pick (fixture, 4, random)]++;
  g_assert_cmpfloat (chi_square (counts, even, 4), >, 16.266);
}

/* Which one comes next does not depend on which one came: pairs are uniform too. */
static void
test_pairs (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (6);
  static const double even[] = {
    1.0 / 9, 1.0 / 9, 1.0 / 9, 1.0 / 9, 1.0 / 9, 1.0 / 9, 1.0 / 9, 1.0 / 9, 1.0 / 9,
  };
  guint counts[9] = { 0 };

  for (guint i = 0; i < N_PICKS; i++)
    {
      guint first = pick (fixture, 3, random);

      counts[first * 3 + pick (fixture, 3, random)]++;
    }
  assert_chi_square (counts, even, 9);
}

static void
test_range (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GRand) random = g_rand_new_with_seed ((guint32) g_test_rand_int ());

  for (guint i = 0; i < 10000; i++)
    {
      guint n = (guint) g_test_rand_int_range (1, CHI_SQUARE_MAX_CLASSES + 1);

      g_assert_cmpuint (pick (fixture, n, random), <, n);
      g_assert_cmpuint (pick (fixture, 1, random), ==, 0);
    }
}

static void
pick_in_thread (guint number, gpointer user_data)
{
  Fixture *fixture = user_data;
  g_autoptr (GRand) random = g_rand_new_with_seed (100 + number);

  for (guint i = 0; i < N_PICKS; i++)
    fixture->counts[number][pick (fixture, N_CANDIDATES, random)]++;
}

/* Each thread has its own generator, so the picks of all together are as even as those of one. */
static void
test_threads (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const double even[N_CANDIDATES] = { 0.2, 0.2, 0.2, 0.2, 0.2 };
  guint sums[N_CANDIDATES] = { 0 };

  fixture_run_threads (N_THREADS, pick_in_thread, fixture);
  for (guint number = 0; number < N_THREADS; number++)
    for (guint i = 0; i < N_CANDIDATES; i++)
      sums[i] += fixture->counts[number][i];
  assert_chi_square (sums, even, N_CANDIDATES);
}

#define ADD(path, function)                                                                        \
  g_test_add ("/core/random/" path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("uniform", test_uniform);
  ADD ("yardstick", test_yardstick);
  ADD ("pairs", test_pairs);
  ADD ("range", test_range);
  ADD ("threads", test_threads);
  return g_test_run ();
}
