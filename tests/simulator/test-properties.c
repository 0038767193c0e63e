/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator/chance.h"
#include "simulator/random-plan.h"
#include "simulator/simulator.h"

#include <stdlib.h>

/*
 * What is promised holds in fleets and floods that were drawn at random: each request gets one
 * reply, in its time; no container gets more than it has places for; no more requests wait than
 * may; no more is sent twice than may.  See simulator/rules.c.
 *
 * SIMULATOR_EVENTS says how many events there are in all, SIMULATOR_SEED the first seed.
 */

#define DEFAULT_EVENTS "1000000"
#define EVENTS_OF_A_PLAN 20000

/* A simulation in which the fleet and the policy change. */
typedef struct
{
  Simulator *simulator; /* (owned) */
  SimRandomPlan drawn;
  GRand *random;   /* (owned) */
  GSource *change; /* (owned) (nullable) the next one */
} Run;

static void
change_policy (Run *run)
{
  g_autoptr (DispPolicySpec) policy = disp_policy_spec_new (
      sim_random_plan_draw_policy (run->random), NULL, NULL);

  disp_switchboard_set_policy (simulator_get_switchboard (run->simulator), NULL, policy);
}

static void plan_change (Run *run);

static gboolean
on_change (gpointer user_data)
{
  Run *run = user_data;
  guint device = (guint) g_rand_int_range (run->random, 0, (gint32) run->drawn.plan.n_devices);

  switch (g_rand_int_range (run->random, 0, 4))
    {
    case 0:
      change_policy (run);
      break;
    case 1:
      simulator_set_quota (run->simulator, device,
                           sim_draw_chance (run->random, 0.3) ? 0 : g_rand_double (run->random));
      break;
    default:
      simulator_set_present (run->simulator, device,
                             !simulator_is_present (run->simulator, device));
    }
  plan_change (run);
  return G_SOURCE_REMOVE;
}

static void
plan_change (Run *run)
{
  DispClock *clock = simulator_get_clock (run->simulator);
  gint64 delay = (gint64) sim_draw_exponential (run->random, run->drawn.unrest) + 1;

  disp_clock_clear_timer (&run->change);
  run->change = disp_clock_add_timer (clock, disp_clock_now (clock) + delay, "change", on_change,
                                      run);
}

/* Returns: (transfer full) (nullable): which promise was broken */
static char *
simulate (guint32 seed, guint calm, guint64 n_events, guint64 *n_done)
{
  Run run = { .random = g_rand_new_with_seed (seed) };
  char *broken;

  sim_random_plan_draw (&run.drawn, seed, calm);
  run.simulator = simulator_new (&run.drawn.plan);
  simulator_run (run.simulator, 0);
  simulator_get_rules (run.simulator)->may_wait_again = run.drawn.unrest > 0;
  if (run.drawn.unrest > 0)
    plan_change (&run);
  while (simulator_count_events (run.simulator) < n_events
         && simulator_get_rules (run.simulator)->broken == NULL)
    simulator_run (run.simulator, 10000);
  disp_clock_clear_timer (&run.change);
  simulator_finish (run.simulator);
  *n_done += simulator_count_events (run.simulator);
  broken = g_strdup (simulator_get_rules (run.simulator)->broken);
  simulator_free (run.simulator);
  g_rand_free (run.random);
  return broken;
}

/* Leaves out of a plan what does not matter, and tells what is left. */
static void
shrink (guint32 seed, const char *first)
{
  g_autofree char *broken = g_strdup (first);
  guint calm = 0;

  for (guint flag = 1; flag <= SIM_CALM_ALL; flag <<= 1)
    {
      guint64 n_done = 0;
      char *still = simulate (seed, calm | flag, EVENTS_OF_A_PLAN, &n_done);

      if (still == NULL)
        continue;
      calm |= flag;
      g_free (broken);
      broken = still;
    }
  g_error ("seed %u: %s; also without 0x%x of SimCalm: %s", seed, first, calm, broken);
}

static const char *
get_variable (const char *name, const char *fallback)
{
  const char *value = g_getenv (name);

  return value != NULL ? value : fallback;
}

static void
test_promises (void)
{
  guint64 n_events = strtoull (get_variable ("SIMULATOR_EVENTS", DEFAULT_EVENTS), NULL, 10);
  guint32 seed = (guint32) strtoul (get_variable ("SIMULATOR_SEED", "1"), NULL, 10);
  guint64 n_done = 0;
  guint n_plans = 0;

  for (; n_done < n_events; seed++, n_plans++)
    {
      g_autofree char *broken = NULL;

      g_test_message ("seed %u", seed);
      broken = simulate (seed, 0, EVENTS_OF_A_PLAN, &n_done);
      if (broken != NULL)
        shrink (seed, broken);
    }
  g_test_message ("%" G_GUINT64_FORMAT " events in %u plans", n_done, n_plans);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  sim_quieten_log ();
  g_test_add_func ("/simulator/promises", test_promises);
  return g_test_run ();
}
