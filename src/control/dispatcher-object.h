/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bus-interfaces.h"
#include "control/object-tree.h"

/**
 * DispBusSettings:
 * @addresses: where predictions are accepted
 * @store_addresses: where the embedded Requests Store is; may be empty
 * @fleet_source: (nullable): where the fleet comes from
 *
 * What the objects on the bus say of the configuration.
 */
typedef struct
{
  const char *const *addresses;
  const char *const *store_addresses;
  const char *fleet_source;
} DispBusSettings;

#define DISP_TYPE_DISPATCHER_OBJECT (disp_dispatcher_object_get_type ())
G_DECLARE_FINAL_TYPE (DispDispatcherObject, disp_dispatcher_object, DISP, DISPATCHER_OBJECT,
                      DispBusDispatcher1Skeleton)

DispDispatcherObject *disp_dispatcher_object_new (const DispBusParts *parts, DispObjectTree *tree,
                                                  const DispBusSettings *settings);
void disp_dispatcher_object_end_subscriptions (DispDispatcherObject *self);
void disp_dispatcher_object_set_fleet_source (DispDispatcherObject *self, const char *fleet_source);
