/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/pace.h"
#include "support/fixtures.h"

#define SPAN 100
#define N_THREADS 8

typedef struct
{
  DispContainer *container; /* (owned) */
  DispPace *pace;           /* (owned) */
} Fixture;

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->container = fixture_container ("c", "m", 1, DISP_DEVICE_CPU, 2);
  fixture->pace = disp_pace_new (fixture->container->stats);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  disp_pace_free (fixture->pace);
  disp_container_unref (fixture->container);
}

/* One attempt that has the container for itself. */
static void
serve (Fixture *fixture, DispOutcome outcome, gint64 duration, guint64 now)
{
  disp_pace_start (fixture->pace);
  disp_pace_end (fixture->pace, fixture->container, outcome, duration, now, SPAN);
}

static double
get_service (Fixture *fixture)
{
  return disp_pace_get_service (fixture->pace, fixture->container);
}

/* The first sample counts whole, each further one an eighth. */
static void
test_smooth (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_assert_cmpfloat (get_service (fixture), ==, 0);
  serve (fixture, DISP_OUTCOME_SUCCESS, 800, 1);
  g_assert_cmpfloat_with_epsilon (get_service (fixture), 800, 1e-6);
  serve (fixture, DISP_OUTCOME_SUCCESS, 1600, 2);
  g_assert_cmpfloat_with_epsilon (get_service (fixture), 900, 1e-6);
  for (guint i = 0; i < 200; i++)
    serve (fixture, DISP_OUTCOME_SUCCESS, 50, i);
  g_assert_cmpfloat_with_epsilon (get_service (fixture), 50, 1e-6);
}

/* With half the quota everything takes twice as long. */
static void
test_quota (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  serve (fixture, DISP_OUTCOME_SUCCESS, 800, 1);
  fixture->container->quota = 1;
  g_assert_cmpfloat_with_epsilon (get_service (fixture), 1600, 1e-6);
}

/* Of a server that does one after the other, whatever waits there, the service time is found. */
static void
test_queue (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  guint n_waiting = 0;
  guint64 now = 0;

  for (guint round = 0; round < 200; round++)
    {
      /* As many as come together wait for each other. */
      guint n = (guint) g_test_rand_int_range (1, 20);

      for (; n_waiting < n; n_waiting++)
        {
          disp_stats_begin (fixture->container->stats);
          disp_pace_start (fixture->pace);
        }
      for (guint i = 1; i <= n; i++)
        {
          disp_stats_end (fixture->container->stats, DISP_OUTCOME_SUCCESS, i * 500);
          disp_pace_end (fixture->pace, fixture->container, DISP_OUTCOME_SUCCESS, i * 500, ++now,
                         SPAN);
          n_waiting--;
        }
    }
  g_assert_cmpfloat (get_service (fixture), >, 100);
  g_assert_cmpfloat (get_service (fixture), <, 2500);
}

/* A failure is no sample, however fast; each in a row doubles what the container seems to take. */
static void
test_failures (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  serve (fixture, DISP_OUTCOME_SUCCESS, 800, 1);
  for (guint i = 1; i <= 20; i++)
    {
      serve (fixture, DISP_OUTCOME_FAILURE, 1, 1);
      g_assert_cmpfloat_with_epsilon (get_service (fixture), 800, 1e-6);
      g_assert_cmpfloat (disp_pace_get_penalty (fixture->pace), ==, 1U << MIN (i, 10));
    }
  serve (fixture, DISP_OUTCOME_CANCELLED, 1, 1);
  g_assert_cmpfloat_with_epsilon (get_service (fixture), 800, 1e-6);
  g_assert_cmpfloat (disp_pace_get_penalty (fixture->pace), ==, 1024);
  serve (fixture, DISP_OUTCOME_SUCCESS, 800, 1);
  g_assert_cmpfloat (disp_pace_get_penalty (fixture->pace), ==, 1);
}

/* A busy answer is no sample, however fast, no failure, and does not end a streak of them; and the
 * container is not to be tried again at once. */
static void
test_busy (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  for (guint i = 0; i < 20; i++)
    {
      serve (fixture, DISP_OUTCOME_BUSY, 100, 1);
      g_assert_cmpfloat (get_service (fixture), ==, 0);
      g_assert_cmpfloat (disp_pace_get_completion (fixture->pace, 1), ==, G_MAXDOUBLE);
      g_assert_false (disp_pace_is_due (fixture->pace, 1 + SPAN, SPAN));
    }
  serve (fixture, DISP_OUTCOME_SUCCESS, 800, 2);
  serve (fixture, DISP_OUTCOME_FAILURE, 1, 2);
  for (guint i = 0; i < 20; i++)
    serve (fixture, DISP_OUTCOME_BUSY, 100, 2);
  g_assert_cmpfloat_with_epsilon (get_service (fixture), 800, 1e-6);
  g_assert_cmpfloat (disp_pace_get_penalty (fixture->pace), ==, 2);
}

/* What is old counts no more: the next sample stands for all. */
static void
test_forgets (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  serve (fixture, DISP_OUTCOME_SUCCESS, 1000000, 1);
  serve (fixture, DISP_OUTCOME_SUCCESS, 1000, 2 + SPAN);
  g_assert_cmpfloat_with_epsilon (get_service (fixture), 1000, 1e-6);
}

static void
test_due (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  DispPace *pace = fixture->pace;

  g_assert_true (disp_pace_is_due (pace, 1, SPAN));
  g_assert_true (disp_pace_claim (pace, 1));
  g_assert_false (disp_pace_is_due (pace, 1, SPAN));
  g_assert_false (disp_pace_claim (pace, 1));
  disp_pace_start (pace);
  g_assert_false (disp_pace_is_due (pace, 100000, SPAN));
  disp_pace_end (pace, fixture->container, DISP_OUTCOME_SUCCESS, 10, 2, SPAN);
  g_assert_false (disp_pace_is_due (pace, 2 + SPAN, SPAN));
  g_assert_true (disp_pace_is_due (pace, 3 + SPAN, SPAN));
  serve (fixture, DISP_OUTCOME_FAILURE, 10, 3 + SPAN);
  g_assert_false (disp_pace_is_due (pace, 3 + 3 * SPAN, SPAN));
  g_assert_true (disp_pace_is_due (pace, 4 + 3 * SPAN, SPAN));
  for (guint i = 0; i < 50; i++)
    serve (fixture, DISP_OUTCOME_FAILURE, 10, 4);
  g_assert_true (disp_pace_is_due (pace, 5 + 8 * SPAN, SPAN));
}

/* Who went to try it and never began does not keep others from it for ever. */
static void
test_lapse (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_assert_true (disp_pace_claim (fixture->pace, 1));
  g_assert_false (disp_pace_is_due (fixture->pace, 257, SPAN));
  g_assert_true (disp_pace_is_due (fixture->pace, 258, SPAN));
  g_assert_true (disp_pace_claim (fixture->pace, 258));
  g_assert_false (disp_pace_claim (fixture->pace, 258));
}

typedef struct
{
  Fixture *fixture;     /* (unowned) */
  atomic_int n_claimed; /* (atomic) */
} Race;

static void
claim_in_thread (G_GNUC_UNUSED guint number, gpointer user_data)
{
  Race *race = user_data;

  for (guint i = 0; i < 1000; i++)
    {
      if (disp_pace_claim (race->fixture->pace, 1))
        atomic_fetch_add (&race->n_claimed, 1);
      serve (race->fixture, DISP_OUTCOME_FAILURE, 1, 1);
      g_assert_cmpfloat (get_service (race->fixture), ==, 0);
    }
}

static void
claim_once (G_GNUC_UNUSED guint number, gpointer user_data)
{
  Race *race = user_data;

  if (disp_pace_claim (race->fixture->pace, 1))
    atomic_fetch_add (&race->n_claimed, 1);
}

/* Of all threads one gets the claim; nothing is lost between threads. */
static void
test_threads (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  Race race = { fixture, 0 };

  fixture_run_threads (N_THREADS, claim_once, &race);
  g_assert_cmpint (atomic_load (&race.n_claimed), ==, 1);
  fixture_run_threads (N_THREADS, claim_in_thread, &race);
  g_assert_cmpfloat (disp_pace_get_penalty (fixture->pace), ==, 1024);
  g_assert_cmpint (atomic_load (&fixture->pace->n_pending), ==, 0);
  g_assert_cmpuint (atomic_load (&fixture->pace->n_failures), ==, N_THREADS * 1000);
}

#define ADD(path, function)                                                                        \
  g_test_add ("/core/pace/" path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("smooth", test_smooth);
  ADD ("quota", test_quota);
  ADD ("queue", test_queue);
  ADD ("failures", test_failures);
  ADD ("busy", test_busy);
  ADD ("forgets", test_forgets);
  ADD ("due", test_due);
  ADD ("lapse", test_lapse);
  ADD ("threads", test_threads);
  return g_test_run ();
}
