/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/capacity.h"

#define DEVICE_LOOP_MODELS 4

/*
 * DeviceLoop:
 * @n_slots: how many attempts the device serves at once; the others wait in its queue, first come,
 *   first served
 * @wire: how long an attempt is on its way there, and the answer on its way back
 * @n_queued: how many may be at the device before it answers busy; 0 = any number
 * @service: how long each model takes; 0 = no client asks for it
 * @spread: durations are spread evenly by this share of them
 * @n_clients: how many clients ask again as soon as they are answered
 * @max_in_flight: as for disp_capacity_take()
 * @n_done: how many were answered
 * @n_busy: of these, how many with busy
 * @n_places: the sum of the limits in force when they were
 * @max_limit: the highest of these limits
 *
 * Some clients that use one container as the dispatcher would, in simulated time.  Microseconds.
 */
typedef struct
{
  guint n_slots;
  gint64 wire;
  guint n_queued;
  gint64 service[DEVICE_LOOP_MODELS];
  double spread;
  guint n_clients;
  guint max_in_flight;

  guint n_done;
  guint n_busy;
  guint64 n_places;
  guint max_limit;

  /*< private >*/
  gint64 now;
  DispCapacity *capacity;                     /* (owned) */
  DispBaseline baselines[DEVICE_LOOP_MODELS]; /* of the models */
  GArray *attempts;                           /* (owned) those in flight, in no order */
  GArray *slots;                              /* (owned) (element-type gint64) when each is free */
  guint n_waiting;
  guint32 state;
} DeviceLoop;

void device_loop_init (DeviceLoop *self);
void device_loop_clear (DeviceLoop *self);
void device_loop_run (DeviceLoop *self, gint64 duration);
guint device_loop_get_limit (DeviceLoop *self);
double device_loop_get_mean_limit (DeviceLoop *self);
double device_loop_get_baseline (DeviceLoop *self, guint model);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DeviceLoop, device_loop_clear)
