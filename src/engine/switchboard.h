/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/routing.h"
#include "core/stats.h"
#include "engine/clock.h"
#include "engine/record-sink.h"
#include "wire/serving-path.h"

/**
 * DispEngineSettings:
 * @timeout: the time that a request may take in all, in microseconds
 * @version_path: how versions are written into the paths of containers
 * @retry_after: in how many seconds the fleet may say something else
 * @payload_limit: the longest body that a record keeps, in bytes; -1 = all
 * @hold_answers: whether the answer of a container waits until its record is stored
 * @log_requests: whether each request is logged
 *
 * What the operator decided for the dispatching of requests.
 */
typedef struct
{
  gint64 timeout;
  DispVersionPath version_path;
  guint retry_after;
  gssize payload_limit;
  gboolean hold_answers;
  gboolean log_requests;
} DispEngineSettings;

/**
 * DispStatus:
 * @DISP_STATUS_STARTING: not yet serving
 * @DISP_STATUS_RUNNING: all is well
 * @DISP_STATUS_DEGRADED: serving as far as possible; something that an operator must look at is
 * wrong
 * @DISP_STATUS_DRAINING: stopping: what is in flight ends, nothing new begins
 *
 * How the daemon as a whole is.
 */
typedef enum
{
  DISP_STATUS_STARTING,
  DISP_STATUS_RUNNING,
  DISP_STATUS_DEGRADED,
  DISP_STATUS_DRAINING,
} DispStatus;

#define DISP_TYPE_SWITCHBOARD (disp_switchboard_get_type ())
G_DECLARE_FINAL_TYPE (DispSwitchboard, disp_switchboard, DISP, SWITCHBOARD, GObject)

DispSwitchboard *disp_switchboard_new (DispClock *clock, DispRecordSink *sink,
                                       DispPolicySpec *policy, const DispEngineSettings *settings);

DispClock *disp_switchboard_get_clock (DispSwitchboard *self);
DispRecordSink *disp_switchboard_get_sink (DispSwitchboard *self);
const DispEngineSettings *disp_switchboard_get_settings (DispSwitchboard *self);
DispStats *disp_switchboard_get_totals (DispSwitchboard *self);
gint64 disp_switchboard_get_uptime (DispSwitchboard *self);

DispRouting *disp_switchboard_ref_routing (DispSwitchboard *self);
const char *disp_switchboard_get_policy_name (DispSwitchboard *self);
void disp_switchboard_set_fleet (DispSwitchboard *self, DispFleet *fleet);
void disp_switchboard_set_policy (DispSwitchboard *self, DispPolicySpec *policy);

void disp_switchboard_set_serving (DispSwitchboard *self, guint n_workers);
guint disp_switchboard_get_n_workers (DispSwitchboard *self);
void disp_switchboard_set_draining (DispSwitchboard *self);
void disp_switchboard_set_fleet_problem (DispSwitchboard *self, const char *problem);
DispStatus disp_switchboard_get_status (DispSwitchboard *self, char **problem);
const char *disp_status_to_string (DispStatus status);
