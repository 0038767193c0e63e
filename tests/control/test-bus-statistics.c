/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/statistics.h"

#include "control/bus-fixture.h"
#include "control/subscriptions.h"
#include "engine/rig.h"
#include "support/fixtures.h"

#include <string.h>

#define INTERVAL (200 * G_TIME_SPAN_MILLISECOND)

static void
test_statistics (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (DispFleet) fleet = fixture_fleet (
      NULL, "m:1", fixture_container ("a", "m", 1, DISP_DEVICE_CPU, 0), NULL);
  DispStats *totals = disp_switchboard_get_totals (fixture->switchboard);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = NULL;
  g_autofree char *text = NULL;
  g_autofree char *expected = NULL;
  gint64 now = disp_clock_now (DISP_CLOCK (fixture->clock));
  gint64 uptime = disp_switchboard_get_uptime (fixture->switchboard);

  disp_switchboard_set_fleet (fixture->switchboard, fleet);
  disp_bus_service_look (fixture->service);
  for (guint i = 0; i < 4; i++)
    disp_stats_begin (totals);
  disp_stats_end (totals, DISP_OUTCOME_SUCCESS, 100);
  disp_stats_end (totals, DISP_OUTCOME_FAILURE, 100);
  disp_stats_end (totals, DISP_OUTCOME_CANCELLED, 100);
  reply = bus_fixture_call (fixture, DISP_BUS_PATH, ROOT ".GetStatistics", NULL, &error);
  g_assert_no_error (error);
  text = g_variant_print (reply, FALSE);
  expected = g_strdup_printf (
      "({'time': <uint64 %" G_GINT64_FORMAT ">, 'uptime': <uint64 %" G_GINT64_FORMAT ">, "
      "'in-flight': <uint32 1>, 'requests': <uint64 4>, 'succeeded': <uint64 1>, "
      "'failed': <uint64 1>, 'cancelled': <uint64 1>, 'latency': <uint64 100>, "
      "'latencies': <[(uint64 104, uint64 1)]>, "
      "'waiting': <uint32 0>, 'waited': <uint64 0>, 'refused': <uint64 0>, "
      "'records-pushed': <uint64 0>, "
      "'records-stored': <uint64 0>, 'records-queued': <uint64 0>, "
      "'records-queued-bytes': <uint64 0>, 'records-refused': <uint64 0>, "
      "'records-dropped': <uint64 0>, 'records-lost': <uint64 0>, "
      "'records-spooled': <uint64 0>, 'containers': <[{"
      "'path': <objectpath '/org/dispatcherd/Dispatcher1/container/a'>, 'container': <'a'>, "
      "'endpoint': <'http://127.0.0.1:1'>, 'in-flight': <uint32 0>, 'requests': <uint64 0>, "
      "'succeeded': <uint64 0>, "
      "'failed': <uint64 0>, 'cancelled': <uint64 0>, 'latency': <uint64 0>, "
      "'latencies': <@a(tt) []>, 'capacity': <uint32 1000>, 'quota': <0.0>, 'eligible': "
      "<false>}]>},)",
      now, uptime);
  g_assert_cmpstr (text, ==, expected);
  disp_stats_end (totals, DISP_OUTCOME_SUCCESS, 100);
}

/* How a shadow compares is told while there is one, of all models and of each. */
static void
test_shadow (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (DispFleet) fleet = fixture_fleet (
      NULL, NULL, fixture_container ("a", "m", 1, DISP_DEVICE_CPU, 2),
      fixture_container ("b", "m", 1, DISP_DEVICE_CPU, 1),
      fixture_container ("c", "n", 1, DISP_DEVICE_CPU, 1), NULL);
  const DispRoute *route = fixture_find (fleet, "m", 1);
  g_autoptr (DispPolicySpec) spec = disp_policy_spec_new ("least-loaded", NULL, NULL);
  g_autoptr (DispRequest) request = fixture_request ("m", 1, "[1.0]");
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  g_autoptr (DispRouting) routing = NULL;
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) statistics = NULL;
  g_autoptr (GVariant) shadow = NULL;
  g_autofree char *text = NULL;

  disp_switchboard_set_fleet (fixture->switchboard, fleet);
  disp_switchboard_configure_shadow (fixture->switchboard, spec);
  disp_bus_service_look (fixture->service);
  routing = disp_switchboard_ref_routing (fixture->switchboard);
  g_assert_cmpuint (disp_shadow_decide (disp_routing_get_shadow (routing, route), route->eligible,
                                        2, request, random, 1),
                    ==, 0);
  reply = bus_fixture_call (fixture, DISP_BUS_PATH, ROOT ".GetStatistics", NULL, NULL);
  statistics = g_variant_get_child_value (reply, 0);
  shadow = g_variant_lookup_value (statistics, "shadow", G_VARIANT_TYPE_VARDICT);
  g_assert_nonnull (shadow);
  text = g_variant_print (shadow, FALSE);
  g_assert_cmpstr (text, ==,
                   "{'policy': <'least-loaded'>, 'decisions': <uint64 1>, 'disagreements': "
                   "<uint64 1>, 'unknown': <uint64 1>, 'gain': <uint64 0>, 'loss': <uint64 0>, "
                   "'models': <{'m': {'decisions': <uint64 1>, 'disagreements': <uint64 1>, "
                   "'unknown': <uint64 1>, 'gain': <uint64 0>, 'loss': <uint64 0>}, 'n': "
                   "{'decisions': <uint64 0>, 'disagreements': <uint64 0>, 'unknown': <uint64 0>, "
                   "'gain': <uint64 0>, 'loss': <uint64 0>}}>}");
}

static void
on_called (G_GNUC_UNUSED DispWaiter *waiter, G_GNUC_UNUSED gpointer user_data)
{
  g_assert_not_reached ();
}

static void
assert_statistics (BusFixture *fixture, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = bus_fixture_call (fixture, DISP_BUS_PATH, ROOT ".GetStatistics",
                                                 NULL, &error);
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  text = g_variant_print (reply, FALSE);
  g_assert_nonnull (strstr (text, expected));
}

/* One of two requests may wait for the only place. */
static void
test_waiting (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  const DispWaitTerms terms = { DISP_QUEUE_FIFO, 1, 1, 100 };
  const DispPlaceQuery query = { .max_in_flight = 1 };
  g_autoptr (DispFleet) fleet = fixture_fleet (
      NULL, "m:1 n:1", fixture_container ("a", "m", 1, DISP_DEVICE_CPU, 1), NULL);
  const DispRoute *route = fixture_find (fleet, "m", 1);
  DispWaitingRoom *room = disp_switchboard_get_waiting_room (fixture->switchboard);
  DispPorch *porch = disp_waiting_room_open_porch (room, g_main_context_default (), on_called,
                                                   NULL);
  g_autoptr (DispRouting) routing = NULL;
  DispWaiter waiter = { .route = route };
  DispWaiter refused = { .route = route };
  DispPlace place;
  guint retry_after;

  disp_switchboard_set_fleet (fixture->switchboard, fleet);
  disp_bus_service_look (fixture->service);
  routing = disp_switchboard_ref_routing (fixture->switchboard);
  waiter.routing = refused.routing = routing;
  g_assert_true (disp_place_take (&place, route, 0, &query));
  g_assert_cmpint (disp_waiting_room_enter (room, &waiter, porch, &terms, 0, &retry_after), ==,
                   DISP_WAIT_QUEUED);
  g_assert_cmpint (disp_waiting_room_enter (room, &refused, porch, &terms, 0, &retry_after), ==,
                   DISP_WAIT_FULL);
  bus_fixture_assert (fixture, DISP_BUS_PATH, ROOT, "Waiting", "1");
  bus_fixture_assert (fixture, DISP_BUS_PATH "/model/m", MODEL, "Waiting", "1");
  bus_fixture_assert (fixture, DISP_BUS_PATH "/model/n", MODEL, "Waiting", "0");
  assert_statistics (fixture,
                     "'waiting': <uint32 1>, 'waited': <uint64 1>, 'refused': <uint64 1>, ");
  disp_waiting_room_leave (room, &waiter);
  bus_fixture_assert (fixture, DISP_BUS_PATH, ROOT, "Waiting", "0");
  bus_fixture_assert (fixture, DISP_BUS_PATH "/model/m", MODEL, "Waiting", "0");
  disp_waiting_room_close_porch (room, porch);
  disp_place_give (&place, route, DISP_OUTCOME_CANCELLED, 0, 0);
}

static void
subscribe (BusFixture *fixture, guint64 interval)
{
  bus_fixture_do (fixture, DISP_BUS_PATH, ROOT ".Subscribe", g_variant_new ("(t)", interval));
}

/* Asserts that so many signals came since the last time, and nothing else. */
static void
assert_told (BusFixture *fixture, guint count)
{
  bus_fixture_assert (fixture, DISP_BUS_PATH, ROOT, "Workers", "2");
  g_assert_cmpuint (fixture->signals->len, ==, count);
  for (guint i = 0; i < count; i++)
    g_assert_true (
        g_str_has_prefix (g_ptr_array_index (fixture->signals, i), "/ Statistics ({'time': "));
  g_ptr_array_set_size (fixture->signals, 0);
}

static void
test_subscribe (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  subscribe (fixture, INTERVAL);
  assert_told (fixture, 0);
  fake_clock_advance (fixture->clock, INTERVAL - 1);
  assert_told (fixture, 0);
  fake_clock_advance (fixture->clock, 1);
  assert_told (fixture, 1);
  for (guint i = 0; i < 5; i++)
    fake_clock_advance (fixture->clock, INTERVAL);
  assert_told (fixture, 5);

  subscribe (fixture, 2 * INTERVAL);
  fake_clock_advance (fixture->clock, INTERVAL);
  assert_told (fixture, 0);
  fake_clock_advance (fixture->clock, INTERVAL);
  assert_told (fixture, 1);

  bus_fixture_do (fixture, DISP_BUS_PATH, ROOT ".Unsubscribe", NULL);
  g_assert_cmpuint (fake_clock_count_timers (fixture->clock), ==, 0);
  fake_clock_advance (fixture->clock, 10 * INTERVAL);
  assert_told (fixture, 0);
  bus_fixture_do (fixture, DISP_BUS_PATH, ROOT ".Unsubscribe", NULL);
}

/* The signal is for who has subscribed alone. */
static void
test_unicast (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  GDBusConnection *other = private_bus_join (&fixture->bus);
  g_autoptr (GError) error = NULL;
  G_GNUC_UNUSED g_autoptr (GVariant) reply = bus_call (other, fixture->name, DISP_BUS_PATH,
                                                       ROOT ".Subscribe",
                                                       g_variant_new ("(t)", INTERVAL), &error);

  g_assert_no_error (error);
  fake_clock_advance (fixture->clock, INTERVAL);
  assert_told (fixture, 0);
  private_bus_leave (other);
  /* Whoever leaves the bus has no subscription any more. */
  spin_until (fake_clock_count_timers (fixture->clock) == 0);
}

static void
test_too_short (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = bus_fixture_call (fixture, DISP_BUS_PATH, ROOT ".Subscribe",
                                                 g_variant_new ("(t)", G_GUINT64_CONSTANT (99999)),
                                                 &error);

  bus_assert_error (reply, error, "org.dispatcherd.Error.InvalidValue",
                    "an interval of 99999 us, expected at least 100000");
  g_assert_cmpuint (fake_clock_count_timers (fixture->clock), ==, 0);
  subscribe (fixture, G_MAXUINT64);
  fake_clock_advance (fixture->clock, DISP_SUBSCRIPTIONS_LONGEST);
  assert_told (fixture, 1);
}

static void
test_too_many (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  GDBusConnection *others[DISP_SUBSCRIPTIONS_MAX];
  g_autoptr (GVariant) last = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      g_autoptr (GVariant) reply = NULL;

      others[i] = private_bus_join (&fixture->bus);
      reply = bus_call (others[i], fixture->name, DISP_BUS_PATH, ROOT ".Subscribe",
                        g_variant_new ("(t)", INTERVAL), &error);
      g_assert_no_error (error);
    }
  last = bus_fixture_call (fixture, DISP_BUS_PATH, ROOT ".Subscribe",
                           g_variant_new ("(t)", INTERVAL), &error);
  bus_assert_error (last, error, "org.dispatcherd.Error.Failed", "32 clients have subscribed");
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    private_bus_leave (others[i]);
  spin_until (fake_clock_count_timers (fixture->clock) == 0);
  subscribe (fixture, INTERVAL);
}

/* Then there is a timer, as the bus is waited for, but none of a subscription. */
static void
test_bus_goes (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autofree char *log = NULL;

  subscribe (fixture, INTERVAL);
  g_free (rig_take_log ());
  private_bus_kill (&fixture->bus);
  do
    {
      g_main_context_iteration (NULL, TRUE);
      g_free (log);
      log = rig_take_log ();
    }
  while (strstr (log, "the message bus has gone") == NULL);
  g_assert_cmpuint (fake_clock_count_timers (fixture->clock), ==, 1);
}

#define ADD(name, function)                                                                        \
  g_test_add ("/control/statistics/" name, BusFixture, NULL, bus_fixture_set_up, function,         \
              bus_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  rig_catch_log ();
  ADD ("statistics", test_statistics);
  ADD ("waiting", test_waiting);
  ADD ("shadow", test_shadow);
  ADD ("subscribe", test_subscribe);
  ADD ("unicast", test_unicast);
  ADD ("too-short", test_too_short);
  ADD ("too-many", test_too_many);
  ADD ("bus-goes", test_bus_goes);
  return g_test_run ();
}
