/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "control/dispatcher-object.h"
#include "control/object-tree.h"

/* The name of the daemon on the bus. */
#define DISP_BUS_NAME "org.dispatcherd.Dispatcher1"

typedef struct _DispBusService DispBusService;

/**
 * DispBusTried:
 * @user_data: whoever asked
 *
 * Is told that it is known whether there is a bus.
 */
typedef void (*DispBusTried) (gpointer user_data);

DispBusService *disp_bus_service_new (const char *address, DispAuthority *authority,
                                      DispSwitchboard *switchboard, DispOperations *operations,
                                      const DispBusSettings *settings);
void disp_bus_service_set_tried (DispBusService *self, DispBusTried tried, gpointer user_data);
void disp_bus_service_set_fleet_source (DispBusService *self, const char *fleet_source);
void disp_bus_service_look (DispBusService *self);
void disp_bus_service_free (DispBusService *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispBusService, disp_bus_service_free)
