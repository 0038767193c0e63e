/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/fleet.h"
#include "engine/settings.h"
#include "simulator/arrivals.h"
#include "simulator/device.h"

/* In place of a policy: HAProxy's algorithm, see simulator/leastconn.c. */
#define SIM_LEASTCONN "leastconn"
/* A max-in-flight that is no limit. */
#define SIM_NO_LIMIT 1000000
/* In place of a quota: the fleet does not have the device. */
#define SIM_ABSENT (-1.0)
/* The most models that a simulation has. */
#define SIM_MAX_MODELS 4

/**
 * SimModelSpec:
 * @name: its name
 * @sla: its target in milliseconds; 0 = none
 *
 * A model as it is simulated.
 */
typedef struct
{
  const char *name;
  double sla;
} SimModelSpec;

/**
 * SimPlan:
 * @models: (array length=n_models): the models, at most %SIM_MAX_MODELS
 * @n_models: how many
 * @devices: (array length=n_devices): the devices
 * @n_devices: how many
 * @streams: (array length=n_streams): what is asked
 * @n_streams: how many
 * @policy: the policy, or %SIM_LEASTCONN
 * @settings: the settings of the engine
 * @n_workers: how many dispatchers share the work, as the threads of the daemon do
 * @seed: for all that is left to chance
 *
 * What is simulated.
 */
typedef struct
{
  const SimModelSpec *models;
  guint n_models;
  const SimDeviceSpec *devices;
  guint n_devices;
  const SimStreamSpec *streams;
  guint n_streams;
  const char *policy;
  DispEngineSettings settings;
  guint n_workers;
  guint32 seed;
} SimPlan;

DispFleet *sim_plan_make_fleet (const SimPlan *self, const double *quotas, DispFleet *previous);
