/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/routing.h"
#include "support/fixtures.h"

#define N_THREADS 8
#define N_ROUNDS 3000

/* Three containers; in the counts nothing is known of the third. */
typedef struct
{
  DispFleet *fleet;       /* (owned) */
  const DispRoute *route; /* (owned by fleet) */
  DispShadow *shadow;     /* (owned) */
  DispRequest *request;   /* (owned) */
  GRand *random;          /* (owned) */
} Fixture;

static const gint64 durations[] = { 1000, 3000 };

static DispPolicySpec *
spec_new (const char *name)
{
  g_autoptr (GError) error = NULL;
  DispPolicySpec *spec = disp_policy_spec_new (name, NULL, &error);

  g_assert_no_error (error);
  return spec;
}

static DispFleet *
fleet_new (DispFleet *previous)
{
  return fixture_fleet (previous, NULL, fixture_container ("a", "m", 1, DISP_DEVICE_CPU, 2),
                        fixture_container ("b", "m", 1, DISP_DEVICE_CPU, 1),
                        fixture_container ("c", "m", 1, DISP_DEVICE_CPU, 0.5), NULL);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (DispPolicySpec) spec = spec_new (data);

  fixture->fleet = fleet_new (NULL);
  fixture->route = fixture_find (fixture->fleet, "m", 1);
  fixture->shadow = disp_shadow_new (spec, "m");
  fixture->request = fixture_request ("m", 1, "[1.0]");
  fixture->random = g_rand_new_with_seed (1);
  disp_shadow_set_route (fixture->shadow, fixture->route);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  disp_shadow_unref (fixture->shadow);
  disp_fleet_unref (fixture->fleet);
  disp_request_unref (fixture->request);
  g_rand_free (fixture->random);
}

/* One attempt that really happens, with its container for itself. */
static void
serve (Fixture *fixture, guint index, gint64 duration)
{
  const DispContainer *container = fixture->route->eligible[index];

  disp_stats_begin (container->stats);
  disp_shadow_started (fixture->shadow, container);
  disp_stats_end (container->stats, DISP_OUTCOME_SUCCESS, duration);
  disp_shadow_finished (fixture->shadow, container, DISP_OUTCOME_SUCCESS, duration);
}

static void
learn (Fixture *fixture)
{
  for (guint i = 0; i < G_N_ELEMENTS (durations); i++)
    serve (fixture, i, durations[i]);
}

static guint
decide (Fixture *fixture, guint n_candidates, guint chosen)
{
  return disp_shadow_decide (fixture->shadow, fixture->route->eligible, n_candidates,
                             fixture->request, fixture->random, chosen);
}

static void
assert_counts (Fixture *fixture, guint64 decisions, guint64 disagreements, guint64 unknown,
               guint64 gain, guint64 loss)
{
  DispShadowCounts counts = { 0 };

  disp_shadow_add_counts (fixture->shadow, &counts);
  g_assert_cmpuint (counts.decisions, ==, decisions);
  g_assert_cmpuint (counts.disagreements, ==, disagreements);
  g_assert_cmpuint (counts.unknown, ==, unknown);
  g_assert_cmpuint (counts.gain, ==, gain);
  g_assert_cmpuint (counts.loss, ==, loss);
}

/* What would have been done sooner is gained, by what is in flight at the time. */
static void
test_gain (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  learn (fixture);
  g_assert_cmpuint (decide (fixture, 2, 1), ==, 0);
  assert_counts (fixture, 1, 1, 0, 2000, 0);
  disp_stats_begin (fixture->route->eligible[1]->stats);
  g_assert_cmpuint (decide (fixture, 2, 1), ==, 0);
  assert_counts (fixture, 2, 2, 0, 7000, 0);
  g_assert_cmpuint (decide (fixture, 2, 0), ==, 0);
  assert_counts (fixture, 3, 2, 0, 7000, 0);
}

/* A shadow that chooses worse loses as much. */
static void
test_loss (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  learn (fixture);
  for (guint i = 0; i < 10; i++)
    decide (fixture, 2, 0);
  assert_counts (fixture, 10, 5, 0, 0, 10000);
}

/* A failing container is expected to take what it took when it answered. */
static void
test_failing (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  const DispContainer *container = fixture->route->eligible[1];

  learn (fixture);
  for (guint i = 0; i < 5; i++)
    {
      disp_stats_begin (container->stats);
      disp_shadow_started (fixture->shadow, container);
      disp_stats_end (container->stats, DISP_OUTCOME_FAILURE, 7);
      disp_shadow_finished (fixture->shadow, container, DISP_OUTCOME_FAILURE, 7);
    }
  g_assert_cmpuint (decide (fixture, 2, 1), ==, 0);
  assert_counts (fixture, 1, 1, 0, 2000, 0);
}

/* Where nothing is known of one of both, nothing is said of the time. */
static void
test_unknown (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_assert_cmpuint (decide (fixture, 2, 1), ==, 0);
  assert_counts (fixture, 1, 1, 1, 0, 0);
  learn (fixture);
  g_assert_cmpuint (decide (fixture, 3, 2), ==, 0);
  assert_counts (fixture, 2, 2, 2, 0, 0);
  serve (fixture, 2, 500);
  g_assert_cmpuint (decide (fixture, 3, 2), ==, 0);
  assert_counts (fixture, 3, 3, 2, 0, 500);
}

/* One alone is no choice; and what the shadow decides changes nothing. */
static void
test_no_effect (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  DispStatsValues values;

  g_assert_cmpuint (decide (fixture, 1, 0), ==, 0);
  assert_counts (fixture, 0, 0, 0, 0, 0);
  for (guint i = 0; i < 30; i++)
    decide (fixture, 3, i % 3);
  for (guint i = 0; i < 3; i++)
    {
      disp_stats_read (fixture->route->eligible[i]->stats, &values);
      g_assert_cmpuint (values.started, ==, 0);
      g_assert_cmpint (values.in_flight, ==, 0);
      g_assert_cmpuint (disp_capacity_get_taken (fixture->route->eligible[i]->capacity), ==, 0);
    }
}

static void
press_in_thread (guint number, gpointer user_data)
{
  Fixture *fixture = user_data;
  g_autoptr (GRand) random = g_rand_new_with_seed (number);

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      guint chosen = (i + number) % 3;
      DispContainer *container = fixture->route->eligible[chosen];
      const gint64 duration = 100 * (gint64) (chosen + 1);

      disp_shadow_decide (fixture->shadow, fixture->route->eligible, 3, fixture->request, random,
                          chosen);
      disp_stats_begin (container->stats);
      disp_shadow_started (fixture->shadow, container);
      disp_stats_end (container->stats, DISP_OUTCOME_SUCCESS, duration);
      disp_shadow_finished (fixture->shadow, container, DISP_OUTCOME_SUCCESS, duration);
      /* One of them is the main thread, as far as the shadow is concerned. */
      if (number == 0 && i % 100 == 0)
        disp_shadow_set_route (fixture->shadow, fixture->route);
    }
}

static void
test_threads (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  DispShadowCounts counts = { 0 };

  fixture_run_threads (N_THREADS, press_in_thread, fixture);
  disp_shadow_add_counts (fixture->shadow, &counts);
  g_assert_cmpuint (counts.decisions, ==, N_THREADS * N_ROUNDS);
  g_assert_cmpuint (counts.disagreements, >, 0);
  g_assert_cmpuint (counts.disagreements, <, N_THREADS * N_ROUNDS);
  g_assert_cmpuint (counts.unknown, <=, counts.disagreements);
  g_assert_cmpuint (counts.gain + counts.loss, >, 0);
}

static DispShadow *
shadow_of (DispRouting *routing, const char *model)
{
  return disp_routing_get_shadow (routing,
                                  fixture_find (disp_routing_get_fleet (routing), model, 1));
}

/* Puts a routing with @policies in the place of @routing. */
static void
replace (DispRouting **routing, DispFleet *fleet, DispPolicies *policies)
{
  DispRouting *previous = *routing;

  *routing = disp_routing_new (fleet, policies, previous);
  g_clear_pointer (&previous, disp_routing_unref);
}

static guint64
count (DispRouting *routing, const char *model)
{
  DispShadowCounts counts;

  disp_routing_count_shadow (routing, model, &counts);
  return counts.decisions;
}

/* It goes on over new fleets, and begins anew when it or the policy beside it is another. */
static void
test_routing (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (DispPolicySpec) round_robin = spec_new ("round-robin");
  g_autoptr (DispPolicySpec) random = spec_new ("random");
  g_autoptr (DispPolicySpec) same = spec_new ("random");
  g_autoptr (DispPolicies) plain = disp_policies_new (round_robin);
  g_autoptr (DispPolicies) shaded = disp_policies_configure_shadow (plain, random);
  g_autoptr (DispPolicies) set = disp_policies_set_shadow (shaded, same);
  g_autoptr (DispPolicies) changed = disp_policies_configure (shaded, random);
  g_autoptr (DispFleet) next = fleet_new (fixture->fleet);
  g_autoptr (DispRouting) routing = NULL;
  DispShadow *shadow;

  replace (&routing, fixture->fleet, plain);
  g_assert_null (shadow_of (routing, "m"));
  g_assert_cmpuint (count (routing, NULL), ==, 0);
  replace (&routing, fixture->fleet, shaded);
  shadow = shadow_of (routing, "m");
  disp_shadow_decide (shadow, fixture->route->eligible, 3, fixture->request, fixture->random, 0);
  replace (&routing, next, shaded);
  g_assert_true (shadow_of (routing, "m") == shadow);
  replace (&routing, next, set);
  g_assert_true (shadow_of (routing, "m") == shadow);
  g_assert_cmpuint (count (routing, NULL), ==, 1);
  g_assert_cmpuint (count (routing, "m"), ==, 1);
  g_assert_cmpuint (count (routing, "n"), ==, 0);
  replace (&routing, next, changed);
  g_assert_nonnull (shadow_of (routing, "m"));
  g_assert_cmpuint (count (routing, NULL), ==, 0);
}

#define ADD(path, policy, function)                                                                \
  g_test_add ("/core/shadow/" path, Fixture, policy, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("gain", "least-loaded", test_gain);
  ADD ("loss", "round-robin", test_loss);
  ADD ("failing", "least-loaded", test_failing);
  ADD ("unknown", "least-loaded", test_unknown);
  ADD ("no-effect", "fastest", test_no_effect);
  ADD ("threads", "fastest", test_threads);
  ADD ("routing", "random", test_routing);
  return g_test_run ();
}
