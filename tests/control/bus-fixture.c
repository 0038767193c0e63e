/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/bus-fixture.h"

#include "engine/rig.h"

#include <string.h>
#include <unistd.h>

static void
on_signal (G_GNUC_UNUSED GDBusConnection *connection, G_GNUC_UNUSED const char *sender,
           const char *path, G_GNUC_UNUSED const char *interface, const char *signal,
           GVariant *parameters, gpointer user_data)
{
  BusFixture *self = user_data;
  g_autofree char *text = g_variant_print (parameters, FALSE);
  const char *below = g_str_equal (path, DISP_BUS_PATH) ? "/" : path + strlen (DISP_BUS_PATH);

  g_ptr_array_add (self->signals, g_strdup_printf ("%s %s %s", below, signal, text));
}

/**
 * bus_fixture_set_up:
 * @self: (out caller-allocates): a fixture
 * @owner: (nullable): the user that the authority takes for that of the daemon, as
 *   GUINT_TO_POINTER(); %NULL = the one that runs the test
 *
 * Starts everything, and waits until the service has its name.
 */
void
bus_fixture_set_up (BusFixture *self, gconstpointer owner)
{
  static const char *const addresses[] = { "127.0.0.1:8000", "unix:/run/d.sock", NULL };
  static const char *const store_addresses[] = { "127.0.0.1:8002", NULL };
  const DispBusSettings settings = {
    .addresses = addresses,
    .store_addresses = store_addresses,
    .fleet_source = "/etc/fleet.yaml",
  };
  g_autoptr (DispPolicySpec) policy = rig_policy ("round-robin");

  private_bus_init (&self->bus);
  self->clock = fake_clock_new ();
  self->sink = fake_sink_new ();
  self->switchboard = disp_switchboard_new (DISP_CLOCK (self->clock), DISP_RECORD_SINK (self->sink),
                                            NULL, policy, &rig_settings);
  disp_switchboard_set_serving (self->switchboard, 2);
  self->operations = fake_operations_new (self->switchboard);
  self->authority = disp_authority_new (owner != NULL ? GPOINTER_TO_UINT (owner) : getuid (),
                                        FALSE);
  self->service = disp_bus_service_new (self->bus.address, self->authority, self->switchboard,
                                        DISP_OPERATIONS (self->operations), &settings);
  self->client = private_bus_join (&self->bus);
  self->signals = g_ptr_array_new_with_free_func (g_free);
  bus_fixture_wait_for_name (self);
  g_dbus_connection_signal_subscribe (self->client, self->name, NULL, NULL, NULL, NULL,
                                      G_DBUS_SIGNAL_FLAGS_NONE, on_signal, self, NULL);
  /* So that the bus has heard of it. */
  bus_fixture_assert (self, DISP_BUS_PATH, ROOT, "Workers", "2");
}

/**
 * bus_fixture_tear_down:
 * @self: a fixture
 * @unused: unused
 *
 * Ends everything, and asserts that nothing is kept.
 */
void
bus_fixture_tear_down (BusFixture *self, G_GNUC_UNUSED gconstpointer unused)
{
  g_clear_pointer (&self->service, disp_bus_service_free);
  private_bus_leave (self->client);
  /* What was on its way ends. */
  spin_until (G_OBJECT (self->authority)->ref_count == 1);
  spin_until (G_OBJECT (self->clock)->ref_count == 2);
  g_assert_finalize_object (self->operations);
  g_assert_finalize_object (self->switchboard);
  g_assert_finalize_object (self->authority);
  g_assert_finalize_object (self->sink);
  g_assert_cmpuint (fake_clock_count_timers (self->clock), ==, 0);
  g_assert_finalize_object (self->clock);
  g_ptr_array_unref (self->signals);
  g_free (self->name);
  private_bus_clear (&self->bus);
}

/**
 * bus_fixture_wait_for_name:
 * @self: a fixture
 *
 * Waits until the service, which may be trying to join the bus, has its name.
 */
void
bus_fixture_wait_for_name (BusFixture *self)
{
  g_clear_pointer (&self->name, g_free);
  while (self->name == NULL)
    {
      fake_clock_advance (self->clock, G_USEC_PER_SEC);
      self->name = bus_dup_owner (self->client, DISP_BUS_NAME);
    }
}

/**
 * bus_fixture_call:
 * @self: a fixture
 * @path: of the object, below the root
 * @method: "INTERFACE.METHOD"
 * @parameters: (nullable): floating
 * @error: what came instead of a reply
 *
 * Returns: (transfer full) (nullable): what the service replied
 */
GVariant *
bus_fixture_call (BusFixture *self, const char *path, const char *method, GVariant *parameters,
                  GError **error)
{
  return bus_call (self->client, self->name, path, method, parameters, error);
}

/**
 * bus_fixture_do:
 * @self: a fixture
 * @path: of the object
 * @method: "INTERFACE.METHOD"
 * @parameters: (nullable): floating
 *
 * Calls, and asserts that the answer is an empty one.
 */
void
bus_fixture_do (BusFixture *self, const char *path, const char *method, GVariant *parameters)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = bus_fixture_call (self, path, method, parameters, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (g_variant_n_children (reply), ==, 0);
}

/**
 * bus_fixture_set:
 * @self: a fixture
 * @path: of the object
 * @interface: the interface
 * @property: one of its properties
 * @value: floating
 * @error: what came instead of a reply
 *
 * Returns: (transfer full) (nullable): the empty reply
 */
GVariant *
bus_fixture_set (BusFixture *self, const char *path, const char *interface, const char *property,
                 GVariant *value, GError **error)
{
  return bus_fixture_call (self, path, "org.freedesktop.DBus.Properties.Set",
                           g_variant_new ("(ssv)", interface, property, value), error);
}

/**
 * bus_fixture_assert:
 * @self: a fixture
 * @path: of the object
 * @interface: the interface
 * @property: one of its properties
 * @text: its value, as GVariant text
 *
 * Asserts that the property has that value, and that the client has heard all until now.
 */
void
bus_fixture_assert (BusFixture *self, const char *path, const char *interface, const char *property,
                    const char *text)
{
  g_autoptr (GVariant) value = bus_get (self->client, self->name, path, interface, property);
  g_autofree char *found = g_variant_print (value, FALSE);

  g_assert_cmpstr (found, ==, text);
}

/**
 * bus_fixture_assert_calls:
 * @self: a fixture
 * @calls: a line for each operation
 *
 * Asserts that those were called since the last time.
 */
void
bus_fixture_assert_calls (BusFixture *self, const char *calls)
{
  g_autofree char *found = fake_operations_take_calls (self->operations);

  g_assert_cmpstr (found, ==, calls);
}

/**
 * bus_fixture_assert_no_signal:
 * @self: a fixture
 *
 * Asserts that no signal came since the last time.
 */
void
bus_fixture_assert_no_signal (BusFixture *self)
{
  bus_fixture_assert (self, DISP_BUS_PATH, ROOT, "Workers", "2");
  if (self->signals->len > 0)
    g_error ("this came: %s", (const char *) g_ptr_array_index (self->signals, 0));
}

/**
 * bus_fixture_check_signals:
 * @self: a fixture
 * @expected: (array zero-terminated=1): signals, each with its path below the root, its name and
 * its parameters
 *
 * Asserts that those came since the last time, in any order, and no others.
 */
void
bus_fixture_check_signals (BusFixture *self, const char *const *expected)
{
  bus_fixture_assert (self, DISP_BUS_PATH, ROOT, "Workers", "2");
  for (; *expected != NULL; expected++)
    {
      guint index;

      if (!g_ptr_array_find_with_equal_func (self->signals, *expected, g_str_equal, &index))
        {
          for (guint i = 0; i < self->signals->len; i++)
            g_test_message ("came: %s", (const char *) g_ptr_array_index (self->signals, i));
          g_error ("this did not come: %s", *expected);
        }
      g_ptr_array_remove_index (self->signals, index);
    }
  bus_fixture_assert_no_signal (self);
}
