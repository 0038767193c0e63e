/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "support/fake-clock.h"

/**
 * SimRhythm:
 * @SIM_POISSON: requests come at random, at a rate, whatever becomes of them
 * @SIM_BURSTY: the same in bursts, with pauses between them: on average at the rate
 * @SIM_CLIENTS: each of some clients asks, waits for its answer, thinks, and asks again
 *
 * When requests come.
 */
typedef enum
{
  SIM_POISSON,
  SIM_BURSTY,
  SIM_CLIENTS,
} SimRhythm;

/**
 * SimStreamSpec:
 * @model: the model that is asked for
 * @min_instances: how many instances a request has at the least
 * @max_instances: and at the most
 * @rhythm: when they come
 * @rate: how many in a second, unless there are @n_clients
 * @burst: with %SIM_BURSTY: how many in one burst, on average
 * @pause: with %SIM_BURSTY: what part of the time nothing comes, below 1
 * @n_clients: with %SIM_CLIENTS: how many
 * @think: how long one thinks, on average, in microseconds
 * @hang_up: what part of the clients hangs up before its answer, if that takes long
 * @patience: how long those wait, on average, in microseconds
 *
 * Some requests that are alike.
 */
typedef struct
{
  const char *model;
  guint min_instances;
  guint max_instances;
  SimRhythm rhythm;
  double rate;
  double burst;
  double pause;
  guint n_clients;
  double think;
  double hang_up;
  double patience;
} SimStreamSpec;

typedef struct _SimArrivals SimArrivals;
typedef void (*SimArrived) (SimArrivals *arrivals, gpointer user_data);

SimArrivals *sim_arrivals_new (const SimStreamSpec *spec, FakeClock *clock, guint32 seed,
                               SimArrived arrived, gpointer user_data);
void sim_arrivals_free (SimArrivals *self);
void sim_arrivals_start (SimArrivals *self);
void sim_arrivals_stop (SimArrivals *self);
void sim_arrivals_answered (SimArrivals *self);
const SimStreamSpec *sim_arrivals_get_spec (const SimArrivals *self);
guint sim_arrivals_draw_instances (SimArrivals *self);
gint64 sim_arrivals_draw_patience (SimArrivals *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SimArrivals, sim_arrivals_free)
