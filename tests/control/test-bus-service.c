/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/bus-fixture.h"
#include "core/error.h"
#include "engine/rig.h"

#include "build-config.h"

#include <unistd.h>

#define NOBODY 65534

static void
assert_root (BusFixture *fixture, const char *property, const char *text)
{
  bus_fixture_assert (fixture, DISP_BUS_PATH, ROOT, property, text);
}

static void
test_properties (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  assert_root (fixture, "Version", "'" DISP_VERSION "'");
  assert_root (fixture, "Status", "'degraded'");
  assert_root (fixture, "Problem", "'no fleet is known yet'");
  assert_root (fixture, "Policy", "'round-robin'");
  assert_root (fixture, "PolicyOptions", "{}");
  assert_root (fixture, "ConfiguredPolicy", "'round-robin'");
  assert_root (fixture, "ShadowPolicy", "''");
  assert_root (fixture, "ShadowPolicyOptions", "{}");
  assert_root (fixture, "Policies",
               "['round-robin', 'random', 'probabilities', 'least-loaded', 'fastest', 'sla', "
               "'sticky']");
  assert_root (fixture, "Workers", "2");
  assert_root (fixture, "Addresses", "['127.0.0.1:8000', 'unix:/run/d.sock']");
  assert_root (fixture, "StoreAddresses", "['127.0.0.1:8002']");
  assert_root (fixture, "FleetSource", "'/etc/fleet.yaml'");
  assert_root (fixture, "ReloadProblem", "''");
  disp_switchboard_set_reload_problem (fixture->switchboard, "no such file");
  assert_root (fixture, "ReloadProblem", "'no such file'");
  disp_switchboard_set_reload_problem (fixture->switchboard, "a\xff: no such file");
  assert_root (fixture, "ReloadProblem", "'a\357\277\275: no such file'");
}

static void
test_counters (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  DispStats *totals = disp_switchboard_get_totals (fixture->switchboard);

  for (guint i = 0; i < 4; i++)
    disp_stats_begin (totals);
  disp_stats_end (totals, DISP_OUTCOME_FAILURE, 1000);
  assert_root (fixture, "InFlight", "3");
  assert_root (fixture, "RequestsTotal", "4");
  assert_root (fixture, "ErrorsTotal", "1");
  assert_root (fixture, "RecordsQueued", "0");
  disp_bus_service_look (fixture->service);
  bus_fixture_assert_no_signal (fixture);
  for (guint i = 0; i < 3; i++)
    disp_stats_end (totals, DISP_OUTCOME_SUCCESS, 1000);
}

/* Both interfaces are on the one path, as the documents say. */
static void
test_introspection (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = bus_fixture_call (
      fixture, DISP_BUS_PATH, "org.freedesktop.DBus.Introspectable.Introspect", NULL, &error);
  g_autoptr (GDBusNodeInfo) node = NULL;
  const char *xml;

  g_assert_no_error (error);
  g_variant_get (reply, "(&s)", &xml);
  node = g_dbus_node_info_new_for_xml (xml, &error);
  g_assert_no_error (error);
  g_assert_nonnull (g_dbus_node_info_lookup_interface (node, ROOT));
  g_assert_nonnull (g_dbus_node_info_lookup_interface (node, "org.freedesktop.DBus.ObjectManager"));
}

static void
test_set_policy (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (GVariant) options = g_variant_ref_sink (
      g_variant_new_parsed ("{'m': <{'a': 0.25, 'b': 0.75}>}"));

  bus_fixture_do (fixture, DISP_BUS_PATH, ROOT ".SetPolicy",
                  g_variant_new ("(s@a{sv})", "probabilities", options));
  bus_fixture_assert_calls (fixture,
                            "set policy of all: probabilities {'m': <{'a': 0.25, 'b': 0.75}>}\n");
  assert_root (fixture, "Policy", "'probabilities'");
  assert_root (fixture, "PolicyOptions", "{'m': <{'a': 0.25, 'b': 0.75}>}");
  bus_fixture_assert_signals (fixture,
                              "/ PropertiesChanged ('" ROOT "', {'Policy': <'probabilities'>, "
                              "'PolicyOptions': <{'m': <{'a': 0.25, 'b': 0.75}>}>}, [])",
                              NULL);
}

static void
test_set_shadow_policy (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = NULL;

  bus_fixture_do (fixture, DISP_BUS_PATH, ROOT ".SetShadowPolicy",
                  g_variant_new_parsed ("('sticky', {'header': <'X-Id'>})"));
  bus_fixture_assert_calls (fixture, "set shadow: sticky {'header': <'X-Id'>}\n");
  assert_root (fixture, "Policy", "'round-robin'");
  bus_fixture_assert_signals (fixture,
                              "/ PropertiesChanged ('" ROOT "', {'ShadowPolicy': <'sticky'>, "
                              "'ShadowPolicyOptions': <{'header': <'X-Id'>}>}, [])",
                              NULL);
  reply = bus_fixture_call (fixture, DISP_BUS_PATH, ROOT ".SetShadowPolicy",
                            g_variant_new ("(sa{sv})", "best", NULL), &error);
  bus_assert_error (reply, error, "org.dispatcherd.Error.UnknownPolicy", "there is no policy");
  assert_root (fixture, "ShadowPolicy", "'sticky'");
  bus_fixture_do (fixture, DISP_BUS_PATH, ROOT ".SetShadowPolicy",
                  g_variant_new ("(sa{sv})", "", NULL));
  assert_root (fixture, "ShadowPolicy", "''");
}

static void
test_unknown_policy (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = bus_fixture_call (fixture, DISP_BUS_PATH, ROOT ".SetPolicy",
                                                 g_variant_new ("(sa{sv})", "best", NULL), &error);

  bus_assert_error (reply, error, "org.dispatcherd.Error.UnknownPolicy",
                    "there is no policy \"best\", expected one of: round-robin, random, "
                    "probabilities");
  assert_root (fixture, "Policy", "'round-robin'");
  bus_fixture_assert_no_signal (fixture);
}

static void
test_write_policy (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = bus_fixture_set (fixture, DISP_BUS_PATH, ROOT, "Policy",
                                                g_variant_new_string ("random"), &error);

  g_assert_no_error (error);
  g_assert_cmpuint (g_variant_n_children (reply), ==, 0);
  bus_fixture_assert_calls (fixture, "set policy of all: random none\n");
  assert_root (fixture, "Policy", "'random'");
  bus_fixture_assert_signals (fixture,
                              "/ PropertiesChanged ('" ROOT "', {'Policy': <'random'>}, [])", NULL);
}

static void
assert_not_written (BusFixture *fixture, const char *property, GVariant *value, const char *name,
                    const char *words)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = bus_fixture_set (fixture, DISP_BUS_PATH, ROOT, property, value,
                                                &error);

  bus_assert_error (reply, error, name, words);
}

/* Who stops the daemon does not have it changed, nor read again, any more; what it is can be seen.
 */
static void
test_stopping (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  static const char *const calls[] = { ROOT ".Refresh", ROOT ".Reload", ROOT ".Reset" };

  disp_switchboard_set_draining (fixture->switchboard);
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) reply = bus_fixture_call (fixture, DISP_BUS_PATH, calls[i], NULL,
                                                     &error);

      bus_assert_error (reply, error, "org.dispatcherd.Error.Draining", "the daemon is stopping");
    }
  assert_not_written (fixture, "Policy", g_variant_new_string ("random"),
                      "org.dispatcherd.Error.Draining", "the daemon is stopping");
  bus_fixture_assert_calls (fixture, "");
  assert_root (fixture, "Status", "'draining'");
}

static void
test_bad_writes (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  assert_not_written (fixture, "Policy", g_variant_new_string ("best"),
                      "org.dispatcherd.Error.UnknownPolicy", "round-robin, random, probabilities");
  bus_fixture_assert_calls (fixture, "set policy of all: best none\n");
  assert_not_written (fixture, "Policy", g_variant_new_uint32 (1),
                      "org.freedesktop.DBus.Error.InvalidArgs", "Policy");
  assert_not_written (fixture, "Version", g_variant_new_string ("2"),
                      "org.freedesktop.DBus.Error.InvalidArgs", "Version");
  assert_not_written (fixture, "Polite", g_variant_new_string ("yes"),
                      "org.freedesktop.DBus.Error.InvalidArgs", "Polite");
  bus_fixture_assert_calls (fixture, "");
}

static void
test_failure (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = NULL;

  fake_operations_fail (fixture->operations, DISP_ERROR_FAILED, "the disk is full");
  reply = bus_fixture_call (fixture, DISP_BUS_PATH, ROOT ".Reset", NULL, &error);
  bus_assert_error (reply, error, "org.dispatcherd.Error.Failed", "the disk is full");
}

static void
test_calls (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  bus_fixture_do (fixture, DISP_BUS_PATH, ROOT ".Reset", NULL);
  bus_fixture_do (fixture, DISP_BUS_PATH, ROOT ".Drain", NULL);
  bus_fixture_assert_calls (fixture, "reset\nstop\n");
}

static void
keep_result (G_GNUC_UNUSED GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

/* Calls something that takes a while, ends that with @code, or well if that is negative. */
static void
call_slowly (BusFixture *fixture, const char *method, const char *operation, int code,
             GVariant **reply, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autofree char *calls = fake_operations_take_calls (fixture->operations);

  g_dbus_connection_call (fixture->client, fixture->name, DISP_BUS_PATH, ROOT, method, NULL, NULL,
                          G_DBUS_CALL_FLAGS_NONE, -1, NULL, keep_result, &result);
  while (!g_str_equal (calls, operation))
    {
      g_main_context_iteration (NULL, TRUE);
      g_free (calls);
      calls = fake_operations_take_calls (fixture->operations);
    }
  /* Meanwhile others are served. */
  assert_root (fixture, "Workers", "2");
  g_assert_null (result);
  if (code < 0)
    fake_operations_finish (fixture->operations);
  else
    fake_operations_fail (fixture->operations, code, "line 3 is wrong");
  spin_until (result != NULL);
  *reply = g_dbus_connection_call_finish (fixture->client, result, error);
}

static void
test_refresh_and_reload (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  const struct
  {
    const char *method;
    const char *operation;
  } rows[] = { { "Refresh", "refresh\n" }, { "Reload", "reload\n" } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GVariant) good = NULL;
      g_autoptr (GVariant) bad = NULL;
      g_autoptr (GError) error = NULL;

      call_slowly (fixture, rows[i].method, rows[i].operation, -1, &good, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (g_variant_n_children (good), ==, 0);
      call_slowly (fixture, rows[i].method, rows[i].operation, DISP_ERROR_INVALID_CONFIG, &bad,
                   &error);
      bus_assert_error (bad, error, "org.dispatcherd.Error.InvalidConfig", "line 3 is wrong");
    }
}

/* The first change is told at once, the others together, and then nothing runs any more. */
static void
test_coalescing (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  disp_switchboard_set_fleet_problem (fixture->switchboard, "first");
  disp_bus_service_look (fixture->service);
  bus_fixture_assert_signals (fixture,
                              "/ PropertiesChanged ('" ROOT "', {'Problem': <'first'>}, [])", NULL);
  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *problem = g_strdup_printf ("problem %u", i);

      disp_switchboard_set_fleet_problem (fixture->switchboard, problem);
      disp_bus_service_look (fixture->service);
    }
  bus_fixture_assert_no_signal (fixture);
  /* The property is right all the time. */
  assert_root (fixture, "Problem", "'problem 999'");
  fake_clock_advance (fixture->clock, 99 * G_TIME_SPAN_MILLISECOND);
  bus_fixture_assert_no_signal (fixture);
  fake_clock_advance (fixture->clock, G_TIME_SPAN_MILLISECOND);
  bus_fixture_assert_signals (
      fixture, "/ PropertiesChanged ('" ROOT "', {'Problem': <'problem 999'>}, [])", NULL);
  g_assert_cmpuint (fake_clock_count_timers (fixture->clock), ==, 1);
  fake_clock_advance (fixture->clock, 100 * G_TIME_SPAN_MILLISECOND);
  g_assert_cmpuint (fake_clock_count_timers (fixture->clock), ==, 0);
  disp_bus_service_look (fixture->service);
  g_assert_cmpuint (fake_clock_count_timers (fixture->clock), ==, 0);
  bus_fixture_assert_no_signal (fixture);
}

/* What changes and changes back within a pause was nothing. */
static void
test_changed_back (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  static const char *const problems[] = { "first", "second", "first" };

  for (guint i = 0; i < G_N_ELEMENTS (problems); i++)
    {
      disp_switchboard_set_fleet_problem (fixture->switchboard, problems[i]);
      disp_bus_service_look (fixture->service);
    }
  fake_clock_advance (fixture->clock, G_USEC_PER_SEC);
  bus_fixture_assert_signals (fixture,
                              "/ PropertiesChanged ('" ROOT "', {'Problem': <'first'>}, [])", NULL);
}

/* What a reload may change. */
static void
test_configured (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (DispPolicySpec) configured = rig_policy ("random");
  g_autoptr (DispPolicies) before = disp_switchboard_ref_policies (fixture->switchboard);
  g_autoptr (DispPolicies) after = disp_policies_configure (before, configured);

  disp_switchboard_set_policies (fixture->switchboard, after);
  disp_bus_service_set_fleet_source (fixture->service, NULL);
  assert_root (fixture, "ConfiguredPolicy", "'random'");
  assert_root (fixture, "FleetSource", "''");
  bus_fixture_assert_signals (fixture,
                              "/ PropertiesChanged ('" ROOT
                              "', {'Policy': <'random'>, 'ConfiguredPolicy': <'random'>, "
                              "'FleetSource': <''>}, [])",
                              NULL);
}

static void
test_rejoin (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  private_bus_kill (&fixture->bus);
  spin_until (g_dbus_connection_is_closed (fixture->client));
  disp_switchboard_set_fleet_problem (fixture->switchboard, "while it was away");
  disp_bus_service_look (fixture->service);
  private_bus_start (&fixture->bus);
  private_bus_leave (fixture->client);
  fixture->client = private_bus_join (&fixture->bus);
  bus_fixture_wait_for_name (fixture);
  assert_root (fixture, "Problem", "'while it was away'");
  bus_fixture_do (fixture, DISP_BUS_PATH, ROOT ".Reset", NULL);
  bus_fixture_assert_calls (fixture, "reset\n");
}

/* Others may read, but not change anything. */
static void
test_stranger (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  static const char *const methods[] = { ".Refresh", ".Reload", ".Drain", ".Reset" };

  if (geteuid () != 0)
    {
      g_test_skip ("only root can join a bus as another user");
      return;
    }
  private_bus_leave (fixture->client);
  fixture->client = private_bus_join_as (&fixture->bus, NOBODY);
  assert_root (fixture, "Policy", "'round-robin'");
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    {
      g_autofree char *method = g_strconcat (ROOT, methods[i], NULL);
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) reply = bus_fixture_call (fixture, DISP_BUS_PATH, method, NULL, &error);

      bus_assert_error (reply, error, "org.dispatcherd.Error.NotAuthorized", "not authorized");
    }
  assert_not_written (fixture, "Policy", g_variant_new_string ("random"),
                      "org.dispatcherd.Error.NotAuthorized", "not authorized");
  bus_fixture_assert_calls (fixture, "");
}

/* A call under way ends, whatever becomes of the service. */
static void
test_free_during_call (BusFixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autofree char *calls = NULL;

  g_dbus_connection_call (fixture->client, fixture->name, DISP_BUS_PATH, ROOT, "Refresh", NULL,
                          NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
  do
    {
      g_main_context_iteration (NULL, TRUE);
      g_free (calls);
      calls = fake_operations_take_calls (fixture->operations);
    }
  while (!g_str_equal (calls, "refresh\n"));
  g_clear_pointer (&fixture->service, disp_bus_service_free);
  fake_operations_finish (fixture->operations);
}

#define ADD(name, function)                                                                        \
  g_test_add ("/control/bus-service/" name, BusFixture, NULL, bus_fixture_set_up, function,        \
              bus_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  rig_catch_log ();
  ADD ("properties", test_properties);
  ADD ("counters", test_counters);
  ADD ("introspection", test_introspection);
  ADD ("set-policy", test_set_policy);
  ADD ("set-shadow-policy", test_set_shadow_policy);
  ADD ("unknown-policy", test_unknown_policy);
  ADD ("write-policy", test_write_policy);
  ADD ("bad-writes", test_bad_writes);
  ADD ("failure", test_failure);
  ADD ("calls", test_calls);
  ADD ("refresh-and-reload", test_refresh_and_reload);
  ADD ("coalescing", test_coalescing);
  ADD ("changed-back", test_changed_back);
  ADD ("configured", test_configured);
  ADD ("rejoin", test_rejoin);
  ADD ("stopping", test_stopping);
  ADD ("stranger", test_stranger);
  ADD ("free-during-call", test_free_during_call);
  return g_test_run ();
}
