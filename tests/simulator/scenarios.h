/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "simulator/simulator.h"

/**
 * SimScenario:
 * @name: its name
 * @summary: what it is, in half a line
 * @models: (array length=n_models): the models
 * @n_models: how many
 * @devices: (array length=n_devices): the devices
 * @n_devices: how many
 * @streams: (array length=n_streams): what is asked
 * @n_streams: how many
 *
 * A fleet, and what it is asked.
 */
typedef struct
{
  const char *name;
  const char *summary;
  const SimModelSpec *models;
  guint n_models;
  const SimDeviceSpec *devices;
  guint n_devices;
  const SimStreamSpec *streams;
  guint n_streams;
} SimScenario;

/**
 * SimVariant:
 * @name: its name
 * @policy: the policy, or %SIM_LEASTCONN
 * @max_in_flight: how many attempts a container may have
 *
 * Who chooses.
 */
typedef struct
{
  const char *name;
  const char *policy;
  guint max_in_flight;
} SimVariant;

/**
 * SimFigures:
 * @throughput: answers of model servers in a second
 * @p50: within what time half of them came, in milliseconds
 * @p99: and all but a hundredth
 * @missed: what part of the requests was not answered within the target of its model
 * @refused: what part got an error
 * @gpu: what part of the answers came from a GPU
 *
 * What came out.
 */
typedef struct
{
  double throughput;
  double p50;
  double p99;
  double missed;
  double refused;
  double gpu;
} SimFigures;

extern const SimScenario sim_scenarios[];
extern const guint sim_n_scenarios;
extern const SimVariant sim_variants[];
extern const guint sim_n_variants;

const SimScenario *sim_scenario_find (const char *name);
const SimVariant *sim_variant_find (const char *name);
SimFigures sim_measure (const SimScenario *scenario, const SimVariant *variant, guint32 seed,
                        guint seconds);
