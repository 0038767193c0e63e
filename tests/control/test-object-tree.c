/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/object-tree.h"

#include "control/bus-fixture.h"
#include "engine/rig.h"
#include "support/fixtures.h"

#include <string.h>

#define BELOW(path) DISP_BUS_PATH path
#define N_CONTAINERS 1000

static DispContainer *
cpu (const char *name, const char *model, gint64 version, double quota, guint16 port)
{
  DispContainer *container = fixture_container (name, model, version, DISP_DEVICE_CPU, quota);

  fixture_container_set_port (container, port);
  return container;
}

static void
show_fleet (BusFixture *fixture, DispFleet *fleet)
{
  disp_switchboard_set_fleet (fixture->switchboard, fleet);
  disp_bus_service_look (fixture->service);
}

static int
compare_texts (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* The paths below the root that GetManagedObjects tells, sorted. */
static char *
list_objects (BusFixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = bus_fixture_call (
      fixture, DISP_BUS_PATH, "org.freedesktop.DBus.ObjectManager.GetManagedObjects", NULL, &error);
  g_autoptr (GVariant) objects = NULL;
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  GVariantIter iter;
  const char *path;

  g_assert_no_error (error);
  objects = g_variant_get_child_value (reply, 0);
  g_variant_iter_init (&iter, objects);
  while (g_variant_iter_next (&iter, "{&oa{sa{sv}}}", &path, NULL))
    g_ptr_array_add (paths, g_strdup (path + strlen (DISP_BUS_PATH "/")));
  g_ptr_array_sort (paths, compare_texts);
  g_ptr_array_add (paths, NULL);
  return g_strjoinv (" ", (GStrv) paths->pdata);
}

static void
assert_objects (BusFixture *fixture, const char *expected)
{
  g_autofree char *found = list_objects (fixture);

  g_assert_cmpstr (found, ==, expected);
}

static void
test_objects (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (DispFleet) first = fixture_fleet (NULL, "m:1 m:2 half-plus:1", cpu ("a", "m", 1, 5, 1),
                                               cpu ("gpu_0", "all", 0, 5, 2), NULL);
  g_autoptr (DispFleet) second = fixture_fleet (first, "m:1", cpu ("b", "m", 1, 5, 3),
                                                cpu ("a", "m", 1, 5, 1), NULL);

  assert_objects (fixture, "");
  show_fleet (fixture, first);
  assert_objects (fixture, "container/a container/gpu_5f0 model/half_2dplus model/m");
  bus_fixture_assert (fixture, BELOW ("/container/gpu_5f0"), CONTAINER, "Name", "'gpu_0'");
  bus_fixture_assert (fixture, BELOW ("/model/half_2dplus"), MODEL, "Name", "'half-plus'");
  g_ptr_array_set_size (fixture->signals, 0);

  show_fleet (fixture, second);
  assert_objects (fixture, "container/a container/b model/m");
  /* What both fleets have stays. */
  for (guint i = 0; i < fixture->signals->len; i++)
    {
      const char *signal = g_ptr_array_index (fixture->signals, i);

      g_test_message ("%s", signal);
      g_assert_null (strstr (signal, "InterfacesAdded (objectpath '/org/dispatcherd/Dispatcher1/"
                                     "container/a'"));
      g_assert_null (strstr (signal, "InterfacesRemoved ('/org/dispatcherd/Dispatcher1/model/m'"));
    }
}

static void
test_signals (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (DispFleet) first = fixture_fleet (NULL, "m:1", cpu ("a", "m", 1, 5, 1), NULL);
  g_autoptr (DispFleet) second = fixture_fleet (first, "m:1", cpu ("b", "m", 1, 5, 3), NULL);
  guint n_added = 0;
  guint n_removed = 0;

  show_fleet (fixture, first);
  bus_fixture_assert (fixture, DISP_BUS_PATH, ROOT, "Workers", "2");
  g_ptr_array_set_size (fixture->signals, 0);
  fake_clock_advance (fixture->clock, G_USEC_PER_SEC);
  show_fleet (fixture, second);
  bus_fixture_assert (fixture, DISP_BUS_PATH, ROOT, "Workers", "2");
  for (guint i = 0; i < fixture->signals->len; i++)
    {
      const char *signal = g_ptr_array_index (fixture->signals, i);

      n_added += g_str_has_prefix (signal, "/ InterfacesAdded");
      n_removed += g_str_has_prefix (signal, "/ InterfacesRemoved");
    }
  g_assert_cmpuint (n_added, ==, 1);
  g_assert_cmpuint (n_removed, ==, 1);
  /* And the model says that another container serves it. */
  g_assert_cmpuint (fixture->signals->len, ==, 3);
}

static void
test_model (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  GPtrArray *models = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_model_free);
  GPtrArray *containers = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_container_unref);
  g_autoptr (DispFleet) fleet = NULL;
  const char *path = BELOW ("/model/m");

  g_ptr_array_add (models, disp_model_new ("m", 7));
  g_ptr_array_add (models, disp_model_new ("m", -3));
  ((DispModel *) g_ptr_array_index (models, 0))->sla = 20.5;
  g_ptr_array_add (containers, cpu ("a", "m", 7, 5, 1));
  g_ptr_array_add (containers, cpu ("b", "m", 2, 5, 2));
  g_ptr_array_add (containers, cpu ("g", "all", 0, 5, 3));
  g_ptr_array_add (containers, cpu ("other", "n", 1, 5, 4));
  fleet = disp_fleet_new (models, containers, NULL);
  show_fleet (fixture, fleet);
  bus_fixture_assert (fixture, path, MODEL, "Versions", "[-3, 2, 7]");
  bus_fixture_assert (fixture, path, MODEL, "Targets", "[(7, 20500)]");
  bus_fixture_assert (fixture, path, MODEL, "Containers",
                      "['/org/dispatcherd/Dispatcher1/container/a', "
                      "'/org/dispatcherd/Dispatcher1/container/b', "
                      "'/org/dispatcherd/Dispatcher1/container/g']");
  bus_fixture_assert (fixture, path, MODEL, "Policy", "'round-robin'");
  bus_fixture_assert (fixture, path, MODEL, "OwnPolicy", "false");
  bus_fixture_do (fixture, path, MODEL ".SetPolicy", g_variant_new ("(sa{sv})", "random", NULL));
  bus_fixture_assert (fixture, path, MODEL, "Policy", "'random'");
  bus_fixture_assert (fixture, path, MODEL, "PolicyOptions", "{}");
  bus_fixture_assert (fixture, path, MODEL, "OwnPolicy", "true");
  bus_fixture_assert (fixture, BELOW ("/model/n"), MODEL, "OwnPolicy", "false");
  bus_fixture_do (fixture, path, MODEL ".ResetPolicy", NULL);
  bus_fixture_assert (fixture, path, MODEL, "OwnPolicy", "false");
  bus_fixture_assert_calls (fixture, "set policy of m: random {}\nreset policy of m\n");
}

static void
test_container (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, "m:1", cpu ("a", "m", 1, 5, 8501),
                                               cpu ("a", "n", 2, 5, 8501), NULL);
  const char *path = BELOW ("/container/a");

  show_fleet (fixture, fleet);
  bus_fixture_assert (fixture, path, CONTAINER, "Name", "'a'");
  bus_fixture_assert (fixture, path, CONTAINER, "Id", "'id-of-a'");
  bus_fixture_assert (fixture, path, CONTAINER, "Models", "[('m', 1), ('n', 2)]");
  bus_fixture_assert (fixture, path, CONTAINER, "Node", "'127.0.0.1'");
  bus_fixture_assert (fixture, path, CONTAINER, "Device", "'cpu'");
  bus_fixture_assert (fixture, path, CONTAINER, "Endpoint", "'http://127.0.0.1:8501'");
  bus_fixture_assert (fixture, path, CONTAINER, "Quota", "5.0");
  bus_fixture_assert (fixture, path, CONTAINER, "SourceQuota", "5.0");
  bus_fixture_assert (fixture, path, CONTAINER, "OwnQuota", "false");
  bus_fixture_assert (fixture, path, CONTAINER, "Active", "true");
  bus_fixture_assert (fixture, path, CONTAINER, "Healthy", "true");
  bus_fixture_assert (fixture, path, CONTAINER, "Health", "'well'");
  bus_fixture_assert (fixture, path, CONTAINER, "Drained", "false");
  bus_fixture_assert (fixture, path, CONTAINER, "Eligible", "true");
  bus_fixture_assert (fixture, path, CONTAINER, "Latency", "0");
}

/* What the container says of itself counts more than what is configured. */
static void
test_capacity (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  DispContainer *own = cpu ("a", "m", 1, 5, 1);
  g_autoptr (DispFleet) fleet = NULL;

  own->max_in_flight = 5;
  fleet = fixture_fleet (NULL, "m:1", own, cpu ("b", "m", 1, 5, 2), NULL);
  show_fleet (fixture, fleet);
  bus_fixture_assert (fixture, BELOW ("/container/a"), CONTAINER, "Capacity", "5");
  bus_fixture_assert (fixture, BELOW ("/container/b"), CONTAINER, "Capacity", "1000");
}

static DispStats *
stats_of (DispFleet *fleet, guint index)
{
  guint n_containers;

  return disp_fleet_get_containers (fleet, &n_containers)[index]->stats;
}

static void
test_counters (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, "m:1", cpu ("a", "m", 1, 5, 1), NULL);
  const char *path = BELOW ("/container/a");

  show_fleet (fixture, fleet);
  bus_fixture_assert (fixture, path, CONTAINER, "RequestsTotal", "0");
  g_ptr_array_set_size (fixture->signals, 0);
  for (guint i = 0; i < 3; i++)
    disp_stats_begin (stats_of (fleet, 0));
  disp_stats_end (stats_of (fleet, 0), DISP_OUTCOME_SUCCESS, 1500);
  disp_stats_end (stats_of (fleet, 0), DISP_OUTCOME_FAILURE, 1500);
  disp_bus_service_look (fixture->service);
  fake_clock_advance (fixture->clock, G_USEC_PER_SEC);
  bus_fixture_assert (fixture, path, CONTAINER, "InFlight", "1");
  bus_fixture_assert (fixture, path, CONTAINER, "RequestsTotal", "3");
  bus_fixture_assert (fixture, path, CONTAINER, "ErrorsTotal", "1");
  bus_fixture_assert (fixture, path, CONTAINER, "Latency", "1500");
  bus_fixture_assert (fixture, path, CONTAINER, "Healthy", "true");
  bus_fixture_assert_signals (fixture, NULL);
}

#define HEALTH(healthy, health)                                                                    \
  "/container/a PropertiesChanged ('" CONTAINER "', {'Healthy': <" healthy                         \
  ">, 'Health': <'" health "'>}, [])"

/* What comes with time alone is told as well. */
static void
test_health (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, "m:1", cpu ("a", "m", 1, 5, 1), NULL);
  const DispRoute *route = fixture_find (fleet, "m", 1);
  DispHealth *health = &route->eligible[0]->standing->health;
  gint64 now;

  show_fleet (fixture, fleet);
  fake_clock_advance (fixture->clock, G_USEC_PER_SEC);
  now = disp_clock_now (DISP_CLOCK (fixture->clock));
  bus_fixture_assert (fixture, BELOW ("/container/a"), CONTAINER, "Health", "'well'");
  g_ptr_array_set_size (fixture->signals, 0);
  for (guint i = 0; i < DISP_HEALTH_MAX_FAILURES; i++)
    disp_health_fail (health, 0, now);
  disp_bus_service_look (fixture->service);
  bus_fixture_assert_signals (fixture, HEALTH ("false", "failing"), NULL);
  fake_clock_advance (fixture->clock, G_USEC_PER_SEC);
  now += G_USEC_PER_SEC;
  disp_health_eject (health, now);
  disp_bus_service_look (fixture->service);
  bus_fixture_assert_signals (
      fixture, "/container/a PropertiesChanged ('" CONTAINER "', {'Health': <'ejected'>}, [])",
      NULL);
  fake_clock_advance (fixture->clock, 30 * G_USEC_PER_SEC);
  now += 30 * G_USEC_PER_SEC;
  bus_fixture_assert_signals (
      fixture, "/container/a PropertiesChanged ('" CONTAINER "', {'Health': <'probing'>}, [])",
      NULL);
  fake_clock_advance (fixture->clock, G_USEC_PER_SEC);
  now += G_USEC_PER_SEC;
  disp_health_recover (health, now);
  disp_bus_service_look (fixture->service);
  bus_fixture_assert_signals (fixture, HEALTH ("true", "slow-start"), NULL);
  fake_clock_advance (fixture->clock, 10 * G_USEC_PER_SEC);
  bus_fixture_assert_signals (
      fixture, "/container/a PropertiesChanged ('" CONTAINER "', {'Health': <'well'>}, [])", NULL);
  fake_clock_advance (fixture->clock, G_USEC_PER_SEC);
  now += 11 * G_USEC_PER_SEC;
  disp_standing_set_available (route->standings[0], FALSE, now);
  disp_bus_service_look (fixture->service);
  bus_fixture_assert_signals (fixture, HEALTH ("false", "unavailable"), NULL);
}

static void
test_changes (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, "m:1", cpu ("a", "m", 1, 5, 1), NULL);
  const char *path = BELOW ("/container/a");
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GError) error = NULL;

  show_fleet (fixture, fleet);
  bus_fixture_do (fixture, path, CONTAINER ".Drain", NULL);
  bus_fixture_do (fixture, path, CONTAINER ".Resume", NULL);
  reply = bus_fixture_set (fixture, path, CONTAINER, "Quota", g_variant_new_double (0.5), &error);
  g_assert_no_error (error);
  bus_fixture_do (fixture, path, CONTAINER ".ResetQuota", NULL);
  bus_fixture_assert_calls (fixture, "drain a\nresume a\nset quota of a: 0.5\nreset quota of a\n");
}

/* Servers of one name are told apart by where they are, and only those. */
static void
test_same_names (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (DispFleet) both = fixture_fleet (
      NULL, "m:1", cpu ("a", "m", 1, 5, 1), cpu ("a", "m", 1, 7, 2), cpu ("b", "m", 1, 5, 3), NULL);
  g_autoptr (DispFleet) one = fixture_fleet (both, "m:1", cpu ("a", "m", 1, 7, 2), NULL);

  show_fleet (fixture, both);
  assert_objects (fixture, "container/a_40127_2e0_2e0_2e1_3a1 container/a_40127_2e0_2e0_2e1_3a2 "
                           "container/b model/m");
  bus_fixture_assert (fixture, BELOW ("/container/a_40127_2e0_2e0_2e1_3a2"), CONTAINER, "Quota",
                      "7.0");
  show_fleet (fixture, one);
  assert_objects (fixture, "container/a model/m");
}

/* Another server of the same name is another object, though at the same path. */
static void
test_moved (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (DispFleet) before = fixture_fleet (NULL, "m:1", cpu ("a", "m", 1, 5, 1), NULL);
  g_autoptr (DispFleet) after = fixture_fleet (before, "m:1", cpu ("a", "m", 1, 5, 2), NULL);

  show_fleet (fixture, before);
  show_fleet (fixture, after);
  assert_objects (fixture, "container/a model/m");
  bus_fixture_assert (fixture, BELOW ("/container/a"), CONTAINER, "Endpoint",
                      "'http://127.0.0.1:2'");
}

static DispFleet *
many (DispFleet *previous, guint changed, double quota)
{
  GPtrArray *containers = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_container_unref);

  for (guint i = 0; i < N_CONTAINERS; i++)
    {
      g_autofree char *name = g_strdup_printf ("c%u", i);

      g_ptr_array_add (containers,
                       cpu (name, "m", 1, i == changed ? quota : 5, (guint16) (1000 + i)));
    }
  return fixture_fleet_new (previous, "m:1", containers);
}

/* Of a thousand containers one changes its quota: that is one signal. */
static void
test_many (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (DispFleet) before = many (NULL, 0, 5);
  g_autoptr (DispFleet) after = many (before, 123, 0);
  g_autofree char *objects = NULL;
  g_auto (GStrv) paths = NULL;

  show_fleet (fixture, before);
  objects = list_objects (fixture);
  paths = g_strsplit (objects, " ", -1);
  g_assert_cmpuint (g_strv_length (paths), ==, N_CONTAINERS + 1);
  fake_clock_advance (fixture->clock, G_USEC_PER_SEC);
  bus_fixture_assert (fixture, DISP_BUS_PATH, ROOT, "Workers", "2");
  g_ptr_array_set_size (fixture->signals, 0);
  show_fleet (fixture, after);
  bus_fixture_assert_signals (fixture,
                              "/container/c123 PropertiesChanged ('" CONTAINER
                              "', {'Quota': <0.0>, 'SourceQuota': <0.0>, 'Eligible': <false>}, [])",
                              NULL);
}

#define ADD(name, function)                                                                        \
  g_test_add ("/control/object-tree/" name, BusFixture, NULL, bus_fixture_set_up, function,        \
              bus_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  rig_catch_log ();
  ADD ("objects", test_objects);
  ADD ("signals", test_signals);
  ADD ("model", test_model);
  ADD ("container", test_container);
  ADD ("capacity", test_capacity);
  ADD ("counters", test_counters);
  ADD ("health", test_health);
  ADD ("changes", test_changes);
  ADD ("same-names", test_same_names);
  ADD ("moved", test_moved);
  ADD ("many", test_many);
  return g_test_run ();
}
