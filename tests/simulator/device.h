/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/container.h"
#include "support/fake-clock.h"

/**
 * SimNoise:
 * @SIM_NOISE_NONE: each takes exactly its time
 * @SIM_NOISE_EXPONENTIAL: its time is the mean of an exponential distribution
 * @SIM_NOISE_LOGNORMAL: its time is the mean of a log-normal distribution
 *
 * How the service times of a device scatter.
 */
typedef enum
{
  SIM_NOISE_NONE,
  SIM_NOISE_EXPONENTIAL,
  SIM_NOISE_LOGNORMAL,
} SimNoise;

/**
 * SimMode:
 * @SIM_WELL: it answers
 * @SIM_REFUSES: nobody listens; what it had is broken off
 * @SIM_RESETS: it takes requests and breaks them off
 * @SIM_HANGS: it takes requests and says nothing, until it is well again
 * @SIM_FAILS: it answers 500 at once
 * @SIM_BUSY: it answers 503 at once
 *
 * What a device does.
 */
typedef enum
{
  SIM_WELL,
  SIM_REFUSES,
  SIM_RESETS,
  SIM_HANGS,
  SIM_FAILS,
  SIM_BUSY,
  SIM_N_MODES /*< skip >*/
} SimMode;

/**
 * SimDeviceSpec:
 * @name: its name, which is that of its container
 * @model: the model that it serves, or %DISP_MODEL_ALL
 * @kind: what it is
 * @quota: its quota
 * @max_in_flight: what its container says of that; 0 = nothing
 * @fixed: how long it takes for a request, in microseconds
 * @per_instance: and for each instance of it
 * @noise: how that scatters
 * @sigma: with %SIM_NOISE_LOGNORMAL: the standard deviation of the logarithm
 * @n_parallel: how many requests it serves at once; the others wait in a queue of its own
 * @queue_limit: how many wait there at the most; who comes then gets 503; 0 = any number
 * @latency: how long the way to it and back takes, in microseconds
 * @mode: what it does when it is not well
 * @up: how long it is well, on average, in microseconds; 0 = always
 * @down: how long it is in @mode, on average
 *
 * A model server as it is simulated.
 */
typedef struct
{
  const char *name;
  const char *model;
  DispDevice kind;
  double quota;
  guint max_in_flight;
  double fixed;
  double per_instance;
  SimNoise noise;
  double sigma;
  guint n_parallel;
  guint queue_limit;
  gint64 latency;
  SimMode mode;
  double up;
  double down;
} SimDeviceSpec;

/* What a piece of work ends with, if not with an HTTP status. */
#define SIM_REFUSED 0
#define SIM_BROKEN 1

/**
 * SimWorkEnded:
 * @status: an HTTP status, %SIM_REFUSED or %SIM_BROKEN
 * @user_data: as given to sim_device_begin()
 */
typedef void (*SimWorkEnded) (guint status, gpointer user_data);

typedef struct _SimDevice SimDevice;
typedef struct _SimWork SimWork;

SimDevice *sim_device_new (const SimDeviceSpec *spec, FakeClock *clock, guint32 seed);
void sim_device_free (SimDevice *self);
const SimDeviceSpec *sim_device_get_spec (const SimDevice *self);
double sim_device_get_mean (const SimDeviceSpec *spec, double n_instances);

SimWork *sim_device_begin (SimDevice *self, guint n_instances, SimWorkEnded ended,
                           gpointer user_data);
void sim_work_abandon (SimWork *self);

void sim_device_set_mode (SimDevice *self, SimMode mode);
SimMode sim_device_get_mode (const SimDevice *self);
void sim_device_settle (SimDevice *self);
guint sim_device_count_works (const SimDevice *self);
guint64 sim_device_count_served (const SimDevice *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SimDevice, sim_device_free)
