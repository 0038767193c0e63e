/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/retry-budget.h"
#include "support/fixtures.h"

#include <stdatomic.h>

#define N_THREADS 8
#define N_ROUNDS 20000
#define N_ACTIVE 40

static void
earn (DispRetryBudget *budget, guint n)
{
  for (guint i = 0; i < n; i++)
    disp_retry_budget_earn (budget);
}

/* How many may be taken at once. */
static guint
take_all (DispRetryBudget *budget, guint n_active)
{
  guint n = 0;

  while (disp_retry_budget_take (budget, n_active))
    n++;
  return n;
}

static guint
take_all_hedges (DispRetryBudget *budget, guint n_active)
{
  guint n = 0;

  while (disp_retry_budget_take_hedge (budget, n_active))
    n++;
  return n;
}

static void
give_all (DispRetryBudget *budget, guint n)
{
  for (guint i = 0; i < n; i++)
    disp_retry_budget_give (budget);
}

static void
test_share (void)
{
  const struct
  {
    guint n_active;
    guint n;
  } rows[] = { { 0, 3 },  { 1, 3 },  { 15, 3 }, { 19, 3 },
               { 20, 4 }, { 24, 4 }, { 25, 5 }, { 1000, 200 } };
  g_autoptr (DispRetryBudget) budget = disp_retry_budget_new ();

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_assert_cmpuint (take_all (budget, rows[i].n_active), ==, rows[i].n);
      give_all (budget, 1);
      g_assert_true (disp_retry_budget_take (budget, rows[i].n_active));
      g_assert_false (disp_retry_budget_take (budget, rows[i].n_active));
      give_all (budget, rows[i].n);
    }
}

/* Fewer are active now than when they were taken: none more until enough are over. */
static void
test_shrinks (void)
{
  g_autoptr (DispRetryBudget) budget = disp_retry_budget_new ();

  g_assert_cmpuint (take_all (budget, 100), ==, 20);
  give_all (budget, 17);
  g_assert_false (disp_retry_budget_take (budget, 10));
  give_all (budget, 1);
  g_assert_true (disp_retry_budget_take (budget, 10));
  give_all (budget, 3);
}

static void
test_hedges (void)
{
  g_autoptr (DispRetryBudget) budget = disp_retry_budget_new ();

  g_assert_false (disp_retry_budget_take_hedge (budget, 1000));
  earn (budget, 19);
  g_assert_false (disp_retry_budget_take_hedge (budget, 1000));
  earn (budget, 1);
  g_assert_true (disp_retry_budget_take_hedge (budget, 1000));
  g_assert_false (disp_retry_budget_take_hedge (budget, 1000));
  give_all (budget, 1);
  g_assert_false (disp_retry_budget_take_hedge (budget, 1000));
  earn (budget, 65);
  g_assert_cmpuint (take_all_hedges (budget, 1000), ==, 3);
  give_all (budget, 3);
}

/* However many calls there were, only some hedges are saved up for. */
static void
test_saved (void)
{
  g_autoptr (DispRetryBudget) budget = disp_retry_budget_new ();

  earn (budget, 100000);
  g_assert_cmpuint (take_all_hedges (budget, 1000), ==, 10);
  give_all (budget, 10);
}

/* Both take from the same; a hedge for which there is no room keeps what it would have cost. */
static void
test_both (void)
{
  g_autoptr (DispRetryBudget) budget = disp_retry_budget_new ();

  earn (budget, 40);
  g_assert_cmpuint (take_all (budget, 0), ==, 3);
  for (guint i = 0; i < 100; i++)
    g_assert_false (disp_retry_budget_take_hedge (budget, 0));
  give_all (budget, 3);
  g_assert_cmpuint (take_all_hedges (budget, 0), ==, 2);
  g_assert_cmpuint (take_all (budget, 0), ==, 1);
  give_all (budget, 3);
}

typedef struct
{
  DispRetryBudget *budget; /* (unowned) */
  atomic_int n_taken;      /* (atomic) */
  atomic_uint n_earned;    /* (atomic) */
  atomic_uint n_hedges;    /* (atomic) */
} Race;

static void
hold (Race *race)
{
  g_assert_cmpint (atomic_fetch_add (&race->n_taken, 1) + 1, <=, N_ACTIVE / 5);
  g_thread_yield ();
  atomic_fetch_sub (&race->n_taken, 1);
  disp_retry_budget_give (race->budget);
}

static void
take_in_thread (guint number, gpointer user_data)
{
  Race *race = user_data;
  g_autoptr (GRand) random = g_rand_new_with_seed (number);
  g_autoptr (DispRetryBudget) budget = disp_retry_budget_ref (race->budget);

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      /* Counted before it is earned, so that who counts hedges never sees too few. */
      if (g_rand_int_range (random, 0, 4) != 0)
        {
          atomic_fetch_add (&race->n_earned, 1);
          disp_retry_budget_earn (budget);
        }
      if (g_rand_boolean (random) && disp_retry_budget_take (budget, N_ACTIVE))
        hold (race);
      if (disp_retry_budget_take_hedge (budget, N_ACTIVE))
        {
          guint n_hedges = atomic_fetch_add (&race->n_hedges, 1) + 1;

          g_assert_cmpuint (n_hedges * 20, <=, atomic_load (&race->n_earned));
          hold (race);
        }
    }
}

/* At no moment are there more than a fifth, and at no moment were more than a twentieth hedges. */
static void
test_threads (void)
{
  g_autoptr (DispRetryBudget) budget = disp_retry_budget_new ();
  Race race = { .budget = budget };

  fixture_run_threads (N_THREADS, take_in_thread, &race);
  g_assert_cmpint (atomic_load (&race.n_taken), ==, 0);
  g_assert_cmpuint (atomic_load (&race.n_hedges), >, N_THREADS * N_ROUNDS / 100);
  g_assert_cmpuint (take_all (budget, N_ACTIVE), ==, N_ACTIVE / 5);
  give_all (budget, N_ACTIVE / 5);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/retry-budget/share", test_share);
  g_test_add_func ("/engine/retry-budget/shrinks", test_shrinks);
  g_test_add_func ("/engine/retry-budget/hedges", test_hedges);
  g_test_add_func ("/engine/retry-budget/saved", test_saved);
  g_test_add_func ("/engine/retry-budget/both", test_both);
  g_test_add_func ("/engine/retry-budget/threads", test_threads);
  return g_test_run ();
}
