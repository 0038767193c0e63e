/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/routing.h"
#include "core/stats.h"
#include "engine/clock.h"
#include "engine/notice.h"
#include "engine/record-sink.h"
#include "engine/retry-budget.h"
#include "engine/settings.h"
#include "engine/status.h"
#include "engine/waiting-room.h"

#define DISP_TYPE_SWITCHBOARD (disp_switchboard_get_type ())
G_DECLARE_FINAL_TYPE (DispSwitchboard, disp_switchboard, DISP, SWITCHBOARD, GObject)

DispSwitchboard *disp_switchboard_new (DispClock *clock, DispRecordSink *sink, DispNotice *notice,
                                       DispPolicySpec *policy, const DispEngineSettings *settings);

DispClock *disp_switchboard_get_clock (DispSwitchboard *self);
DispRecordSink *disp_switchboard_get_sink (DispSwitchboard *self);
DispStats *disp_switchboard_get_totals (DispSwitchboard *self);
DispRetryBudget *disp_switchboard_get_retry_budget (DispSwitchboard *self);
DispWaitingRoom *disp_switchboard_get_waiting_room (DispSwitchboard *self);
gint64 disp_switchboard_get_uptime (DispSwitchboard *self);

void disp_switchboard_enter (DispSwitchboard *self, DispRouting **routing,
                             DispEngineSettings **settings);

DispNotice *disp_switchboard_get_notice (DispSwitchboard *self);
void disp_switchboard_watch (DispSwitchboard *self, GSourceFunc callback, gpointer user_data);
void disp_switchboard_unwatch (DispSwitchboard *self, gpointer user_data);
void disp_switchboard_touch (DispSwitchboard *self);

DispRouting *disp_switchboard_ref_routing (DispSwitchboard *self);
DispEngineSettings *disp_switchboard_ref_settings (DispSwitchboard *self);
DispPolicies *disp_switchboard_ref_policies (DispSwitchboard *self);
const char *disp_switchboard_get_policy_name (DispSwitchboard *self);
void disp_switchboard_set_fleet (DispSwitchboard *self, DispFleet *fleet);
void disp_switchboard_set_policies (DispSwitchboard *self, DispPolicies *policies);
void disp_switchboard_set_policy (DispSwitchboard *self, const char *model, DispPolicySpec *policy);
void disp_switchboard_configure_shadow (DispSwitchboard *self, DispPolicySpec *shadow);
void disp_switchboard_change (DispSwitchboard *self, DispFleet *fleet, DispPolicySpec *policy,
                              const DispEngineSettings *settings);

void disp_switchboard_set_serving (DispSwitchboard *self, guint n_workers);
guint disp_switchboard_get_n_workers (DispSwitchboard *self);
void disp_switchboard_set_draining (DispSwitchboard *self);
void disp_switchboard_set_fleet_problem (DispSwitchboard *self, const char *problem);
void disp_switchboard_set_reload_problem (DispSwitchboard *self, const char *problem);
char *disp_switchboard_dup_reload_problem (DispSwitchboard *self);
DispStatus disp_switchboard_get_status (DispSwitchboard *self, char **problem);
