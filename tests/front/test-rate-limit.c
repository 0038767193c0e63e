/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/rate-limit.h"

#include "support/fixtures.h"

#include <stdatomic.h>

#define N_THREADS 4

typedef struct
{
  DispRateLimit *limit; /* (owned) */
  gint64 now;
} Fixture;

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->limit = disp_rate_limit_new ();
  fixture->now = 1000 * G_USEC_PER_SEC;
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  disp_rate_limit_unref (fixture->limit);
}

static gint64
take (Fixture *fixture, const char *client, double rate, guint burst)
{
  return disp_rate_limit_take (fixture->limit, client, rate, burst, fixture->now);
}

static void
test_off (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  for (guint i = 0; i < 1000; i++)
    g_assert_cmpint (take (fixture, "a", 0, 1), ==, 0);
  g_assert_cmpuint (disp_rate_limit_count (fixture->limit), ==, 0);
}

static void
test_burst (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (take (fixture, "a", 0.5, 3), ==, 0);
  /* To ask in vain costs nothing. */
  for (guint i = 0; i < 10; i++)
    g_assert_cmpint (take (fixture, "a", 0.5, 3), ==, 2 * G_USEC_PER_SEC);
  g_assert_cmpint (take (fixture, "b", 0.5, 3), ==, 0);
  fixture->now += 2 * G_USEC_PER_SEC - 1;
  g_assert_cmpint (take (fixture, "a", 0.5, 3), ==, 1);
  fixture->now += 1;
  g_assert_cmpint (take (fixture, "a", 0.5, 3), ==, 0);
  g_assert_cmpint (take (fixture, "a", 0.5, 3), ==, 2 * G_USEC_PER_SEC);
  /* It gets no fuller than full. */
  fixture->now += G_TIME_SPAN_DAY;
  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (take (fixture, "a", 0.5, 3), ==, 0);
  g_assert_cmpint (take (fixture, "a", 0.5, 3), ==, 2 * G_USEC_PER_SEC);
}

/* A burst of none would let nothing through, ever. */
static void
test_least_burst (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_assert_cmpint (take (fixture, "a", 1, 0), ==, 0);
  g_assert_cmpint (take (fixture, "a", 1, 0), ==, G_USEC_PER_SEC);
}

static void
test_extremes (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->now = G_MAXINT64 / 10000;
  g_assert_cmpint (take (fixture, "slow", 1e-300, G_MAXUINT), ==, 0);
  g_assert_cmpint (take (fixture, "slow", 1e-300, 1), ==, 1000 * G_USEC_PER_SEC);
  for (guint i = 0; i < 1000; i++)
    g_assert_cmpint (take (fixture, "fast", 1e300, 1000), ==, 0);
  g_assert_cmpint (take (fixture, "fast", 1e300, 1000), ==, 1);
}

/* Who owes much on the old terms waits no longer than somebody new whose bucket is empty. */
static void
test_other_terms (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  for (guint i = 0; i < 100; i++)
    g_assert_cmpint (take (fixture, "a", 0.01, 100), ==, 0);
  g_assert_cmpint (take (fixture, "a", 10, 5), ==, G_USEC_PER_SEC / 10);
  fixture->now += G_USEC_PER_SEC / 10;
  g_assert_cmpint (take (fixture, "a", 10, 5), ==, 0);
}

/* In any time T not more than burst + rate · T go, whenever they ask; and whoever asks again when
 * told goes. */
static void
test_never_more (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const double rates[] = { 0.1, 0.5, 1, 3, 7.77, 100, 1e4, 3e6 };

  for (guint i = 0; i < 200; i++)
    {
      const double rate = rates[i % G_N_ELEMENTS (rates)];
      const guint burst = (guint) g_test_rand_int_range (1, 20);
      g_autofree char *client = g_strdup_printf ("client-%u", i);
      g_autoptr (GArray) taken = g_array_new (FALSE, FALSE, sizeof (gint64));

      while (taken->len < 100)
        {
          gint64 wait = take (fixture, client, rate, burst);

          if (wait == 0)
            g_array_append_val (taken, fixture->now);
          else if (g_test_rand_bit ())
            {
              fixture->now += wait;
              g_assert_cmpint (take (fixture, client, rate, burst), ==, 0);
              g_array_append_val (taken, fixture->now);
            }
          fixture->now += (gint64) g_test_rand_double_range (0, 2 * G_USEC_PER_SEC / rate);
        }
      for (guint j = 0; j < taken->len; j++)
        for (guint k = j; k < taken->len; k++)
          {
            gint64 time = g_array_index (taken, gint64, k) - g_array_index (taken, gint64, j);

            g_assert_cmpfloat (k - j + 1, <=, burst + rate * (double) time / G_USEC_PER_SEC + 1e-6);
          }
    }
}

/* What is full again is forgotten, without anybody asking for it. */
static void
test_forgets (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  for (guint i = 0; i < 10000; i++)
    {
      g_autofree char *client = g_strdup_printf ("client-%u", i);

      g_assert_cmpint (take (fixture, client, 1, 2), ==, 0);
    }
  g_assert_cmpuint (disp_rate_limit_count (fixture->limit), ==, 10000);
  fixture->now += G_USEC_PER_SEC;
  for (guint i = 0; i < 10000; i++)
    {
      g_autofree char *client = g_strdup_printf ("other-%u", i % 100);

      take (fixture, client, 1, 2);
    }
  g_assert_cmpuint (disp_rate_limit_count (fixture->limit), ==, 100);
}

/* However many come there are not more than so many, and one that goes on asking is not forgotten
 * for them. */
static void
test_bounded (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  for (guint i = 0; i < 10; i++)
    g_assert_cmpint (take (fixture, "greedy", 0.001, 10), ==, 0);
  for (guint i = 0; i < 3 * DISP_MAX_BUCKETS; i++)
    {
      g_autofree char *client = g_strdup_printf ("2001:db8:%x:%x::/64", i >> 16, i & 0xffff);

      g_assert_cmpint (take (fixture, client, 0.001, 10), ==, 0);
      if (i % 1000 == 0)
        g_assert_cmpint (take (fixture, "greedy", 0.001, 10), >, 0);
    }
  g_assert_cmpuint (disp_rate_limit_count (fixture->limit), <=, DISP_MAX_BUCKETS);
  g_assert_cmpuint (disp_rate_limit_count (fixture->limit), >, DISP_MAX_BUCKETS / 2);
}

/* Among those that did not ask for long, who misses much stays. */
static void
test_fullest_goes (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  for (guint i = 0; i < 10; i++)
    g_assert_cmpint (take (fixture, "greedy", 0.001, 10), ==, 0);
  for (guint i = 0; i < 2 * DISP_MAX_BUCKETS; i++)
    {
      g_autofree char *client = g_strdup_printf ("client-%u", i);

      g_assert_cmpint (take (fixture, client, 0.001, 10), ==, 0);
    }
  g_assert_cmpint (take (fixture, "greedy", 0.001, 10), >, 0);
}

/* What all threads took. */
typedef struct
{
  DispRateLimit *limit; /* (unowned) */
  atomic_uint n_taken;  /* (atomic) */
} Tally;

static void
take_in_thread (guint number, gpointer user_data)
{
  Tally *tally = user_data;

  for (guint i = 0; i < 5000; i++)
    {
      g_autofree char *client = g_strdup_printf ("client-%u-%u", number, i);

      if (disp_rate_limit_take (tally->limit, "common", 1, 100, G_USEC_PER_SEC) == 0)
        atomic_fetch_add (&tally->n_taken, 1);
      g_assert_cmpint (disp_rate_limit_take (tally->limit, client, 1, 1, G_USEC_PER_SEC), ==, 0);
    }
}

static void
test_threads (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  Tally tally = { .limit = fixture->limit };

  fixture_run_threads (N_THREADS, take_in_thread, &tally);
  g_assert_cmpuint (atomic_load (&tally.n_taken), ==, 100);
  g_assert_cmpuint (disp_rate_limit_count (fixture->limit), ==, N_THREADS * 5000 + 1);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *path;
    void (*test) (Fixture *fixture, gconstpointer data);
  } tests[] = {
    { "/front/rate-limit/off", test_off },
    { "/front/rate-limit/burst", test_burst },
    { "/front/rate-limit/least-burst", test_least_burst },
    { "/front/rate-limit/extremes", test_extremes },
    { "/front/rate-limit/other-terms", test_other_terms },
    { "/front/rate-limit/never-more", test_never_more },
    { "/front/rate-limit/forgets", test_forgets },
    { "/front/rate-limit/bounded", test_bounded },
    { "/front/rate-limit/fullest-goes", test_fullest_goes },
    { "/front/rate-limit/threads", test_threads },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, NULL, set_up, tests[i].test, tear_down);
  return g_test_run ();
}
