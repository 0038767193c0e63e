/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "app/reload.h"
#include "engine/operations.h"

/**
 * DispOperationsParts:
 * @switchboard: what is switched
 * @feed: reads the fleet, and changes its containers; outlives the operations
 * @reload: reads the configuration; outlives the operations
 * @state_dir: (nullable): the directory of the file "policies", which keeps the policies that are
 *   set; %NULL = they are not kept
 * @stop: called to stop the daemon
 * @user_data: for @stop
 *
 * What the operations are done by.
 */
typedef struct
{
  DispSwitchboard *switchboard;
  DispFleetFeed *feed;
  DispReload *reload;
  const char *state_dir;
  GSourceFunc stop;
  gpointer user_data;
} DispOperationsParts;

#define DISP_TYPE_APP_OPERATIONS (disp_app_operations_get_type ())
G_DECLARE_FINAL_TYPE (DispAppOperations, disp_app_operations, DISP, APP_OPERATIONS, GObject)

DispOperations *disp_app_operations_new (const DispOperationsParts *parts, GError **error);
