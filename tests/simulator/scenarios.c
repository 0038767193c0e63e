/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator/scenarios.h"

/* Before anything is measured it has gone on for so long, in microseconds. */
#define WARM_UP (5 * G_USEC_PER_SEC)
/* All is on one machine. */
#define LATENCY 200

#define DEVICE(name_, model_, kind_, fixed_, per_instance_, ...)                                   \
  {                                                                                                \
    .name = (name_), .model = (model_), .kind = (kind_), .quota = 1, .fixed = (fixed_),            \
    .per_instance = (per_instance_), .n_parallel = 1, .latency = LATENCY, __VA_ARGS__              \
  }
/* The device of issue after issue: a CPU, with some noise. */
#define CPU(name_, model_, ...)                                                                    \
  DEVICE (name_, model_, DISP_DEVICE_CPU, 8000, 1000, .noise = SIM_NOISE_LOGNORMAL, .sigma = 0.3,  \
          __VA_ARGS__)
#define GPU(name_, model_)                                                                         \
  DEVICE (name_, model_, DISP_DEVICE_GPU, 2000, 200, .noise = SIM_NOISE_LOGNORMAL, .sigma = 0.3)

static const SimModelSpec one_model[] = { { "m", 100 } };
static const SimModelSpec crowded_model[] = { { "m", 150 } };
static const SimModelSpec two_models[] = { { "light", 100 }, { "heavy", 50 } };

static const SimDeviceSpec equal_devices[] = {
  CPU ("cpu-0", "m", .up = 0),
  CPU ("cpu-1", "m", .up = 0),
  CPU ("cpu-2", "m", .up = 0),
  CPU ("cpu-3", "m", .up = 0),
};

/* The fleet of ./dev bench unequal, without noise as there. */
static const SimDeviceSpec unequal_devices[] = {
  DEVICE ("gpu-0", "m", DISP_DEVICE_GPU, 2000, 200, .up = 0),
  DEVICE ("cpu-0", "m", DISP_DEVICE_CPU, 8000, 1000, .up = 0),
  DEVICE ("cpu-1", "m", DISP_DEVICE_CPU, 8000, 1000, .up = 0),
};

static const SimDeviceSpec one_slow_device[] = {
  CPU ("cpu-0", "m", .up = 0),
  CPU ("cpu-1", "m", .up = 0),
  CPU ("cpu-2", "m", .up = 0),
  DEVICE ("cpu-3", "m", DISP_DEVICE_CPU, 80000, 10000, .noise = SIM_NOISE_LOGNORMAL, .sigma = 0.3),
};

static const SimDeviceSpec flapping_devices[] = {
  CPU ("cpu-0", "m", .up = 0),
  CPU ("cpu-1", "m", .up = 0),
  CPU ("cpu-2", "m", .mode = SIM_RESETS, .up = 3e6, .down = 1e6),
  CPU ("cpu-3", "m", .mode = SIM_FAILS, .up = 3e6, .down = 1e6),
};

static const SimDeviceSpec shared_devices[] = {
  CPU ("cpu-0", "light", .up = 0),
  CPU ("cpu-1", "light", .up = 0),
  CPU ("cpu-2", "heavy", .up = 0),
  GPU ("gpu-0", DISP_MODEL_ALL),
};

static const SimStreamSpec steady[] = {
  { .model = "m", .min_instances = 1, .max_instances = 5, .rate = 270 },
};
static const SimStreamSpec crowd[] = {
  { .model = "m", .min_instances = 3, .max_instances = 3, .rhythm = SIM_CLIENTS, .n_clients = 64 },
};
static const SimStreamSpec moderate[] = {
  { .model = "m", .min_instances = 1, .max_instances = 5, .rate = 200 },
};
/* What the two that do not fail can do. */
static const SimStreamSpec light[] = {
  { .model = "m", .min_instances = 1, .max_instances = 5, .rate = 145 },
};
static const SimStreamSpec bursts[] = {
  { .model = "m",
    .min_instances = 1,
    .max_instances = 5,
    .rhythm = SIM_BURSTY,
    .rate = 300,
    .burst = 40,
    .pause = 0.8 },
};
static const SimStreamSpec two_streams[] = {
  { .model = "light", .min_instances = 1, .max_instances = 3, .rate = 150 },
  { .model = "heavy", .min_instances = 5, .max_instances = 15, .rate = 180 },
};

#define SCENARIO(name_, summary_, models_, devices_, streams_)                                     \
  {                                                                                                \
    .name = (name_), .summary = (summary_), .models = (models_),                                   \
    .n_models = G_N_ELEMENTS (models_), .devices = (devices_),                                     \
    .n_devices = G_N_ELEMENTS (devices_), .streams = (streams_),                                   \
    .n_streams = G_N_ELEMENTS (streams_)                                                           \
  }

const SimScenario sim_scenarios[] = {
  SCENARIO ("equal", "four equal CPUs, asked for three quarters of what they can", one_model,
            equal_devices, steady),
  SCENARIO ("unequal", "a GPU and two CPUs, 64 clients that ask without a pause", crowded_model,
            unequal_devices, crowd),
  SCENARIO ("one-slow", "four CPUs, one ten times slower, asked for 72 %", one_model,
            one_slow_device, moderate),
  SCENARIO ("flapping", "four CPUs, one resets and one answers 500 for a quarter of the time",
            one_model, flapping_devices, light),
  SCENARIO ("bursty", "a GPU and two CPUs, asked in bursts for half of what they can", one_model,
            unequal_devices, bursts),
  SCENARIO ("shared-gpu", "two models, each with CPUs of its own, and one GPU for both", two_models,
            shared_devices, two_streams),
};
const guint sim_n_scenarios = G_N_ELEMENTS (sim_scenarios);

const SimVariant sim_variants[] = {
  { "leastconn", SIM_LEASTCONN, SIM_NO_LIMIT },
  { "random-at-once", "random", SIM_NO_LIMIT },
  { "round-robin-at-once", "round-robin", SIM_NO_LIMIT },
  { "random", "random", DISP_CAPACITY_AUTO },
  { "round-robin", "round-robin", DISP_CAPACITY_AUTO },
  { "probabilities", "probabilities", DISP_CAPACITY_AUTO },
  { "least-loaded", "least-loaded", DISP_CAPACITY_AUTO },
  { "fastest", "fastest", DISP_CAPACITY_AUTO },
  { "sla", "sla", DISP_CAPACITY_AUTO },
  { "sticky", "sticky", DISP_CAPACITY_AUTO },
};
const guint sim_n_variants = G_N_ELEMENTS (sim_variants);

/**
 * sim_scenario_find:
 * @name: a name
 *
 * Returns: (nullable): the scenario of that name
 */
const SimScenario *
sim_scenario_find (const char *name)
{
  for (guint i = 0; i < sim_n_scenarios; i++)
    if (g_str_equal (sim_scenarios[i].name, name))
      return &sim_scenarios[i];
  return NULL;
}

/**
 * sim_variant_find:
 * @name: a name
 *
 * Returns: (nullable): the variant of that name
 */
const SimVariant *
sim_variant_find (const char *name)
{
  for (guint i = 0; i < sim_n_variants; i++)
    if (g_str_equal (sim_variants[i].name, name))
      return &sim_variants[i];
  return NULL;
}

static SimFigures
get_figures (Simulator *simulator)
{
  SimTally *tally = simulator_get_tally (simulator);
  double n_ended = (double) MAX (tally->n_answered + tally->n_refused, 1);

  return (SimFigures){
    .throughput = (double) tally->n_answered * G_USEC_PER_SEC
                  / (double) MAX (simulator_get_measured (simulator), 1),
    .p50 = (double) sim_tally_get_percentile (tally, 50) / 1000,
    .p99 = (double) sim_tally_get_percentile (tally, 99) / 1000,
    .missed = (double) tally->n_missed / n_ended,
    .refused = (double) tally->n_refused / n_ended,
    .gpu = (double) tally->n_gpu / (double) MAX (tally->n_answered, 1),
  };
}

/**
 * sim_measure:
 * @scenario: a fleet, and what it is asked
 * @variant: who chooses
 * @seed: for all that is left to chance
 * @seconds: how long it is measured, in seconds of its own
 *
 * Returns: what came out
 */
SimFigures
sim_measure (const SimScenario *scenario, const SimVariant *variant, guint32 seed, guint seconds)
{
  SimPlan plan = {
    .models = scenario->models,
    .n_models = scenario->n_models,
    .devices = scenario->devices,
    .n_devices = scenario->n_devices,
    .streams = scenario->streams,
    .n_streams = scenario->n_streams,
    .policy = variant->policy,
    .settings = sim_settings,
    .n_workers = 2,
    .seed = seed,
  };
  SimFigures figures;

  plan.settings.max_in_flight = variant->max_in_flight;
  g_autoptr (Simulator) simulator = simulator_new (&plan);
  simulator_run (simulator, WARM_UP);
  simulator_forget (simulator);
  simulator_run (simulator, seconds * (gint64) G_USEC_PER_SEC);
  figures = get_figures (simulator);
  simulator_finish (simulator);
  if (simulator_get_rules (simulator)->broken != NULL)
    g_error ("%s, %s, seed %u: %s", scenario->name, variant->name, seed,
             simulator_get_rules (simulator)->broken);
  return figures;
}
