/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/switchboard.h"
#include "simulator/plan.h"
#include "simulator/rules.h"
#include "simulator/tally.h"

extern const DispEngineSettings sim_settings;

typedef struct _Simulator Simulator;

void sim_quieten_log (void);

Simulator *simulator_new (const SimPlan *plan);
void simulator_free (Simulator *self);
void simulator_run (Simulator *self, gint64 duration);
gboolean simulator_step (Simulator *self, gint64 end);
void simulator_finish (Simulator *self);
void simulator_forget (Simulator *self);

void simulator_set_present (Simulator *self, guint device, gboolean present);
gboolean simulator_is_present (const Simulator *self, guint device);
void simulator_set_quota (Simulator *self, guint device, double quota);
DispSwitchboard *simulator_get_switchboard (const Simulator *self);
DispClock *simulator_get_clock (const Simulator *self);
SimDevice *simulator_get_device (const Simulator *self, guint device);
SimTally *simulator_get_tally (Simulator *self);
SimRules *simulator_get_rules (Simulator *self);
gint64 simulator_get_measured (const Simulator *self);
guint64 simulator_count_events (const Simulator *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Simulator, simulator_free)
