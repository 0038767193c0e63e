/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "app/config.h"

#include <gio/gio.h>
#include <sys/types.h>

GBusType disp_bus_address_choose (DispBusKind kind, uid_t user);
char *disp_bus_address_find (GBusType bus, GError **error);
