/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/switchboard.h"
#include "simulator/arrivals.h"
#include "simulator/device.h"
#include "simulator/rules.h"
#include "simulator/tally.h"

/* In place of a policy: HAProxy's algorithm, see simulator/leastconn.c. */
#define SIM_LEASTCONN "leastconn"
/* A max-in-flight that is no limit. */
#define SIM_NO_LIMIT 1000000

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
