/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/policy-registry.h"
#include "support/chi-square.h"
#include "support/fixtures.h"

#include <string.h>

/* What policies do when not all containers of a route are candidates, since some are full. */
#define N 4
#define N_PICKS 12000
#define N_THREADS 8

typedef struct
{
  DispPolicy *policy;     /* (owned) */
  DispFleet *fleet;       /* (owned) */
  const DispRoute *route; /* (owned by fleet) */
  DispRequest *request;   /* (owned) */
  GRand *random;          /* (owned) */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GVariant) options = NULL;
  g_autoptr (DispPolicySpec) spec = NULL;

  if (g_str_equal (data, "probabilities"))
    options = g_variant_ref_sink (
        g_variant_new_parsed ("{'m': <{'a': 0.1, 'b': 0.2, 'c': 0.3, 'd': 0.4}>}"));
  spec = disp_policy_spec_new (data, options, NULL);
  fixture->policy = disp_policy_spec_create (spec, "m");
  fixture->fleet = fixture_fleet (NULL, NULL, fixture_container ("a", "m", 1, DISP_DEVICE_CPU, 1),
                                  fixture_container ("b", "m", 1, DISP_DEVICE_CPU, 1),
                                  fixture_container ("c", "m", 1, DISP_DEVICE_CPU, 1),
                                  fixture_container ("d", "m", 1, DISP_DEVICE_CPU, 1), NULL);
  fixture->route = fixture_find (fixture->fleet, "m", 1);
  fixture->request = fixture_request ("m", 1, "[1.0]");
  fixture->random = g_rand_new_with_seed (1);
  disp_policy_fleet_changed (fixture->policy, fixture->route);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_assert_finalize_object (fixture->policy);
  disp_fleet_unref (fixture->fleet);
  disp_request_unref (fixture->request);
  g_rand_free (fixture->random);
}

/* Chooses among those that are not in @full; returns the place in the route. */
static guint
pick (Fixture *fixture, guint full, const DispRequest *request, GRand *random)
{
  DispContainer *candidates[N];
  guint places[N];
  guint n = 0;

  for (guint i = 0; i < N; i++)
    if ((full & 1U << i) == 0)
      {
        places[n] = i;
        candidates[n++] = fixture->route->eligible[i];
      }
  return places[disp_policy_select (fixture->policy, candidates, n, request, random)];
}

/* While one is full the others alternate exactly; when it is back, all do. */
static void
test_one_full (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  for (guint full = 0; full < N; full++)
    {
      guint order[N - 1];

      for (guint i = 0; i < 300; i++)
        {
          guint place = pick (fixture, 1U << full, fixture->request, fixture->random);

          g_assert_cmpuint (place, !=, full);
          if (i < N - 1)
            order[i] = place;
          g_assert_cmpuint (place, ==, order[i % (N - 1)]);
        }
      /* It is not made up for what it missed. */
      for (guint i = 0, n_full = 0; i < 2 * N; i++)
        {
          n_full += pick (fixture, 0, fixture->request, fixture->random) == full;
          g_assert_cmpuint (n_full, <=, i / N + 1);
        }
    }
}

/* However often which of them are full, those that are free equally often have equally many. */
static void
test_fair (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  guint counts[N] = { 0 };

  for (guint i = 0; i < N_PICKS; i++)
    counts[pick (fixture, i % 2 == 0 ? 0 : 1U << 2, fixture->request, fixture->random)]++;
  for (guint i = 0; i < N; i++)
    g_assert_cmpuint (counts[i], >, N_PICKS / (N + 1));
  g_assert_cmpint (ABS ((int) counts[0] - (int) counts[1]), <=, N_PICKS / 50);
  memset (counts, 0, sizeof counts);
  for (guint i = 0; i < N_PICKS; i++)
    counts[pick (fixture, 1U << g_rand_int_range (fixture->random, 0, N), fixture->request,
                 fixture->random)]++;
  for (guint i = 0; i < N; i++)
    g_assert_cmpint (ABS ((int) counts[i] - N_PICKS / N), <=, N_PICKS / 20);
}

typedef struct
{
  Fixture *fixture; /* (unowned) */
  guint counts[N_THREADS][N];
} Tally;

static void
pick_in_thread (guint number, gpointer user_data)
{
  Tally *tally = user_data;
  g_autoptr (GRand) random = g_rand_new_with_seed (number);

  for (guint i = 0; i < N_PICKS / N_THREADS; i++)
    tally->counts[number][pick (tally->fixture, 0, tally->fixture->request, random)]++;
}

/* Turns are exact, whatever threads take them. */
static void
test_threads (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  Tally tally = { .fixture = fixture };

  fixture_run_threads (N_THREADS, pick_in_thread, &tally);
  for (guint i = 0; i < N; i++)
    {
      guint sum = 0;

      for (guint number = 0; number < N_THREADS; number++)
        sum += tally.counts[number][i];
      g_assert_cmpuint (sum, ==, N_PICKS / N);
    }
}

/* Of those that are free each has its probability in proportion. */
static void
test_renormalised (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const double shares[] = { 0.1 / 0.6, 0.2 / 0.6, 0.3 / 0.6 };
  guint counts[N] = { 0 };

  for (guint i = 0; i < N_PICKS; i++)
    counts[pick (fixture, 1U << 3, fixture->request, fixture->random)]++;
  g_assert_cmpuint (counts[3], ==, 0);
  assert_chi_square (counts, shares, 3);
}

/* A key whose container is full goes to its next one, always the same; then home again. */
static void
test_next_choice (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  guint n_next[N] = { 0 };

  for (guint key = 0; key < 400; key++)
    {
      g_autofree char *instances = g_strdup_printf ("[%u.5]", key);
      g_autoptr (DispRequest) request = fixture_request ("m", 1, instances);
      guint home = pick (fixture, 0, request, fixture->random);
      guint next = pick (fixture, 1U << home, request, fixture->random);

      g_assert_cmpuint (next, !=, home);
      g_assert_cmpuint (pick (fixture, 1U << home, request, fixture->random), ==, next);
      g_assert_cmpuint (pick (fixture, 1U << next, request, fixture->random), ==, home);
      g_assert_cmpuint (pick (fixture, 0, request, fixture->random), ==, home);
      n_next[next]++;
    }
  for (guint i = 0; i < N; i++)
    g_assert_cmpuint (n_next[i], >, 50);
}

static void
end (Fixture *fixture, guint place, DispOutcome outcome, gint64 duration)
{
  disp_stats_end (fixture->route->eligible[place]->stats, outcome, duration);
  disp_policy_request_finished (fixture->policy, fixture->route->eligible[place], outcome,
                                duration);
}

static void
begin (Fixture *fixture, guint place)
{
  disp_stats_begin (fixture->route->eligible[place]->stats);
  disp_policy_request_started (fixture->policy, fixture->route->eligible[place]);
}

/* What is not known is tried by one request, also when it comes and goes; and one that says that it
 * is busy, as fast as it may, is not tried more often for that. */
static void
test_exploring (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  guint n_busy = 0;

  for (guint i = 0; i < N - 1; i++)
    {
      begin (fixture, i);
      end (fixture, i, DISP_OUTCOME_SUCCESS, 1000);
    }
  for (guint i = 0; i < N_PICKS; i++)
    {
      guint place = pick (fixture, i % 2 == 0 ? 0 : 1U << 3, fixture->request, fixture->random);

      begin (fixture, place);
      n_busy += place == 3;
      end (fixture, place, place == 3 ? DISP_OUTCOME_BUSY : DISP_OUTCOME_SUCCESS,
           place == 3 ? 100 : 1000);
    }
  g_assert_cmpuint (n_busy, >=, 1);
  g_assert_cmpuint (n_busy, <=, N_PICKS / 256);
  /* While one waits for its answer no other goes there to try it. */
  begin (fixture, 3);
  for (guint i = 0; i < N_PICKS; i++)
    g_assert_cmpuint (pick (fixture, 0, fixture->request, fixture->random), !=, 3);
  end (fixture, 3, DISP_OUTCOME_SUCCESS, 5000);
}

#define ADD(path, policy, function)                                                                \
  g_test_add ("/core/subsets/" path, Fixture, policy, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("one-full", "round-robin", test_one_full);
  ADD ("fair", "round-robin", test_fair);
  ADD ("threads", "round-robin", test_threads);
  ADD ("renormalised", "probabilities", test_renormalised);
  ADD ("next-choice", "sticky", test_next_choice);
  ADD ("exploring-fastest", "fastest", test_exploring);
  ADD ("exploring-sla", "sla", test_exploring);
  return g_test_run ();
}
