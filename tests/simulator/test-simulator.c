/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator/scenarios.h"

#include <math.h>
#include <string.h>

/* The simulator itself: what theory knows comes out of it, and the same seed gives the same. */

#define SECONDS(n) ((gint64) (n) *G_USEC_PER_SEC)

static const SimModelSpec models[] = { { "m", 0 } };

static const SimDeviceSpec fast = {
  .name = "fast",
  .model = "m",
  .kind = DISP_DEVICE_GPU,
  .quota = 1,
  .fixed = 2000,
  .per_instance = 200,
  .n_parallel = 1,
  .latency = 100,
};

static SimPlan
make_plan (const SimDeviceSpec *devices, guint n_devices, const SimStreamSpec *stream)
{
  return (SimPlan){
    .models = models,
    .n_models = G_N_ELEMENTS (models),
    .devices = devices,
    .n_devices = n_devices,
    .streams = stream,
    .n_streams = 1,
    .policy = "round-robin",
    .settings = sim_settings,
    .n_workers = 1,
    .seed = 1,
  };
}

static void
assert_near (double value, double expected, double tolerance)
{
  if (fabs (value / expected - 1) > tolerance)
    g_error ("%g is not within %g of %g", value, tolerance, expected);
}

/* What becomes of requests that come at random to servers whose service times are exponential: A.
 * K. Erlang's formula for the probability to wait, "Solution of some Problems in the Theory of
 * Probabilities of Significance in Automatic Telephone Exchanges", 1917. */
static double
predict_response (guint n_servers, double service, double rate)
{
  double offered = rate * service / G_USEC_PER_SEC;
  double term = 1;
  double sum = 0;

  for (guint i = 0; i < n_servers; i++)
    {
      sum += term;
      term *= offered / (i + 1);
    }
  term *= n_servers / (n_servers - offered);
  return service + term / (sum + term) * service / (n_servers - offered);
}

static void
check_queue (guint n_servers, double rate)
{
  SimDeviceSpec device = fast;
  const SimStreamSpec stream = {
    .model = "m",
    .min_instances = 1,
    .max_instances = 1,
    .rate = rate,
  };
  SimPlan plan = make_plan (&device, 1, &stream);

  device.fixed = 10000;
  device.per_instance = 0;
  device.noise = SIM_NOISE_EXPONENTIAL;
  device.n_parallel = n_servers;
  device.latency = 0;
  plan.settings.max_in_flight = SIM_NO_LIMIT;
  g_autoptr (Simulator) simulator = simulator_new (&plan);
  simulator_run (simulator, SECONDS (10));
  simulator_forget (simulator);
  simulator_run (simulator, SECONDS (400));
  assert_near ((double) simulator_get_tally (simulator)->n_answered, rate * 400, 0.03);
  assert_near (sim_tally_get_mean (simulator_get_tally (simulator)),
               predict_response (n_servers, 10000, rate), 0.06);
  simulator_finish (simulator);
}

static void
test_queues (void)
{
  check_queue (1, 50);
  check_queue (1, 75);
  check_queue (3, 210);
}

/* One serial device, always at work: so many requests a second, and each waits for all others. */
static void
test_clients (void)
{
  const SimStreamSpec stream = {
    .model = "m",
    .min_instances = 3,
    .max_instances = 3,
    .rhythm = SIM_CLIENTS,
    .n_clients = 16,
  };
  SimPlan plan = make_plan (&fast, 1, &stream);
  SimTally *tally;

  plan.settings.max_in_flight = SIM_NO_LIMIT;
  g_autoptr (Simulator) simulator = simulator_new (&plan);
  tally = simulator_get_tally (simulator);
  simulator_run (simulator, SECONDS (1));
  simulator_forget (simulator);
  simulator_run (simulator, SECONDS (10));
  assert_near ((double) tally->n_answered / 10, 1e6 / 2600, 0.01);
  assert_near ((double) sim_tally_get_percentile (tally, 50), 16 * 2600, 0.01);
  g_assert_cmpuint (tally->n_refused, ==, 0);
  simulator_finish (simulator);
  g_assert_cmpstr (simulator_get_rules (simulator)->broken, ==, NULL);
}

/* The same seed gives the same, whatever stands where in memory; another gives another. */
static void
test_seeds (void)
{
  const SimDeviceSpec devices[] = {
    { "a", "m", DISP_DEVICE_CPU, 1, .fixed = 5000, .noise = SIM_NOISE_EXPONENTIAL, .n_parallel = 1,
      .mode = SIM_RESETS, .up = 1e6, .down = 1e5 },
    { "b", "m", DISP_DEVICE_GPU, 1, .fixed = 3000, .noise = SIM_NOISE_LOGNORMAL, .sigma = 0.5,
      .n_parallel = 2, .mode = SIM_HANGS, .up = 1e6, .down = 1e5 },
  };
  const SimStreamSpec stream = {
    .model = "m",
    .min_instances = 1,
    .max_instances = 4,
    .rhythm = SIM_BURSTY,
    .rate = 500,
    .burst = 20,
    .pause = 0.5,
    .hang_up = 0.1,
    .patience = 20000,
  };
  static const guint32 seeds[] = { 1, 1, 2 };
  double means[G_N_ELEMENTS (seeds)];

  for (guint i = 0; i < G_N_ELEMENTS (seeds); i++)
    {
      SimPlan plan = make_plan (devices, G_N_ELEMENTS (devices), &stream);

      plan.policy = "fastest";
      plan.seed = seeds[i];
      g_autoptr (Simulator) simulator = simulator_new (&plan);
      simulator_run (simulator, SECONDS (20));
      means[i] = sim_tally_get_mean (simulator_get_tally (simulator));
      g_assert_cmpuint (simulator_get_tally (simulator)->n_gone, >, 0);
      simulator_finish (simulator);
      g_assert_cmpstr (simulator_get_rules (simulator)->broken, ==, NULL);
    }
  g_assert_cmpfloat (means[0], ==, means[1]);
  g_assert_cmpfloat (means[0], !=, means[2]);
}

/* Whoever lets requests wait before devices that differ uses all of them, and lets nobody wait for
 * long: 64 clients that ask without a pause get their answers after 113 ms on average, whatever is
 * done, and leastconn lets those wait for 241 ms who come to a slow one. */
static void
test_unequal (void)
{
  const SimScenario *scenario = sim_scenario_find ("unequal");
  SimFigures reference = sim_measure (scenario, sim_variant_find ("leastconn"), 1, 10);

  assert_near (reference.p99, 22 * 11, 0.02);
  for (guint32 seed = 1; seed <= 3; seed++)
    {
      SimFigures figures = sim_measure (scenario, sim_variant_find ("fastest"), seed, 10);

      g_assert_cmpfloat (figures.throughput, >=, 0.96 * (1e6 / 2600 + 2 * 1e6 / 11000));
      g_assert_cmpfloat (figures.p99, <=, 0.55 * reference.p99);
      g_assert_cmpfloat (figures.refused, <=, 0);
    }
}

static const SimDeviceSpec unequal[] = {
  { "gpu", "m", DISP_DEVICE_GPU, 1, .fixed = 2000, .per_instance = 200, .n_parallel = 1 },
  { "cpu-0", "m", DISP_DEVICE_CPU, 1, .fixed = 8000, .per_instance = 1000, .n_parallel = 1 },
  { "cpu-1", "m", DISP_DEVICE_CPU, 1, .fixed = 8000, .per_instance = 1000, .n_parallel = 1 },
};

/* Three times as many come as can be answered: that many are, and the others hear it at once. */
static void
test_overload (void)
{
  const double possible = 1e6 / 2600 + 2 * 1e6 / 11000;
  const SimStreamSpec stream = {
    .model = "m",
    .min_instances = 3,
    .max_instances = 3,
    .rate = 3 * possible,
  };
  SimPlan plan = make_plan (unequal, G_N_ELEMENTS (unequal), &stream);
  const SimTally *tally;

  plan.policy = "fastest";
  plan.settings.queue_limit = 100;
  g_autoptr (Simulator) simulator = simulator_new (&plan);
  tally = simulator_get_tally (simulator);
  simulator_run (simulator, SECONDS (2));
  simulator_forget (simulator);
  simulator_run (simulator, SECONDS (30));
  g_assert_cmpfloat ((double) tally->n_answered, >=, 0.95 * possible * 30);
  assert_near ((double) tally->n_turned_away, 2 * possible * 30, 0.05);
  g_assert_cmpint (tally->slowest_turn, <, 20000);
  g_assert_cmpint (sim_tally_get_percentile (simulator_get_tally (simulator), 100), <, 500000);
  simulator_finish (simulator);
  g_assert_cmpstr (simulator_get_rules (simulator)->broken, ==, NULL);
  g_assert_cmpuint (simulator_get_rules (simulator)->max_fresh[0], ==, 100);
}

/* While all model servers are busy with something else no more requests wait than may, for all that
 * they take, and the others hear it at once. */
static void
test_all_busy (void)
{
  SimDeviceSpec devices[G_N_ELEMENTS (unequal)];
  const SimStreamSpec stream = {
    .model = "m",
    .min_instances = 3,
    .max_instances = 3,
    .rate = 500,
  };
  SimPlan plan = make_plan (devices, G_N_ELEMENTS (devices), &stream);
  const SimTally *tally;

  memcpy (devices, unequal, sizeof unequal);
  plan.settings.queue_limit = 20;
  plan.settings.queue_bytes = 15 * strlen ("[1,1,1]");
  plan.settings.timeout = SECONDS (2);
  g_autoptr (Simulator) simulator = simulator_new (&plan);
  tally = simulator_get_tally (simulator);
  simulator_run (simulator, SECONDS (2));
  for (guint i = 0; i < G_N_ELEMENTS (devices); i++)
    sim_device_set_mode (simulator_get_device (simulator, i), SIM_BUSY);
  simulator_run (simulator, SECONDS (1));
  simulator_forget (simulator);
  simulator_run (simulator, SECONDS (5));
  g_assert_cmpuint (tally->n_answered, ==, 0);
  g_assert_cmpuint (tally->n_turned_away, >, 2000);
  g_assert_cmpint (tally->slowest_turn, <, 20000);
  for (guint i = 0; i < G_N_ELEMENTS (devices); i++)
    sim_device_set_mode (simulator_get_device (simulator, i), SIM_WELL);
  simulator_run (simulator, SECONDS (2));
  simulator_forget (simulator);
  simulator_run (simulator, SECONDS (5));
  g_assert_cmpuint (tally->n_answered, >, 2300);
  simulator_finish (simulator);
  g_assert_cmpstr (simulator_get_rules (simulator)->broken, ==, NULL);
  g_assert_cmpuint (simulator_get_rules (simulator)->max_fresh[0], ==, 15);
}

/* Of eight devices two hang now and then.  Their requests are answered by others, as far as the
 * budget for that goes, which is used. */
static void
test_hedges (void)
{
  SimDeviceSpec devices[8];
  static const char *const names[] = { "0", "1", "2", "3", "4", "5", "6", "7" };
  static const char *const hedged[] = { "m", NULL };
  const SimStreamSpec stream = {
    .model = "m",
    .min_instances = 3,
    .max_instances = 3,
    .rate = 100,
  };
  SimPlan plan = make_plan (devices, G_N_ELEMENTS (devices), &stream);
  const SimRules *rules;

  for (guint i = 0; i < G_N_ELEMENTS (devices); i++)
    {
      devices[i] = unequal[1];
      devices[i].name = names[i];
      devices[i].noise = SIM_NOISE_LOGNORMAL;
      devices[i].sigma = 0.3;
      devices[i].mode = SIM_HANGS;
      devices[i].up = i < 2 ? 1e6 : 0;
      devices[i].down = 1e6;
    }
  plan.settings.hedged = (char **) hedged;
  g_autoptr (Simulator) simulator = simulator_new (&plan);
  simulator_run (simulator, SECONDS (60));
  simulator_finish (simulator);
  rules = simulator_get_rules (simulator);
  g_assert_cmpstr (rules->broken, ==, NULL);
  g_assert_cmpuint (rules->n_hedges * 100, >=, rules->n_first * 4);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  sim_quieten_log ();
  g_test_add_func ("/simulator/queues", test_queues);
  g_test_add_func ("/simulator/clients", test_clients);
  g_test_add_func ("/simulator/seeds", test_seeds);
  g_test_add_func ("/simulator/unequal", test_unequal);
  g_test_add_func ("/simulator/overload", test_overload);
  g_test_add_func ("/simulator/all-busy", test_all_busy);
  g_test_add_func ("/simulator/hedges", test_hedges);
  return g_test_run ();
}
