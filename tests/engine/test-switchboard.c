/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/rig.h"
#include "support/fixtures.h"
#include "support/watcher.h"

#include <stdatomic.h>
#include <stdbool.h>

#define CPU(name, model, version, quota)                                                           \
  fixture_container (name, model, version, DISP_DEVICE_CPU, quota)
#define N_READERS 4
#define N_SWAPS 2000

typedef struct
{
  FakeClock *clock;      /* (owned) */
  FakeSink *sink;        /* (owned) */
  DispSwitchboard *self; /* (owned) */
} Fixture;

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (DispPolicySpec) policy = rig_policy ("round-robin");

  fixture->clock = fake_clock_new ();
  fixture->sink = fake_sink_new ();
  fixture->self = disp_switchboard_new (
      DISP_CLOCK (fixture->clock), DISP_RECORD_SINK (fixture->sink), NULL, policy, &rig_settings);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_assert_finalize_object (fixture->self);
  g_assert_finalize_object (fixture->sink);
  g_assert_finalize_object (fixture->clock);
}

static void
test_parts (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (DispEngineSettings) settings = disp_switchboard_ref_settings (fixture->self);
  DispStatsValues values;

  g_assert_true (disp_switchboard_get_clock (fixture->self) == DISP_CLOCK (fixture->clock));
  g_assert_true (disp_switchboard_get_sink (fixture->self) == DISP_RECORD_SINK (fixture->sink));
  g_assert_true (disp_retry_budget_take (disp_switchboard_get_retry_budget (fixture->self), 0));
  disp_retry_budget_give (disp_switchboard_get_retry_budget (fixture->self));
  g_assert_cmpint (settings->timeout, ==, RIG_TIMEOUT);
  g_assert_true (settings != &rig_settings);
  disp_stats_read (disp_switchboard_get_totals (fixture->self), &values);
  g_assert_cmpuint (values.started, ==, 0);
  g_assert_null (disp_switchboard_ref_routing (fixture->self));
  g_assert_cmpstr (disp_switchboard_get_policy_name (fixture->self), ==, "round-robin");
  g_assert_cmpint (disp_switchboard_get_uptime (fixture->self), ==, 0);
  fake_clock_advance (fixture->clock, 90 * G_USEC_PER_SEC);
  g_assert_cmpint (disp_switchboard_get_uptime (fixture->self), ==, 90 * G_USEC_PER_SEC);
}

static void
assert_status (Fixture *fixture, DispStatus status, const char *name, const char *problem)
{
  g_autofree char *found = NULL;

  g_assert_cmpint (disp_switchboard_get_status (fixture->self, &found), ==, status);
  g_assert_cmpstr (found, ==, problem);
  g_assert_cmpint (disp_switchboard_get_status (fixture->self, NULL), ==, status);
  g_assert_cmpstr (disp_status_to_string (status), ==, name);
}

static void
test_status (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, "m:1", CPU ("a", "m", 1, 1), NULL);

  assert_status (fixture, DISP_STATUS_STARTING, "starting", NULL);
  disp_switchboard_set_fleet_problem (fixture->self, "no such file");
  assert_status (fixture, DISP_STATUS_STARTING, "starting", NULL);
  g_assert_cmpuint (disp_switchboard_get_n_workers (fixture->self), ==, 0);
  disp_switchboard_set_serving (fixture->self, 3);
  g_assert_cmpuint (disp_switchboard_get_n_workers (fixture->self), ==, 3);
  assert_status (fixture, DISP_STATUS_DEGRADED, "degraded", "no such file");
  disp_switchboard_set_fleet_problem (fixture->self, NULL);
  assert_status (fixture, DISP_STATUS_DEGRADED, "degraded", "no fleet is known yet");
  disp_switchboard_set_fleet (fixture->self, fleet);
  assert_status (fixture, DISP_STATUS_RUNNING, "running", NULL);
  /* the source breaks, the fleet stays */
  disp_switchboard_set_fleet_problem (fixture->self, "connection refused");
  fake_sink_set_problem (fixture->sink, "the disk is full");
  assert_status (fixture, DISP_STATUS_DEGRADED, "degraded", "connection refused");
  disp_switchboard_set_fleet_problem (fixture->self, NULL);
  assert_status (fixture, DISP_STATUS_DEGRADED, "degraded", "the disk is full");
  fake_sink_set_problem (fixture->sink, NULL);
  assert_status (fixture, DISP_STATUS_RUNNING, "running", NULL);
  fake_sink_set_problem (fixture->sink, "again");
  disp_switchboard_set_draining (fixture->self);
  assert_status (fixture, DISP_STATUS_DRAINING, "draining", NULL);
}

/* Who watches hears of each change; not of what stays as it is. */
static void
test_watch (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, "m:1", CPU ("a", "m", 1, 1), NULL);
  g_autoptr (DispPolicySpec) random = rig_policy ("random");
  Watcher watcher;

  watcher_init (&watcher, disp_switchboard_get_notice (fixture->self));
  disp_switchboard_set_policy (fixture->self, NULL, random);
  g_assert_cmpuint (watcher_take (&watcher), ==, 1);
  disp_switchboard_set_fleet (fixture->self, fleet);
  g_assert_cmpuint (watcher_take (&watcher), ==, 1);
  disp_switchboard_set_fleet_problem (fixture->self, "no such file");
  g_assert_cmpuint (watcher_take (&watcher), ==, 1);
  disp_switchboard_set_fleet_problem (fixture->self, "no such file");
  g_assert_cmpuint (watcher_take (&watcher), ==, 0);
  disp_switchboard_set_serving (fixture->self, 1);
  g_assert_cmpuint (watcher_take (&watcher), ==, 1);
  disp_switchboard_set_draining (fixture->self);
  g_assert_cmpuint (watcher_take (&watcher), ==, 1);
  watcher_clear (&watcher);
}

static gboolean
count (gpointer user_data)
{
  (*(guint *) user_data)++;
  return G_SOURCE_CONTINUE;
}

static void
test_touch (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  guint n = 0;

  disp_switchboard_watch (fixture->self, count, &n);
  disp_switchboard_touch (fixture->self);
  disp_switchboard_touch (fixture->self);
  rig_turn ();
  g_assert_cmpuint (n, ==, 1);
  disp_switchboard_unwatch (fixture->self, &n);
  disp_switchboard_touch (fixture->self);
  rig_turn ();
  g_assert_cmpuint (n, ==, 1);
}

static void
test_draining_before_serving (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  disp_switchboard_set_draining (fixture->self);
  assert_status (fixture, DISP_STATUS_DRAINING, "draining", NULL);
}

static void
assert_routing (Fixture *fixture, DispFleet *fleet, DispPolicySpec *policy)
{
  g_autoptr (DispRouting) routing = disp_switchboard_ref_routing (fixture->self);

  g_assert_true (disp_routing_get_fleet (routing) == fleet);
  g_assert_true (disp_policies_get (disp_routing_get_policies (routing), NULL) == policy);
  g_assert_cmpstr (disp_switchboard_get_policy_name (fixture->self), ==,
                   disp_policy_spec_get_name (policy));
}

static void
test_set_policy (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (DispPolicySpec) random = rig_policy ("random");
  g_autoptr (DispPolicySpec) probabilities = rig_policy ("probabilities");
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, "m:1", CPU ("a", "m", 1, 1), NULL);
  g_autoptr (DispFleet) next = fixture_fleet (fleet, "m:1", CPU ("a", "m", 1, 1), NULL);

  disp_switchboard_set_policy (fixture->self, NULL, random);
  g_assert_null (disp_switchboard_ref_routing (fixture->self));
  g_assert_cmpstr (disp_switchboard_get_policy_name (fixture->self), ==, "random");
  disp_switchboard_set_fleet (fixture->self, fleet);
  assert_routing (fixture, fleet, random);
  disp_switchboard_set_policy (fixture->self, NULL, probabilities);
  assert_routing (fixture, fleet, probabilities);
  disp_switchboard_set_fleet (fixture->self, next);
  assert_routing (fixture, next, probabilities);
  disp_switchboard_set_policy (fixture->self, NULL, probabilities);
  assert_routing (fixture, next, probabilities);
  disp_switchboard_set_fleet (fixture->self, next);
  assert_routing (fixture, next, probabilities);
}

/* What was entered before a change stays as it was; what is entered after it has all of it. */
static void
test_change (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (DispPolicySpec) random = rig_policy ("random");
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, "m:1", CPU ("a", "m", 1, 1), NULL);
  g_autoptr (DispRouting) routing = NULL;
  g_autoptr (DispRouting) routing_after = NULL;
  g_autoptr (DispEngineSettings) settings = NULL;
  g_autoptr (DispEngineSettings) settings_after = NULL;
  DispEngineSettings changed = rig_settings;

  disp_switchboard_enter (fixture->self, &routing, &settings);
  g_assert_null (routing);
  changed.timeout = 1;
  disp_switchboard_change (fixture->self, fleet, random, &changed);
  disp_switchboard_enter (fixture->self, &routing_after, &settings_after);
  assert_routing (fixture, fleet, random);
  g_assert_true (disp_routing_get_fleet (routing_after) == fleet);
  g_assert_cmpint (settings->timeout, ==, RIG_TIMEOUT);
  g_assert_cmpint (settings_after->timeout, ==, 1);
  disp_switchboard_change (fixture->self, NULL, random, NULL);
  g_assert_null (disp_switchboard_ref_routing (fixture->self));
  g_clear_pointer (&settings, disp_engine_settings_unref);
  settings = disp_switchboard_ref_settings (fixture->self);
  g_assert_true (settings == settings_after);
}

/* It is told, and is no reason to be degraded. */
static void
test_reload_problem (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, "m:1", CPU ("a", "m", 1, 1), NULL);
  g_autofree char *problem = NULL;

  disp_switchboard_set_serving (fixture->self, 1);
  disp_switchboard_set_fleet (fixture->self, fleet);
  g_assert_null (disp_switchboard_dup_reload_problem (fixture->self));
  disp_switchboard_set_reload_problem (fixture->self, "no such key");
  problem = disp_switchboard_dup_reload_problem (fixture->self);
  g_assert_cmpstr (problem, ==, "no such key");
  assert_status (fixture, DISP_STATUS_RUNNING, "running", NULL);
  disp_switchboard_set_reload_problem (fixture->self, NULL);
  g_assert_null (disp_switchboard_dup_reload_problem (fixture->self));
}

/* The turns of round robin go on over a change of the fleet, and begin anew with a new policy. */
static void
test_turns (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GString) picked = g_string_new (NULL);
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  g_autoptr (DispRequest) request = fixture_request ("m", 1, "[]");
  g_autoptr (DispPolicySpec) again = rig_policy ("round-robin");
  g_autoptr (DispPolicySpec) random_policy = rig_policy ("random");
  g_autoptr (DispFleet) fleet = NULL;

  for (guint i = 0; i < 12; i++)
    {
      g_autoptr (DispRouting) routing = NULL;
      const DispRoute *route;
      guint index;

      if (i % 4 == 0)
        {
          g_autoptr (DispFleet) previous = g_steal_pointer (&fleet);

          fleet = fixture_fleet (previous, NULL, CPU ("a", "m", 1, 1), CPU ("b", "m", 1, 1),
                                 CPU ("c", "m", 1, 1), NULL);
          disp_switchboard_set_fleet (fixture->self, fleet);
        }
      /* The very same policy changes nothing; after another one it begins anew. */
      if (i == 5)
        disp_switchboard_set_policy (fixture->self, NULL, again);
      if (i == 8)
        {
          disp_switchboard_set_policy (fixture->self, NULL, random_policy);
          disp_switchboard_set_policy (fixture->self, NULL, again);
        }
      routing = disp_switchboard_ref_routing (fixture->self);
      route = fixture_find (disp_routing_get_fleet (routing), "m", 1);
      index = disp_policy_select (disp_routing_get_policy (routing, route), route->eligible,
                                  route->n_eligible, request, random);
      g_string_append (picked, route->eligible[index]->name);
    }
  g_assert_cmpstr (picked->str, ==, "abcabcababca");
}

typedef struct
{
  DispSwitchboard *switchboard;   /* (unowned) */
  atomic_bool stop;               /* (atomic) */
  atomic_uint n_reads[N_READERS]; /* (atomic) */
  DispFleet *fleets[2];           /* (owned) */
} Swapping;

/* What a worker and the status page do, over and over, while all changes under them. */
static void
read_all (DispSwitchboard *switchboard, GRand *random, const DispRequest *request)
{
  g_autoptr (DispRouting) routing = NULL;
  g_autoptr (DispEngineSettings) settings = NULL;
  g_autofree char *problem = NULL;
  const DispRoute *route;
  guint index;
  const char *name;

  disp_switchboard_enter (switchboard, &routing, &settings);
  g_assert_nonnull (routing);
  g_assert_true (settings->timeout == RIG_TIMEOUT
                 || g_str_equal (disp_policy_spec_get_name (
                                     disp_policies_get (disp_routing_get_policies (routing), NULL)),
                                 settings->retry_after == 0 ? "random" : "round-robin"));
  route = fixture_find (disp_routing_get_fleet (routing), "m", 1);
  index = disp_policy_select (disp_routing_get_policy (routing, route), route->eligible,
                              route->n_eligible, request, random);
  g_assert_cmpuint (index, <, route->n_eligible);
  name = disp_switchboard_get_policy_name (switchboard);
  g_assert_true (g_str_equal (name, "random") || g_str_equal (name, "round-robin"));
  if (disp_switchboard_get_status (switchboard, &problem) == DISP_STATUS_DEGRADED)
    g_assert_true (g_str_equal (problem, "source") || g_str_equal (problem, "sink"));
}

static void
swap_all (Swapping *swapping, FakeSink *sink)
{
  g_autoptr (DispPolicySpec) random = rig_policy ("random");
  g_autoptr (DispPolicySpec) round_robin = rig_policy ("round-robin");
  DispEngineSettings settings = { .timeout = 1 };

  for (guint i = 0; i < N_SWAPS; i++)
    {
      g_autoptr (DispFleet) fleet = fixture_fleet (
          swapping->fleets[i % 2], NULL, CPU ("a", "m", 1, i % 3), CPU ("b", "m", 1, 1), NULL);

      settings.retry_after = i % 2;
      disp_switchboard_change (swapping->switchboard, fleet, i % 2 == 0 ? random : round_robin,
                               &settings);
      disp_switchboard_set_fleet_problem (swapping->switchboard, i % 5 == 0 ? "source" : NULL);
      fake_sink_set_problem (sink, i % 7 == 0 ? "sink" : NULL);
    }
}

static void
swap_or_read (guint number, gpointer user_data)
{
  Swapping *swapping = user_data;
  g_autoptr (GRand) random = g_rand_new_with_seed (number);
  g_autoptr (DispRequest) request = fixture_request ("m", 1, "[]");

  if (number == N_READERS)
    {
      gboolean all = FALSE;

      swap_all (swapping, FAKE_SINK (disp_switchboard_get_sink (swapping->switchboard)));
      while (!all)
        {
          all = TRUE;
          for (guint i = 0; i < N_READERS; i++)
            all = all && atomic_load (&swapping->n_reads[i]) > 0;
          g_thread_yield ();
        }
      atomic_store (&swapping->stop, true);
      return;
    }
  while (!atomic_load (&swapping->stop))
    {
      read_all (swapping->switchboard, random, request);
      atomic_fetch_add (&swapping->n_reads[number], 1);
    }
}

/* The readers never see half a change, nor what is freed. */
static void
test_swaps (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  Swapping swapping = { .switchboard = fixture->self };

  for (guint i = 0; i < 2; i++)
    swapping.fleets[i] = fixture_fleet (NULL, NULL, CPU ("b", "m", 1, 1), NULL);
  disp_switchboard_set_serving (fixture->self, 1);
  disp_switchboard_set_fleet (fixture->self, swapping.fleets[0]);
  fixture_run_threads (N_READERS + 1, swap_or_read, &swapping);
  for (guint i = 0; i < 2; i++)
    disp_fleet_unref (swapping.fleets[i]);
}

#define ADD(path, function)                                                                        \
  g_test_add ("/engine/switchboard/" path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("parts", test_parts);
  ADD ("status", test_status);
  ADD ("watch", test_watch);
  ADD ("touch", test_touch);
  ADD ("draining-before-serving", test_draining_before_serving);
  ADD ("set-policy", test_set_policy);
  ADD ("change", test_change);
  ADD ("reload-problem", test_reload_problem);
  ADD ("turns", test_turns);
  ADD ("swaps", test_swaps);
  return g_test_run ();
}
