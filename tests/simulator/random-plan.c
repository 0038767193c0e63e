/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator/random-plan.h"

#include "core/policy-registry.h"
#include "simulator/chance.h"

#include <math.h>

/* Plans such as nobody would think of.  What is left out of a plan changes nothing of the rest. */

static const char *const model_names[SIM_MAX_MODELS] = { "a", "b", "c", "d" };
static const char *const device_names[SIM_MAX_DEVICES] = { "d0", "d1", "d2", "d3",
                                                           "d4", "d5", "d6", "d7" };

static guint
draw (GRand *random, guint least, guint most)
{
  return (guint) g_rand_int_range (random, (gint32) least, (gint32) most + 1);
}

/* As likely between 1 and 10 as between 10 and 100. */
static double
draw_size (GRand *random, double least, double most)
{
  return least * pow (most / least, g_rand_double (random));
}

static void
draw_models (SimRandomPlan *self, GRand *random)
{
  self->plan.models = self->models;
  self->plan.n_models = draw (random, 1, SIM_MAX_MODELS);
  for (guint i = 0; i < self->plan.n_models; i++)
    self->models[i] = (SimModelSpec){
      .name = model_names[i],
      .sla = sim_draw_chance (random, 0.7) ? draw_size (random, 5, 500) : 0,
    };
}

static SimDeviceSpec
draw_device (const SimRandomPlan *self, GRand *random, guint number)
{
  gboolean is_gpu = sim_draw_chance (random, 0.3);
  const char *model = model_names[draw (random, 0, self->plan.n_models - 1)];

  return (SimDeviceSpec){
    .name = device_names[number],
    .model = is_gpu || sim_draw_chance (random, 0.3) ? DISP_MODEL_ALL : model,
    .kind = is_gpu ? DISP_DEVICE_GPU : DISP_DEVICE_CPU,
    .quota = sim_draw_chance (random, 0.5) ? 1 : draw_size (random, 0.1, 4),
    .max_in_flight = sim_draw_chance (random, 0.2) ? draw (random, 1, 6) : 0,
    .fixed = draw_size (random, 200, 30000),
    .per_instance = draw_size (random, 10, 1000),
    .noise = draw (random, SIM_NOISE_NONE, SIM_NOISE_LOGNORMAL),
    .sigma = 0.8,
    .n_parallel = sim_draw_chance (random, 0.6) ? 1 : draw (random, 2, 8),
    .queue_limit = sim_draw_chance (random, 0.2) ? draw (random, 1, 10) : 0,
    .latency = draw (random, 0, 500),
    .mode = draw (random, SIM_REFUSES, SIM_N_MODES - 1),
    .up = sim_draw_chance (random, 0.6) ? draw_size (random, 1e5, 5e6) : 0,
    .down = draw_size (random, 1e4, 3e6),
  };
}

static SimStreamSpec
draw_stream (const SimRandomPlan *self, GRand *random)
{
  SimRhythm rhythm = draw (random, SIM_POISSON, SIM_CLIENTS);
  guint least = draw (random, 1, 5);

  return (SimStreamSpec){
    .model = model_names[draw (random, 0, self->plan.n_models - 1)],
    .min_instances = least,
    .max_instances = least + draw (random, 0, 10),
    .rhythm = rhythm,
    .rate = draw_size (random, 10, 1000),
    .burst = draw_size (random, 2, 100),
    .pause = g_rand_double (random) * 0.9,
    .n_clients = draw (random, 1, 60),
    .think = sim_draw_chance (random, 0.5) ? draw_size (random, 1000, 100000) : 0,
    .hang_up = sim_draw_chance (random, 0.5) ? g_rand_double (random) * 0.3 : 0,
    .patience = draw_size (random, 100, 1e6),
  };
}

static void
draw_settings (SimRandomPlan *self, GRand *random)
{
  DispEngineSettings *settings = &self->plan.settings;

  *settings = (DispEngineSettings){
    .timeout = (gint64) draw_size (random, 50000, 5e6),
    .retry_after = 5,
    .attempt_timeout = sim_draw_chance (random, 0.5) ? (gint64) draw_size (random, 5000, 1e6) : 0,
    .n_retries = draw (random, 0, 3),
    .max_in_flight = sim_draw_chance (random, 0.5) ? DISP_CAPACITY_AUTO : draw (random, 1, 10),
    .queue_policy = draw (random, 0, DISP_N_QUEUE_POLICIES - 1),
    .queue_limit = draw (random, 1, 300),
    .queue_bytes = sim_draw_chance (random, 0.2) ? draw (random, 100, 1500) : 1 << 26,
    .queue_timeout = sim_draw_chance (random, 0.4) ? (gint64) draw_size (random, 1000, 1e6) : 0,
  };
  self->not_idempotent[0] = model_names[draw (random, 0, self->plan.n_models - 1)];
  self->hedged[0] = model_names[draw (random, 0, self->plan.n_models - 1)];
  if (sim_draw_chance (random, 0.5))
    settings->not_idempotent = (char **) self->not_idempotent;
  if (sim_draw_chance (random, 0.5))
    settings->hedged = (char **) self->hedged;
}

static void
leave_out (SimRandomPlan *self, guint calm)
{
  for (guint i = 0; i < self->plan.n_devices && (calm & SIM_CALM_DEVICES) != 0; i++)
    self->devices[i].up = 0;
  for (guint i = 0; i < self->plan.n_streams && (calm & SIM_CALM_CLIENTS) != 0; i++)
    self->streams[i].hang_up = 0;
  if ((calm & SIM_CALM_FLEET) != 0)
    self->unrest = 0;
  if ((calm & SIM_CALM_WORKERS) != 0)
    self->plan.n_workers = 1;
  if ((calm & SIM_CALM_HEDGES) != 0)
    self->plan.settings.hedged = NULL;
  if ((calm & SIM_CALM_RETRIES) != 0)
    self->plan.settings.n_retries = 0;
}

/**
 * sim_random_plan_draw_policy:
 * @random: a generator
 *
 * Returns: (transfer none): the name of any policy
 */
const char *
sim_random_plan_draw_policy (GRand *random)
{
  const char *const *names = disp_policy_get_names ();

  return names[draw (random, 0, g_strv_length ((char **) names) - 1)];
}

/**
 * sim_random_plan_draw:
 * @self: (out caller-allocates): a plan
 * @seed: the seed, of which it is all made
 * @calm: what is left out of it: some of #SimCalm
 */
void
sim_random_plan_draw (SimRandomPlan *self, guint32 seed, guint calm)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);

  *self = (SimRandomPlan){ .plan.seed = seed };
  draw_models (self, random);
  self->plan.devices = self->devices;
  self->plan.n_devices = draw (random, 1, SIM_MAX_DEVICES);
  for (guint i = 0; i < self->plan.n_devices; i++)
    self->devices[i] = draw_device (self, random, i);
  self->plan.streams = self->streams;
  self->plan.n_streams = draw (random, 1, SIM_MAX_STREAMS);
  for (guint i = 0; i < self->plan.n_streams; i++)
    self->streams[i] = draw_stream (self, random);
  self->plan.policy = sim_random_plan_draw_policy (random);
  self->plan.n_workers = draw (random, 1, 4);
  self->unrest = sim_draw_chance (random, 0.6) ? draw_size (random, 1e4, 1e6) : 0;
  draw_settings (self, random);
  leave_out (self, calm);
}
