/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "simulator/plan.h"

#define SIM_MAX_DEVICES 8
#define SIM_MAX_STREAMS 4

/**
 * SimCalm:
 * @SIM_CALM_DEVICES: no device fails
 * @SIM_CALM_FLEET: nothing joins or leaves, and no policy changes
 * @SIM_CALM_CLIENTS: no client hangs up
 * @SIM_CALM_WORKERS: there is one worker
 * @SIM_CALM_HEDGES: nothing is hedged
 * @SIM_CALM_RETRIES: nothing is sent twice
 *
 * What is left out of a plan, to see whether it matters.
 */
typedef enum
{
  SIM_CALM_DEVICES = 1 << 0,
  SIM_CALM_FLEET = 1 << 1,
  SIM_CALM_CLIENTS = 1 << 2,
  SIM_CALM_WORKERS = 1 << 3,
  SIM_CALM_HEDGES = 1 << 4,
  SIM_CALM_RETRIES = 1 << 5,
  SIM_CALM_ALL = (1 << 6) - 1,
} SimCalm;

/**
 * SimRandomPlan:
 * @plan: the plan
 * @unrest: how long nothing joins, leaves or changes, on average, in microseconds; 0 = ever
 *
 * A plan that was drawn at random.  It must not be copied, as @plan points into it.
 */
typedef struct
{
  SimPlan plan;
  double unrest;
  /*< private >*/
  SimModelSpec models[SIM_MAX_MODELS];
  SimDeviceSpec devices[SIM_MAX_DEVICES];
  SimStreamSpec streams[SIM_MAX_STREAMS];
  const char *not_idempotent[2];
  const char *hedged[2];
} SimRandomPlan;

void sim_random_plan_draw (SimRandomPlan *self, guint32 seed, guint calm);
const char *sim_random_plan_draw_policy (GRand *random);
