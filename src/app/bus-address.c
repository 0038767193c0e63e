/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/bus-address.h"

/* The first user that is a person, as Debian numbers them. */
#define FIRST_PERSON 1000

/**
 * disp_bus_address_choose:
 * @kind: what is configured
 * @user: who runs the daemon
 *
 * Returns: which bus is meant; %G_BUS_TYPE_NONE = none
 */
GBusType
disp_bus_address_choose (DispBusKind kind, uid_t user)
{
  if (kind == DISP_BUS_NONE)
    return G_BUS_TYPE_NONE;
  if (kind == DISP_BUS_AUTO)
    return user < FIRST_PERSON ? G_BUS_TYPE_SYSTEM : G_BUS_TYPE_SESSION;
  return kind == DISP_BUS_SYSTEM ? G_BUS_TYPE_SYSTEM : G_BUS_TYPE_SESSION;
}

/**
 * disp_bus_address_find:
 * @bus: a message bus
 * @error: why there is none
 *
 * The bus itself need not be there: it may come later.  So the one of a session has an address
 * before its socket is there, and GIO, which would start a bus of its own then, is only asked where
 * nothing says where that may be.
 *
 * Returns: (transfer full) (nullable): its address
 */
char *
disp_bus_address_find (GBusType bus, GError **error)
{
  const char *directory = g_getenv ("XDG_RUNTIME_DIR");

  if (bus == G_BUS_TYPE_SESSION && g_getenv ("DBUS_SESSION_BUS_ADDRESS") == NULL
      && directory != NULL)
    {
      g_autofree char *escaped = g_dbus_address_escape_value (directory);

      return g_strdup_printf ("unix:path=%s/bus", escaped);
    }
  return g_dbus_address_get_for_bus_sync (bus, NULL, error);
}
