/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/open-bus.h"

#include "app/bus-address.h"
#include "core/event.h"

#include <unistd.h>

/**
 * disp_config_get_fleet_source:
 * @config: a checked configuration
 *
 * Returns: (transfer none) (nullable): the file or URL that the fleet comes from
 */
const char *
disp_config_get_fleet_source (const DispConfig *config)
{
  switch (config->source)
    {
    case DISP_SOURCE_FILE:
      return config->fleet;
    case DISP_SOURCE_CONTAINERS_MANAGER:
      return config->containers_manager;
    case DISP_SOURCE_NONE:
    default:
      return NULL;
    }
}

/**
 * disp_config_open_bus:
 * @config: a checked configuration
 * @switchboard: what is shown
 * @operations: what changes it
 * @settings: what is shown of the configuration; copied
 *
 * Without a bus the daemon serves all the same; the log tells it.  Main thread.
 *
 * Returns: (transfer full) (nullable): the daemon on the bus that @config says; %NULL if that is
 *   none, or if nobody can say where it is
 */
DispBusService *
disp_config_open_bus (const DispConfig *config, DispSwitchboard *switchboard,
                      DispOperations *operations, const DispBusSettings *settings)
{
  const GBusType type = disp_bus_address_choose (config->bus, geteuid ());
  g_autoptr (DispAuthority) authority = NULL;
  g_autofree char *address = NULL;
  g_autoptr (GError) error = NULL;

  if (type == G_BUS_TYPE_NONE)
    return NULL;
  address = disp_bus_address_find (type, &error);
  if (address == NULL)
    {
      disp_event_log (DISP_EVENT_BUS_ABSENT, &(DispEventFields){ .reason = error->message },
                      "there is no bus to be seen and changed on: %s", error->message);
      return NULL;
    }
  authority = disp_authority_new (geteuid (), type == G_BUS_TYPE_SYSTEM);
  return disp_bus_service_new (address, authority, switchboard, operations, settings);
}
