/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "app/config.h"
#include "engine/fleet-editor.h"
#include "engine/switchboard.h"
#include "sources/source.h"

typedef struct _DispFleetFeed DispFleetFeed;

DispFleetFeed *disp_fleet_feed_new (const DispConfig *config, DispClock *clock,
                                    DispSwitchboard *switchboard, DispPolicySpec *policy,
                                    GError **error);
gboolean disp_fleet_feed_start (DispFleetFeed *self, GError **error);
DispFleetEditor *disp_fleet_feed_get_editor (DispFleetFeed *self);
void disp_fleet_feed_refresh (DispFleetFeed *self, GTask *task);
void disp_fleet_feed_change (DispFleetFeed *self, DispSource *source, DispFleet *fleet,
                             DispPolicySpec *policy, const DispEngineSettings *settings);
void disp_fleet_feed_stop (DispFleetFeed *self);
void disp_fleet_feed_free (DispFleetFeed *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispFleetFeed, disp_fleet_feed_free)
