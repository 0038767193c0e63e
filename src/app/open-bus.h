/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "app/config.h"
#include "control/bus-service.h"

const char *disp_config_get_fleet_source (const DispConfig *config);
DispBusService *disp_config_open_bus (const DispConfig *config, DispSwitchboard *switchboard,
                                      DispOperations *operations, const DispBusSettings *settings);
