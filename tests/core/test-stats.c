/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/stats.h"
#include "support/fixtures.h"

#include <stdatomic.h>

#define N_OUTCOMES (DISP_OUTCOME_CANCELLED + 1)
#define N_THREADS 8
#define N_ROUNDS 20000

static void
try_once (DispStats *stats, DispOutcome outcome, gint64 duration)
{
  disp_stats_begin (stats);
  disp_stats_end (stats, outcome, duration);
}

/* Each duration is counted in the class of the first bound that it does not exceed. */
static void
test_latencies (void)
{
  static const gint64 durations[]
      = { 0,    1,     2,         8,         9,          15,         16,         17,        18,
          19,   63,    64,        65,        95,         96,         97,         128,       129,
          1000, 50000, 134217728, 134217729, 4294967295, 4294967296, 4294967297, G_MAXINT64 };
  guint64 bound = 0;

  for (guint i = 0; i < DISP_STATS_N_LATENCIES; i++)
    {
      g_assert_cmpuint (disp_stats_get_latency_bound (i), >, bound);
      /* No class is wider than an eighth of what is in it. */
      if (i < DISP_STATS_N_LATENCIES - 1)
        g_assert_cmpuint (disp_stats_get_latency_bound (i) - bound, <=, 1 + bound / 8);
      else
        g_assert_cmpuint (bound, ==, G_GUINT64_CONSTANT (1) << 32);
      bound = disp_stats_get_latency_bound (i);
    }
  g_assert_cmpuint (bound, ==, G_MAXUINT64);
  for (guint i = 0; i < G_N_ELEMENTS (durations); i++)
    {
      g_autoptr (DispStats) stats = disp_stats_new ();
      guint64 counts[DISP_STATS_N_LATENCIES];
      guint64 sum = 0;
      guint class = 0;

      while (disp_stats_get_latency_bound (class) < (guint64) durations[i])
        class ++;
      for (guint outcome = 0; outcome < 3; outcome++)
        {
          disp_stats_begin (stats);
          disp_stats_end (stats, (DispOutcome) outcome, durations[i]);
        }
      disp_stats_read_latencies (stats, counts);
      g_test_message ("%" G_GINT64_FORMAT " us", durations[i]);
      g_assert_cmpuint (counts[class], ==, 1);
      for (guint j = 0; j < DISP_STATS_N_LATENCIES; j++)
        sum += counts[j];
      g_assert_cmpuint (sum, ==, 1);
    }
}

static guint64
latency_of (DispStats *stats)
{
  DispStatsValues values;

  disp_stats_read (stats, &values);
  return values.latency;
}

static void
test_new (void)
{
  g_autoptr (DispStats) stats = disp_stats_new ();
  DispStatsValues values = { 1, 1, 1, 1, 1, 1, 1, TRUE };

  disp_stats_read (stats, &values);
  g_assert_cmpint (values.in_flight, ==, 0);
  g_assert_cmpuint (values.started, ==, 0);
  g_assert_cmpuint (values.succeeded, ==, 0);
  g_assert_cmpuint (values.busy, ==, 0);
  g_assert_cmpuint (values.failed, ==, 0);
  g_assert_cmpuint (values.cancelled, ==, 0);
  g_assert_cmpuint (values.latency, ==, 0);
  g_assert_false (values.failing);
}

static void
test_counts (void)
{
  g_autoptr (DispStats) stats = disp_stats_new ();
  DispStatsValues values;

  for (guint i = 0; i < 7; i++)
    disp_stats_begin (stats);
  disp_stats_end (stats, DISP_OUTCOME_SUCCESS, 500);
  disp_stats_end (stats, DISP_OUTCOME_BUSY, 1);
  disp_stats_end (stats, DISP_OUTCOME_FAILURE, 500);
  disp_stats_end (stats, DISP_OUTCOME_FAILURE, 500);
  disp_stats_end (stats, DISP_OUTCOME_CANCELLED, 500);

  disp_stats_read (stats, &values);
  g_assert_cmpint (values.in_flight, ==, 2);
  g_assert_cmpuint (values.started, ==, 7);
  g_assert_cmpuint (values.succeeded, ==, 1);
  g_assert_cmpuint (values.busy, ==, 1);
  g_assert_cmpuint (values.latency, ==, 500);
  g_assert_cmpuint (values.failed, ==, 2);
  g_assert_cmpuint (values.cancelled, ==, 1);
  g_assert_true (values.failing);
  disp_stats_end (stats, DISP_OUTCOME_SUCCESS, 500);
  disp_stats_read (stats, &values);
  g_assert_false (values.failing);
}

static void
test_news (void)
{
  static const struct
  {
    DispOutcome outcome;
    gboolean is_news;
  } ends[] = {
    { DISP_OUTCOME_SUCCESS, FALSE }, { DISP_OUTCOME_CANCELLED, FALSE },
    { DISP_OUTCOME_FAILURE, TRUE },  { DISP_OUTCOME_FAILURE, FALSE },
    { DISP_OUTCOME_BUSY, FALSE },    { DISP_OUTCOME_CANCELLED, FALSE },
    { DISP_OUTCOME_FAILURE, FALSE }, { DISP_OUTCOME_SUCCESS, TRUE },
    { DISP_OUTCOME_SUCCESS, FALSE }, { DISP_OUTCOME_FAILURE, TRUE },
  };
  g_autoptr (DispStats) stats = disp_stats_new ();
  g_autoptr (DispStats) fails_at_first = disp_stats_new ();

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      g_test_message ("end %u", i);
      disp_stats_begin (stats);
      g_assert_cmpint (disp_stats_end (stats, ends[i].outcome, 1), ==, ends[i].is_news);
    }
  disp_stats_begin (fails_at_first);
  g_assert_true (disp_stats_end (fails_at_first, DISP_OUTCOME_FAILURE, 1));
}

static void
test_latency_first (void)
{
  g_autoptr (DispStats) stats = disp_stats_new ();

  try_once (stats, DISP_OUTCOME_FAILURE, 70000);
  try_once (stats, DISP_OUTCOME_CANCELLED, 70000);
  g_assert_cmpuint (latency_of (stats), ==, 0);
  try_once (stats, DISP_OUTCOME_SUCCESS, 1234);
  g_assert_cmpuint (latency_of (stats), ==, 1234);
  try_once (stats, DISP_OUTCOME_FAILURE, 70000);
  try_once (stats, DISP_OUTCOME_CANCELLED, 70000);
  g_assert_cmpuint (latency_of (stats), ==, 1234);
}

/* RFC 6298: SRTT <- 7/8 SRTT + 1/8 R. */
static void
test_latency_weight (void)
{
  g_autoptr (DispStats) stats = disp_stats_new ();

  try_once (stats, DISP_OUTCOME_SUCCESS, 8000);
  try_once (stats, DISP_OUTCOME_SUCCESS, 16000);
  g_assert_cmpuint (latency_of (stats), ==, 9000);
  try_once (stats, DISP_OUTCOME_SUCCESS, 1000);
  g_assert_cmpuint (latency_of (stats), ==, 8000);
}

static void
test_latency_follows (void)
{
  static const gint64 levels[] = { 5000, 3, 1, 40000, 7, 1000000, 1 };
  g_autoptr (DispStats) stats = disp_stats_new ();

  for (guint i = 0; i < G_N_ELEMENTS (levels); i++)
    {
      for (guint j = 0; j < 300; j++)
        try_once (stats, DISP_OUTCOME_SUCCESS, levels[i]);
      g_assert_cmpint ((gint64) latency_of (stats), <=, levels[i] + 1);
      g_assert_cmpint ((gint64) latency_of (stats), >=, levels[i] - 1);
      g_assert_cmpuint (latency_of (stats), >, 0);
    }
}

/* 0 says that there was no sample, so a sample never makes it 0. */
static void
test_latency_least (void)
{
  static const gint64 durations[] = { 0, -1, G_MININT64, 1 };

  for (guint i = 0; i < G_N_ELEMENTS (durations); i++)
    {
      g_autoptr (DispStats) stats = disp_stats_new ();

      for (guint j = 0; j < 100; j++)
        {
          try_once (stats, DISP_OUTCOME_SUCCESS, durations[i]);
          g_assert_cmpuint (latency_of (stats), ==, 1);
        }
    }
}

static void
test_latency_between (void)
{
  for (guint round = 0; round < 100; round++)
    {
      g_autoptr (DispStats) stats = disp_stats_new ();
      gint32 least = g_test_rand_int_range (1, 100000);
      gint32 most = least + g_test_rand_int_range (1, 100000);

      for (guint i = 0; i < 200; i++)
        {
          try_once (stats, DISP_OUTCOME_SUCCESS, g_test_rand_int_range (least, most + 1));
          g_assert_cmpuint (latency_of (stats), >=, (guint64) least);
          g_assert_cmpuint (latency_of (stats), <=, (guint64) most);
        }
    }
}

static void
count_in_thread (guint number, gpointer user_data)
{
  DispStats *stats = user_data;
  DispStatsValues values;

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      disp_stats_begin (stats);
      disp_stats_read (stats, &values);
      g_assert_cmpint (values.in_flight, >=, 1);
      g_assert_cmpint (values.in_flight, <=, N_THREADS);
      disp_stats_end (stats, (DispOutcome) ((i + number) % N_OUTCOMES), 1 + i % 100);
    }
}

static void
test_threads (void)
{
  g_autoptr (DispStats) stats = disp_stats_new ();
  guint64 expected[N_OUTCOMES] = { 0 };
  DispStatsValues values;

  for (guint number = 0; number < N_THREADS; number++)
    for (guint i = 0; i < N_ROUNDS; i++)
      expected[(i + number) % N_OUTCOMES]++;

  fixture_run_threads (N_THREADS, count_in_thread, stats);

  disp_stats_read (stats, &values);
  g_assert_cmpint (values.in_flight, ==, 0);
  g_assert_cmpuint (values.started, ==, N_THREADS * N_ROUNDS);
  g_assert_cmpuint (values.succeeded, ==, expected[DISP_OUTCOME_SUCCESS]);
  g_assert_cmpuint (values.busy, ==, expected[DISP_OUTCOME_BUSY]);
  g_assert_cmpuint (values.failed, ==, expected[DISP_OUTCOME_FAILURE]);
  g_assert_cmpuint (values.cancelled, ==, expected[DISP_OUTCOME_CANCELLED]);
  g_assert_cmpuint (values.latency, >=, 1);
  g_assert_cmpuint (values.latency, <=, 100);
}

typedef struct
{
  DispStats *stats; /* (unowned) */
  DispOutcome outcome;
  atomic_uint n_news; /* (atomic) */
} Newsroom;

static void
end_in_thread (G_GNUC_UNUSED guint number, gpointer user_data)
{
  Newsroom *room = user_data;

  for (guint i = 0; i < 1000; i++)
    {
      disp_stats_begin (room->stats);
      if (disp_stats_end (room->stats, room->outcome, 1))
        atomic_fetch_add (&room->n_news, 1);
    }
}

/* However many fail at once, one of them is the news. */
static void
test_news_threads (void)
{
  g_autoptr (DispStats) stats = disp_stats_new ();

  for (guint i = 0; i < 20; i++)
    {
      Newsroom room = { stats, i % 2 == 0 ? DISP_OUTCOME_FAILURE : DISP_OUTCOME_SUCCESS, 0 };

      fixture_run_threads (N_THREADS, end_in_thread, &room);
      g_assert_cmpuint (atomic_load (&room.n_news), ==, 1);
    }
}

static void
use_reference (G_GNUC_UNUSED guint number, gpointer user_data)
{
  for (guint i = 0; i < 1000; i++)
    {
      g_autoptr (DispStats) stats = disp_stats_ref (user_data);

      try_once (stats, DISP_OUTCOME_SUCCESS, 1);
    }
  disp_stats_unref (user_data);
}

/* Whichever thread comes last frees them: a sanitizer tells if none does, or one too early. */
static void
test_references (void)
{
  for (guint i = 0; i < 20; i++)
    {
      DispStats *stats = disp_stats_new ();

      for (guint j = 1; j < N_THREADS; j++)
        disp_stats_ref (stats);
      fixture_run_threads (N_THREADS, use_reference, stats);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/stats/new", test_new);
  g_test_add_func ("/core/stats/latencies", test_latencies);
  g_test_add_func ("/core/stats/counts", test_counts);
  g_test_add_func ("/core/stats/news", test_news);
  g_test_add_func ("/core/stats/latency-first", test_latency_first);
  g_test_add_func ("/core/stats/latency-weight", test_latency_weight);
  g_test_add_func ("/core/stats/latency-follows", test_latency_follows);
  g_test_add_func ("/core/stats/latency-least", test_latency_least);
  g_test_add_func ("/core/stats/latency-between", test_latency_between);
  g_test_add_func ("/core/stats/threads", test_threads);
  g_test_add_func ("/core/stats/news-threads", test_news_threads);
  g_test_add_func ("/core/stats/references", test_references);
  return g_test_run ();
}
