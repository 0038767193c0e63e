/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "simulator/arrivals.h"
#include "simulator/plan.h"
#include "simulator/rules.h"
#include "simulator/sim-transport.h"
#include "simulator/tally.h"

/**
 * SimAsks:
 * @plan: (unowned): what is simulated
 * @clock: (unowned): its time
 * @random: (unowned): for what is left to chance
 * @open: (owned) (element-type DispRequest SimAsk): the requests under way
 * @tally: what came of those that are over
 * @rules: what they were promised
 *
 * All requests of a simulation.
 */
typedef struct
{
  const SimPlan *plan;
  DispClock *clock;
  GRand *random;
  GHashTable *open;
  SimTally tally;
  SimRules rules;
} SimAsks;

void sim_asks_init (SimAsks *self, const SimPlan *plan, DispClock *clock, GRand *random);
void sim_asks_clear (SimAsks *self);
SimWitness sim_asks_get_witness (SimAsks *self);
SimAsk *sim_asks_add (SimAsks *self, SimArrivals *arrivals);
void sim_asks_reply (SimAsks *self, DispRequest *request, DispReply *reply);
