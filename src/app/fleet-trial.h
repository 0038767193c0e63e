/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "app/config.h"
#include "engine/clock.h"
#include "sources/source.h"

typedef struct _DispFleetTrial DispFleetTrial;

/**
 * DispFleetTrialEnded:
 * @fleet: (nullable): what the source said; %NULL after an error
 * @error: (nullable): why there is none
 * @user_data: as given to disp_fleet_trial_start()
 *
 * The source has answered.  The trial may be freed.
 */
typedef void (*DispFleetTrialEnded) (DispFleet *fleet, const GError *error, gpointer user_data);

DispFleetTrial *disp_fleet_trial_start (const DispConfig *config, DispClock *clock,
                                        DispFleet *previous, DispFleetTrialEnded ended,
                                        gpointer user_data);
DispSource *disp_fleet_trial_steal_source (DispFleetTrial *self);
void disp_fleet_trial_free (DispFleetTrial *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispFleetTrial, disp_fleet_trial_free)
