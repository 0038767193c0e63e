/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/bus-address.h"

static void
test_choose (void)
{
  g_assert_cmpint (disp_bus_address_choose (DISP_BUS_AUTO, 0), ==, G_BUS_TYPE_SYSTEM);
  g_assert_cmpint (disp_bus_address_choose (DISP_BUS_AUTO, 999), ==, G_BUS_TYPE_SYSTEM);
  g_assert_cmpint (disp_bus_address_choose (DISP_BUS_AUTO, 1000), ==, G_BUS_TYPE_SESSION);
  g_assert_cmpint (disp_bus_address_choose (DISP_BUS_SESSION, 0), ==, G_BUS_TYPE_SESSION);
  g_assert_cmpint (disp_bus_address_choose (DISP_BUS_SYSTEM, 1000), ==, G_BUS_TYPE_SYSTEM);
  g_assert_cmpint (disp_bus_address_choose (DISP_BUS_NONE, 0), ==, G_BUS_TYPE_NONE);
}

static void
assert_address (GBusType bus, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *found = disp_bus_address_find (bus, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (found, ==, expected);
}

static void
test_find (void)
{
  g_autoptr (GError) error = NULL;

  g_setenv ("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere/system", TRUE);
  assert_address (G_BUS_TYPE_SYSTEM, "unix:path=/nowhere/system");
  g_setenv ("XDG_RUNTIME_DIR", "/nowhere/run of user", TRUE);
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/session", TRUE);
  assert_address (G_BUS_TYPE_SESSION, "unix:path=/nowhere/session");
  g_unsetenv ("DBUS_SESSION_BUS_ADDRESS");
  assert_address (G_BUS_TYPE_SESSION, "unix:path=/nowhere/run%20of%20user/bus");
  g_unsetenv ("XDG_RUNTIME_DIR");
  g_unsetenv ("DISPLAY");
  g_assert_null (disp_bus_address_find (G_BUS_TYPE_SESSION, &error));
  g_assert_nonnull (error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/bus-address/choose", test_choose);
  g_test_add_func ("/app/bus-address/find", test_find);
  return g_test_run ();
}
