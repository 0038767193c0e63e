/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/clock.h"

#define DISP_TYPE_BUS_LINK (disp_bus_link_get_type ())
G_DECLARE_FINAL_TYPE (DispBusLink, disp_bus_link, DISP, BUS_LINK, GObject)

DispBusLink *disp_bus_link_new (const char *address, const char *name, DispClock *clock);
void disp_bus_link_start (DispBusLink *self);
GDBusConnection *disp_bus_link_get_connection (DispBusLink *self);
void disp_bus_link_stop (DispBusLink *self);
