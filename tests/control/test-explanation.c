/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/explanation.h"

#include "control/bus-fixture.h"
#include "core/place.h"
#include "engine/rig.h"
#include "support/fixtures.h"

#define CPU(name, model, version, quota)                                                           \
  fixture_container (name, model, version, DISP_DEVICE_CPU, quota)

/* Returns what Explain() says of a model, a line for each container. */
static char *
explain (BusFixture *fixture, const char *model)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) list = NULL;
  GString *text = g_string_new (NULL);
  const char *policy;

  disp_bus_service_look (fixture->service);
  reply = bus_fixture_call (fixture, DISP_BUS_PATH, ROOT ".Explain", g_variant_new ("(s)", model),
                            &error);
  g_assert_no_error (error);
  g_variant_get (reply, "(&s@aa{sv})", &policy, &list);
  g_string_append_printf (text, "%s\n", policy);
  for (guint i = 0; i < g_variant_n_children (list); i++)
    {
      g_autoptr (GVariant) entry = g_variant_get_child_value (list, i);
      const char *container;
      const char *path;
      const char *reason;
      const char *explanation;
      const char *health;
      gint64 version;
      gboolean is_eligible;
      gboolean is_next;
      double quota;
      double chance;
      guint32 in_flight;
      guint64 latency;

      g_assert_cmpuint (g_variant_n_children (entry), ==, 17);
      g_assert_true (g_variant_lookup (entry, "container", "&s", &container));
      g_assert_true (g_variant_lookup (entry, "path", "&o", &path));
      g_assert_true (g_variant_lookup (entry, "version", "x", &version));
      g_assert_true (g_variant_lookup (entry, "eligible", "b", &is_eligible));
      g_assert_true (g_variant_lookup (entry, "reason", "&s", &reason));
      g_assert_true (g_variant_lookup (entry, "explanation", "&s", &explanation));
      g_assert_true (g_variant_lookup (entry, "health", "&s", &health));
      g_assert_true (g_variant_lookup (entry, "quota", "d", &quota));
      g_assert_true (g_variant_lookup (entry, "in-flight", "u", &in_flight));
      g_assert_true (g_variant_lookup (entry, "latency", "t", &latency));
      g_assert_true (g_variant_lookup (entry, "chance", "d", &chance));
      g_assert_true (g_variant_lookup (entry, "next", "b", &is_next));
      g_assert_true (g_str_has_prefix (path, DISP_BUS_PATH "/container/"));
      g_assert_cmpint (is_next, ==, chance >= 1);
      g_assert_true (is_eligible || *reason != '\0');
      g_assert_true (*reason == '\0' || chance == 0 || g_str_equal (health, "busy"));
      g_string_append_printf (
          text, "%s %" G_GINT64_FORMAT " %g %u %" G_GUINT64_FORMAT " %g %s: %s\n", container,
          version, quota, in_flight, latency, chance, reason, explanation);
    }
  return g_string_free (text, FALSE);
}

static void
assert_explained (BusFixture *fixture, const char *model, const char *expected)
{
  g_autofree char *found = explain (fixture, model);

  g_assert_cmpstr (found, ==, expected);
}

static void
test_reasons (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  DispContainer *stopped = CPU ("stopped", "m", 1, 5);
  DispContainer *drained = CPU ("drained", "m", 1, 5);
  DispContainer *unused_quota = CPU ("own", "m", 1, 0);
  DispContainer *busy = CPU ("busy", "m", 1, 5);
  g_autoptr (DispFleet) fleet = NULL;

  stopped->active = FALSE;
  drained->drained = TRUE;
  unused_quota->own_quota = TRUE;
  unused_quota->source_quota = 7;
  for (guint i = 0; i < 3; i++)
    disp_stats_begin (busy->stats);
  disp_stats_end (busy->stats, DISP_OUTCOME_SUCCESS, 250);
  fleet = fixture_fleet (NULL, "m:1", stopped, drained, unused_quota, CPU ("none", "m", 1, 0), busy,
                         NULL);
  disp_switchboard_set_fleet (fixture->switchboard, fleet);
  assert_explained (
      fixture, "m",
      "round-robin\n"
      "stopped 1 5 0 0 0 inactive: the source of the fleet says that it does not run\n"
      "drained 1 5 0 0 0 drained: an operator drained it\n"
      "own 1 0 0 0 0 no-quota: an operator gave it quota 0\n"
      "none 1 0 0 0 0 no-quota: the source of the fleet gives it quota 0\n"
      "busy 1 5 2 250 1 : \n");
}

static void
test_versions (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, "m:1 n:1", CPU ("one", "m", 1, 1),
                                               CPU ("two", "m", 2, 1), CPU ("all", "all", 0, 1),
                                               CPU ("other", "n", 1, 1), NULL);

  disp_switchboard_set_fleet (fixture->switchboard, fleet);
  assert_explained (fixture, "m",
                    "round-robin\n"
                    "one 1 1 0 0 1 : \n"
                    "all 1 1 0 0 0 : \n"
                    "two 2 1 0 0 1 : \n"
                    "all 2 1 0 0 0 : \n");
}

static const DispRoute *
route_of (DispFleet *fleet)
{
  return fixture_find (fleet, "m", 1);
}

/* The numbers behind a choice: those of the policy "fastest", and what limits it. */
static void
test_numbers (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  DispContainer *slow = CPU ("slow", "m", 1, 2);
  g_autoptr (DispPolicySpec) fastest = disp_policy_spec_new ("fastest", NULL, NULL);
  g_autoptr (DispFleet) fleet = NULL;
  g_autoptr (DispRouting) routing = NULL;
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) list = NULL;
  const DispContainer *container;
  DispPolicy *policy;

  slow->max_in_flight = 7;
  fleet = fixture_fleet (NULL, "m:1", slow, CPU ("unknown", "m", 1, 1), CPU ("none", "m", 1, 0),
                         NULL);
  disp_switchboard_set_policy (fixture->switchboard, NULL, fastest);
  disp_switchboard_set_fleet (fixture->switchboard, fleet);
  disp_bus_service_look (fixture->service);
  routing = disp_switchboard_ref_routing (fixture->switchboard);
  container = route_of (fleet)->eligible[0];
  policy = disp_routing_get_policy (routing, route_of (fleet));
  disp_policy_request_started (policy, container);
  disp_policy_request_finished (policy, container, DISP_OUTCOME_SUCCESS, 3000);
  disp_stats_begin (container->stats);
  reply = bus_fixture_call (fixture, DISP_BUS_PATH, ROOT ".Explain", g_variant_new ("(s)", "m"),
                            NULL);
  g_assert_nonnull (reply);
  list = g_variant_get_child_value (reply, 1);
  for (guint i = 0; i < 3; i++)
    {
      static const double loads[] = { 1, 1, 0 };
      static const guint64 times[] = { 6000, 0, 0 };
      g_autoptr (GVariant) entry = g_variant_get_child_value (list, i);
      guint32 capacity;
      guint32 n_waiting;
      double load;
      guint64 expected;
      guint64 target;

      g_assert_true (g_variant_lookup (entry, "capacity", "u", &capacity));
      g_assert_true (g_variant_lookup (entry, "waiting", "u", &n_waiting));
      g_assert_true (g_variant_lookup (entry, "load", "d", &load));
      g_assert_true (g_variant_lookup (entry, "expected", "t", &expected));
      g_assert_true (g_variant_lookup (entry, "target", "t", &target));
      if (i == 0)
        g_assert_cmpuint (capacity, ==, 7);
      g_assert_cmpuint (capacity, >, 0);
      g_assert_cmpuint (n_waiting, ==, 0);
      g_assert_cmpfloat (load, ==, loads[i]);
      g_assert_cmpuint (expected, ==, times[i]);
      g_assert_cmpuint (target, ==, 0);
    }
  disp_stats_end (container->stats, DISP_OUTCOME_SUCCESS, 3000);
}

/* What Explain() says comes true. */
static void
test_round_robin (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, "m:1", CPU ("a", "m", 1, 1),
                                               CPU ("b", "m", 1, 1), CPU ("c", "m", 1, 1), NULL);
  g_autoptr (DispRequest) request = fixture_request ("m", 1, "[]");
  g_autoptr (GRand) random = g_rand_new ();

  disp_switchboard_set_fleet (fixture->switchboard, fleet);
  for (guint i = 0; i < 10; i++)
    {
      g_autoptr (DispRouting) routing = disp_switchboard_ref_routing (fixture->switchboard);
      const DispRoute *route = route_of (fleet);
      g_autofree char *text = explain (fixture, "m");
      guint chosen = disp_policy_select (disp_routing_get_policy (routing, route), route->eligible,
                                         route->n_eligible, request, random);
      g_autofree char *expected = g_strdup_printf (
          "round-robin\na 1 1 0 0 %d : \nb 1 1 0 0 %d : \nc 1 1 0 0 %d : \n", chosen == 0,
          chosen == 1, chosen == 2);

      g_assert_cmpstr (text, ==, expected);
    }
}

/* The health of a container, for a model. */
static void
assert_health (BusFixture *fixture, guint index, const char *expected)
{
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) list = NULL;
  g_autoptr (GVariant) entry = NULL;
  const char *health;

  reply = bus_fixture_call (fixture, DISP_BUS_PATH, ROOT ".Explain", g_variant_new ("(s)", "m"),
                            NULL);
  g_variant_get (reply, "(&s@aa{sv})", NULL, &list);
  entry = g_variant_get_child_value (list, index);
  g_assert_true (g_variant_lookup (entry, "health", "&s", &health));
  g_assert_cmpstr (health, ==, expected);
}

#define OUT "too many requests in a row failed there"

/* Who is not used since it does not do well has no chance, and it is said why. */
static void
test_health (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, "m:1", CPU ("a", "m", 1, 1),
                                               CPU ("b", "m", 1, 1), CPU ("c", "m", 1, 1), NULL);
  const DispRoute *route = route_of (fleet);
  gint64 now = disp_clock_now (DISP_CLOCK (fixture->clock));
  DispPlaceQuery query = { .max_in_flight = 4, .now = now };
  DispPlace place;

  disp_switchboard_set_fleet (fixture->switchboard, fleet);
  for (guint i = 0; i < DISP_HEALTH_MAX_FAILURES; i++)
    {
      g_assert_true (disp_place_take (&place, route, 0, &query));
      disp_place_give (&place, route, DISP_OUTCOME_FAILURE, 1, now);
    }
  assert_explained (fixture, "m",
                    "round-robin\n"
                    "a 1 1 0 0 0 ejected: " OUT "; it may be tried again in 30.0 s\n"
                    "b 1 1 0 0 1 : \n"
                    "c 1 1 0 0 0 : \n");
  assert_health (fixture, 0, "ejected");
  fake_clock_advance (fixture->clock, 30 * G_USEC_PER_SEC);
  query.now = now += 30 * G_USEC_PER_SEC;
  assert_health (fixture, 0, "probing");
  g_assert_true (disp_place_take (&place, route, 0, &query));
  assert_explained (fixture, "m",
                    "round-robin\n"
                    "a 1 1 0 0 0 probing: " OUT ", and another is trying it now\n"
                    "b 1 1 0 0 1 : \n"
                    "c 1 1 0 0 0 : \n");
  disp_place_give (&place, route, DISP_OUTCOME_CANCELLED, 1, now);
  disp_standing_set_available (route->standings[0], FALSE, now);
  assert_explained (fixture, "m",
                    "round-robin\n"
                    "a 1 1 0 0 0 unavailable: a check found that it does not serve the model\n"
                    "b 1 1 0 0 1 : \n"
                    "c 1 1 0 0 0 : \n");
  disp_standing_set_available (route->standings[0], TRUE, now);
  assert_health (fixture, 0, "slow-start");
}

/* While all are busy a request waits for one of them; without a place likewise. */
static void
test_busy (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, "m:1", CPU ("a", "m", 1, 1), NULL);
  g_autofree char *text = NULL;
  const DispRoute *route = route_of (fleet);
  gint64 now = disp_clock_now (DISP_CLOCK (fixture->clock));
  const DispPlaceQuery query = { .max_in_flight = 1, .now = now };
  DispPlace place;

  disp_switchboard_set_fleet (fixture->switchboard, fleet);
  g_assert_true (disp_place_take (&place, route, 0, &query));
  assert_explained (fixture, "m", "round-robin\na 1 1 0 0 1 : \n");
  disp_place_give (&place, route, DISP_OUTCOME_BUSY, 1, now);
  assert_health (fixture, 0, "busy");
  text = explain (fixture, "m");
  g_assert_true (g_str_has_prefix (text, "round-robin\na 1 1 0 0 1 busy: it said that it can take "
                                         "no more; it may be asked again in 0.0"));
}

static void
use_policy (BusFixture *fixture, const char *name, const char *options)
{
  g_autoptr (GVariant) parsed = g_variant_ref_sink (g_variant_new_parsed (options));
  g_autoptr (GError) error = NULL;
  g_autoptr (DispPolicySpec) spec = disp_policy_spec_new (name, parsed, &error);

  g_assert_no_error (error);
  disp_switchboard_set_policy (fixture->switchboard, NULL, spec);
}

static void
test_chances (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, "m:1", CPU ("a", "m", 1, 3),
                                               CPU ("b", "m", 1, 0), CPU ("c", "m", 1, 1), NULL);

  disp_switchboard_set_fleet (fixture->switchboard, fleet);
#define B "b 1 0 0 0 0 no-quota: the source of the fleet gives it quota 0\n"
  use_policy (fixture, "random", "@a{sv} {}");
  assert_explained (fixture, "m", "random\na 1 3 0 0 0.5 : \n" B "c 1 1 0 0 0.5 : \n");
  use_policy (fixture, "probabilities", "@a{sv} {}");
  assert_explained (fixture, "m", "probabilities\na 1 3 0 0 0.75 : \n" B "c 1 1 0 0 0.25 : \n");
  /* The part of what may not be used is shared in proportion. */
  use_policy (fixture, "probabilities", "{'m': <{'a': 0.1, 'b': 0.6, 'c': 0.3}>}");
  assert_explained (fixture, "m", "probabilities\na 1 3 0 0 0.25 : \n" B "c 1 1 0 0 0.75 : \n");
  use_policy (fixture, "probabilities", "{'m': <{'b': 1.0}>}");
  assert_explained (fixture, "m", "probabilities\na 1 3 0 0 0.5 : \n" B "c 1 1 0 0 0.5 : \n");
}

static void
test_unknown (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, "m:1", CPU ("a", "m", 1, 3), NULL);
  static const char *const names[] = { "org.dispatcherd.Error.NoFleet",
                                       "org.dispatcherd.Error.UnknownModel" };
  static const char *const words[] = { "no fleet is known yet",
                                       "the fleet has no model \"other\"" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) reply = bus_fixture_call (fixture, DISP_BUS_PATH, ROOT ".Explain",
                                                     g_variant_new ("(s)", "other"), &error);

      bus_assert_error (reply, error, names[i], words[i]);
      disp_switchboard_set_fleet (fixture->switchboard, fleet);
    }
}

#define ADD(name, function)                                                                        \
  g_test_add ("/control/explanation/" name, BusFixture, NULL, bus_fixture_set_up, function,        \
              bus_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  rig_catch_log ();
  ADD ("reasons", test_reasons);
  ADD ("versions", test_versions);
  ADD ("numbers", test_numbers);
  ADD ("round-robin", test_round_robin);
  ADD ("health", test_health);
  ADD ("busy", test_busy);
  ADD ("chances", test_chances);
  ADD ("unknown", test_unknown);
  return g_test_run ();
}
