/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bus-interfaces.h"
#include "control/bus-parts.h"

#define DISP_TYPE_CONTAINER_OBJECT (disp_container_object_get_type ())
G_DECLARE_FINAL_TYPE (DispContainerObject, disp_container_object, DISP, CONTAINER_OBJECT,
                      DispBusContainer1Skeleton)

DispContainerObject *disp_container_object_new (const DispBusParts *parts, GPtrArray *listings);
void disp_container_object_set_listings (DispContainerObject *self, GPtrArray *listings);
const DispContainer *disp_container_object_get_container (DispContainerObject *self);
guint disp_container_object_get_capacity (DispContainerObject *self);
DispHealthState disp_container_object_get_health (DispContainerObject *self, gint64 *next_change);
