/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "control/notify.h"
#include "engine/clock.h"
#include "engine/heartbeat.h"

/**
 * DispWatchdog:
 *
 * Feeds the watchdog of the supervisor, for as long as all threads make progress.
 */
typedef struct _DispWatchdog DispWatchdog;

DispWatchdog *disp_watchdog_new (DispNotify *notify, DispClock *clock, gint64 limit,
                                 GPtrArray *heartbeats);
void disp_watchdog_free (DispWatchdog *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispWatchdog, disp_watchdog_free)
