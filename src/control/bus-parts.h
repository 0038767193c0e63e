/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "control/gate.h"
#include "engine/operations.h"
#include "engine/switchboard.h"

/**
 * DispBusParts:
 *
 * What every object on the bus stands on.
 */
typedef struct
{
  DispSwitchboard *switchboard; /* (owned) what is shown */
  DispOperations *operations;   /* (owned) what changes it */
  DispGate *gate;               /* (owned) who may */
} DispBusParts;

DispBusParts disp_bus_parts_copy (const DispBusParts *self);
void disp_bus_parts_clear (DispBusParts *self);
