/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/fastest.h"
#include "core/round-robin.h"
#include "support/fixtures.h"

#include <stdatomic.h>
#include <stdlib.h>

#define N_THREADS 8
#define MAX_CONTAINERS 24

typedef struct
{
  DispPolicy *policy;     /* (owned) */
  DispFleet *fleet;       /* (owned) */
  const DispRoute *route; /* (owned by fleet) */
  DispRequest *request;   /* (owned) */
  GRand *random;          /* (owned) */
} Fixture;

static DispFleet *
make_fleet (DispFleet *previous, guint first, guint n_containers)
{
  GPtrArray *containers = g_ptr_array_new ();

  for (guint i = first; i < first + n_containers; i++)
    {
      g_autofree char *name = g_strdup_printf ("c%u", i);

      g_ptr_array_add (containers, fixture_container (name, "m", 1, DISP_DEVICE_CPU, 1));
    }
  return fixture_fleet_new (previous, NULL, containers);
}

static void
use_fleet (Fixture *fixture, guint first, guint n_containers)
{
  DispFleet *previous = fixture->fleet;

  fixture->fleet = make_fleet (previous, first, n_containers);
  fixture->route = fixture_find (fixture->fleet, "m", 1);
  disp_policy_fleet_changed (fixture->policy, fixture->route);
  g_clear_pointer (&previous, disp_fleet_unref);
}

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->policy = disp_fastest_new ();
  fixture->request = fixture_request ("m", 1, "[1.0]");
  fixture->random = g_rand_new_with_seed (1);
  use_fleet (fixture, 0, 3);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_assert_finalize_object (fixture->policy);
  disp_fleet_unref (fixture->fleet);
  disp_request_unref (fixture->request);
  g_rand_free (fixture->random);
}

static guint
pick (Fixture *fixture)
{
  guint index = disp_policy_select (fixture->policy, fixture->route->eligible,
                                    fixture->route->n_eligible, fixture->request, fixture->random);

  g_assert_cmpuint (index, <, fixture->route->n_eligible);
  return index;
}

static void
begin (Fixture *fixture, guint index)
{
  DispContainer *container = fixture->route->eligible[index];

  disp_stats_begin (container->stats);
  disp_policy_request_started (fixture->policy, container);
}

static void
end (Fixture *fixture, guint index, DispOutcome outcome, gint64 duration)
{
  DispContainer *container = fixture->route->eligible[index];

  disp_stats_end (container->stats, outcome, duration);
  disp_policy_request_finished (fixture->policy, container, outcome, duration);
}

/* One request after the other; counts who got how many. */
static void
serve (Fixture *fixture, guint n_requests, const gint64 *durations, guint *counts)
{
  for (guint i = 0; i < n_requests; i++)
    {
      guint index = pick (fixture);

      begin (fixture, index);
      end (fixture, index, DISP_OUTCOME_SUCCESS, durations[index]);
      counts[index]++;
    }
}

/* Who has nothing to do and is fastest gets all, but for what is spent on looking at the others. */
static void
test_fastest (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const gint64 durations[] = { 11000, 2600, 11000 };
  guint counts[3] = { 0 };

  serve (fixture, 10000, durations, counts);
  g_assert_cmpuint (counts[1], >, 9900);
  g_assert_cmpuint (counts[0], >=, 10);
  g_assert_cmpuint (counts[2], >=, 10);
}

/* A container that was slow and is fast now is found out; also the other way round. */
static void
test_changes (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const gint64 before[] = { 1000000, 2000, 9000 };
  static const gint64 after[] = { 100, 2000, 9000 };
  guint counts[3] = { 0 };
  guint later[3] = { 0 };

  serve (fixture, 5000, before, counts);
  g_assert_cmpuint (counts[1], >, 4900);
  serve (fixture, 1000, after, counts);
  serve (fixture, 1000, after, later);
  g_assert_cmpuint (later[0], >, 980);
  serve (fixture, 100, before, counts);
  later[1] = 0;
  serve (fixture, 1000, before, later);
  g_assert_cmpuint (later[1], >, 980);
}

/* Work in flight is shared out so that all are done at about the same time. */
static void
test_share (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const gint64 durations[] = { 1000, 2000, 5000 };
  guint counts[3] = { 0 };

  serve (fixture, 300, durations, counts);
  for (guint i = 0; i < 3; i++)
    counts[i] = 0;
  for (guint i = 0; i < 170; i++)
    {
      guint index = pick (fixture);

      begin (fixture, index);
      counts[index]++;
    }
  g_assert_cmpfloat_with_epsilon (counts[0], 100, 3);
  g_assert_cmpfloat_with_epsilon (counts[1], 50, 3);
  g_assert_cmpfloat_with_epsilon (counts[2], 20, 3);
}

/* What fails fast attracts nothing, even if it never did anything else. */
static void
test_failing (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  guint counts[3] = { 0 };

  for (guint i = 0; i < 10000; i++)
    {
      guint index = pick (fixture);

      begin (fixture, index);
      end (fixture, index, index == 1 ? DISP_OUTCOME_FAILURE : DISP_OUTCOME_SUCCESS,
           index == 1 ? 10 : 5000);
      counts[index]++;
    }
  g_assert_cmpuint (counts[1], <=, 12);
  g_assert_cmpuint (counts[1], >=, 2);
  for (guint i = 0; i < 5000; i++)
    {
      guint index = pick (fixture);

      begin (fixture, index);
      end (fixture, index, DISP_OUTCOME_SUCCESS, index == 1 ? 10 : 5000);
      counts[index]++;
    }
  g_assert_cmpuint (counts[1], >, 50);
}

/* One that was fast, and now fails, is left soon. */
static void
test_begins_to_fail (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const gint64 durations[] = { 11000, 2600, 11000 };
  guint counts[3] = { 0 };
  guint failed = 0;

  serve (fixture, 1000, durations, counts);
  for (guint i = 0; i < 1000; i++)
    {
      guint index = pick (fixture);

      begin (fixture, index);
      end (fixture, index, index == 1 ? DISP_OUTCOME_FAILURE : DISP_OUTCOME_SUCCESS, 100);
      failed += index == 1;
    }
  g_assert_cmpuint (failed, <=, 10);
}

/* A new container gets one request, and while that has no answer no other. */
static void
test_no_stampede (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const gint64 durations[MAX_CONTAINERS] = { 1000, 1000, 1000, 1, 1 };
  guint counts[MAX_CONTAINERS] = { 0 };
  double chances[5];

  serve (fixture, 100, durations, counts);
  use_fleet (fixture, 0, 5);
  disp_policy_get_chances (fixture->policy, fixture->route->eligible, 5, chances);
  g_assert_cmpfloat (chances[3], ==, 0.5);
  g_assert_cmpfloat (chances[4], ==, 0.5);
  for (guint i = 0; i < 1000; i++)
    {
      guint index = pick (fixture);

      begin (fixture, index);
      counts[index]++;
      if (index < 3)
        end (fixture, index, DISP_OUTCOME_SUCCESS, durations[index]);
    }
  g_assert_cmpuint (counts[3], ==, 1);
  g_assert_cmpuint (counts[4], ==, 1);
  end (fixture, 3, DISP_OUTCOME_SUCCESS, 1);
  serve (fixture, 100, durations, counts);
  g_assert_cmpuint (counts[3], >, 90);
  end (fixture, 4, DISP_OUTCOME_CANCELLED, 1);
  g_assert_cmpuint (pick (fixture), ==, 4);
}

/* While nothing is known, a crowd is spread. */
static void
test_cold_start (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  guint counts[3] = { 0 };

  for (guint i = 0; i < 300; i++)
    {
      guint index = pick (fixture);

      begin (fixture, index);
      counts[index]++;
    }
  for (guint i = 0; i < 3; i++)
    g_assert_cmpuint (counts[i], ==, 100);
}

/* Many candidates: the slow half gets what two at random leave it. */
static void
test_many (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  guint n_slow = 0;

  use_fleet (fixture, 0, MAX_CONTAINERS);
  for (guint i = 0; i < 10000; i++)
    {
      guint index = pick (fixture);

      begin (fixture, index);
      end (fixture, index, DISP_OUTCOME_SUCCESS, index % 2 == 0 ? 9000 : 1000);
      n_slow += index % 2 == 0;
    }
  /* The pairs of two slow ones are 66 of 276. */
  g_assert_cmpuint (n_slow, >, 2000);
  g_assert_cmpuint (n_slow, <, 2800);
}

typedef struct
{
  Fixture *fixture;                     /* (unowned) */
  atomic_int trying[MAX_CONTAINERS];    /* (atomic) unanswered first requests */
  atomic_int n_answers[MAX_CONTAINERS]; /* (atomic) */
  atomic_uint n_requests;               /* (atomic) */
} Crowd;

static void
press_in_thread (guint number, gpointer user_data)
{
  Crowd *crowd = user_data;
  Fixture *fixture = crowd->fixture;
  g_autoptr (GRand) random = g_rand_new_with_seed (number);

  for (guint i = 0; i < 5000; i++)
    {
      guint index = disp_policy_select (fixture->policy, fixture->route->eligible,
                                        fixture->route->n_eligible, fixture->request, random);

      g_assert_cmpuint (index, <, fixture->route->n_eligible);
      /* Nobody else comes while the first answer of a new one is awaited. */
      if (index >= 3 && atomic_load (&crowd->n_answers[index]) == 0)
        g_assert_cmpint (atomic_fetch_add (&crowd->trying[index], 1), ==, 0);
      begin (fixture, index);
      atomic_fetch_add (&crowd->n_requests, 1);
      atomic_fetch_add (&crowd->n_answers[index], 1);
      end (fixture, index, DISP_OUTCOME_SUCCESS, 1000);
    }
}

static void
test_threads (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const gint64 durations[] = { 1000, 1000, 1000 };
  guint counts[3] = { 0 };
  Crowd crowd = { .fixture = fixture };

  serve (fixture, 100, durations, counts);
  use_fleet (fixture, 0, 9);
  fixture_run_threads (N_THREADS, press_in_thread, &crowd);
  g_assert_cmpuint (atomic_load (&crowd.n_requests), ==, N_THREADS * 5000);
  for (guint i = 0; i < 9; i++)
    {
      g_assert_cmpint (atomic_load (&crowd.n_answers[i]), >, 0);
      g_assert_cmpint (disp_stats_get_in_flight (fixture->route->eligible[i]->stats), ==, 0);
    }
}

typedef struct
{
  DispPolicy *policy;   /* (unowned) */
  DispFleet *fleets[2]; /* (unowned) */
  DispRequest *request; /* (unowned) */
  atomic_uint n_left;   /* (atomic) threads that choose */
} Churn;

/* The first thread brings new fleets while the others choose from whichever they had. */
static void
churn_in_thread (guint number, gpointer user_data)
{
  Churn *churn = user_data;
  g_autoptr (GRand) random = g_rand_new_with_seed (number);

  for (guint i = 0; number == 0 && atomic_load (&churn->n_left) > 0; i++)
    disp_policy_fleet_changed (churn->policy, fixture_find (churn->fleets[i % 2], "m", 1));
  if (number == 0)
    return;
  for (guint i = 0; i < 5000; i++)
    {
      const DispRoute *route = fixture_find (churn->fleets[i / 7 % 2], "m", 1);
      guint index = disp_policy_select (churn->policy, route->eligible, route->n_eligible,
                                        churn->request, random);

      g_assert_cmpuint (index, <, route->n_eligible);
      disp_policy_request_started (churn->policy, route->eligible[index]);
      disp_policy_request_finished (churn->policy, route->eligible[index], DISP_OUTCOME_SUCCESS,
                                    100);
    }
  atomic_fetch_sub (&churn->n_left, 1);
}

/* A sanitizer tells if a thread looks into what was freed. */
static void
test_churn (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (DispFleet) one = make_fleet (NULL, 0, 7);
  g_autoptr (DispFleet) other = make_fleet (one, 3, 12);
  Churn churn = { fixture->policy, { one, other }, fixture->request, 3 };

  fixture_run_threads (4, churn_in_thread, &churn);
  g_assert_cmpuint (atomic_load (&churn.n_left), ==, 0);
}

/* --- a small world: three devices, each serving one after the other, and clients that ask again
 * as soon as they have their answer --- */

#define N_CLIENTS 64
#define N_REQUESTS 20000

typedef struct
{
  double asked;
  double done;
  guint container;
} Client;

typedef struct
{
  double p99;        /* in microseconds */
  double throughput; /* per second */
} Result;

static int
compare (gconstpointer one, gconstpointer other)
{
  const double *a = one;
  const double *b = other;

  return (*a > *b) - (*a < *b);
}

static void
ask (Fixture *fixture, Client *client, double now, double *free_at)
{
  static const double service[] = { 2600, 11000, 11000 };

  client->asked = now;
  client->container = pick (fixture);
  begin (fixture, client->container);
  free_at[client->container] = MAX (free_at[client->container], now)
                               + service[client->container]
                                     * g_rand_double_range (fixture->random, 0.8, 1.2);
  client->done = free_at[client->container];
}

static Result
simulate (Fixture *fixture, DispPolicy *policy)
{
  g_autofree double *latencies = g_new (double, N_REQUESTS);
  Client clients[N_CLIENTS];
  double free_at[3] = { 0 };
  double now = 0;

  g_set_object (&fixture->policy, policy);
  disp_policy_fleet_changed (policy, fixture->route);
  for (guint i = 0; i < N_CLIENTS; i++)
    ask (fixture, &clients[i], 0, free_at);
  for (guint i = 0; i < N_REQUESTS; i++)
    {
      Client *next = &clients[0];

      for (guint j = 1; j < N_CLIENTS; j++)
        if (clients[j].done < next->done)
          next = &clients[j];
      now = next->done;
      latencies[i] = now - next->asked;
      end (fixture, next->container, DISP_OUTCOME_SUCCESS, (gint64) latencies[i]);
      ask (fixture, next, now, free_at);
    }
  for (guint i = 0; i < N_CLIENTS; i++)
    end (fixture, clients[i].container, DISP_OUTCOME_CANCELLED, 0);
  qsort (latencies, N_REQUESTS, sizeof *latencies, compare);
  return (Result){ latencies[N_REQUESTS * 99 / 100], N_REQUESTS * 1e6 / now };
}

static void
test_unequal (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (DispPolicy) fastest = disp_fastest_new ();
  g_autoptr (DispPolicy) turns = disp_round_robin_new ();
  const double possible = 1e6 / 2600 + 2e6 / 11000;
  Result mine = simulate (fixture, fastest);
  Result others = simulate (fixture, turns);

  g_test_message ("fastest: p99 %.0f us, %.0f/s of %.0f; round-robin: p99 %.0f us, %.0f/s",
                  mine.p99, mine.throughput, possible, others.p99, others.throughput);
  g_assert_cmpfloat (mine.p99, <, 0.6 * others.p99);
  g_assert_cmpfloat (mine.throughput, >, 1.8 * others.throughput);
  g_assert_cmpfloat (mine.throughput, >, 0.97 * possible);
  g_clear_pointer (&turns, g_object_unref);
}

#define ADD(path, function)                                                                        \
  g_test_add ("/core/fastest/" path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("fastest", test_fastest);
  ADD ("changes", test_changes);
  ADD ("share", test_share);
  ADD ("failing", test_failing);
  ADD ("begins-to-fail", test_begins_to_fail);
  ADD ("no-stampede", test_no_stampede);
  ADD ("cold-start", test_cold_start);
  ADD ("many", test_many);
  ADD ("threads", test_threads);
  ADD ("churn", test_churn);
  ADD ("unequal", test_unequal);
  return g_test_run ();
}
