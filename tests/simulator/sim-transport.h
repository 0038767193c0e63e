/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/transport.h"
#include "simulator/device.h"

#define TYPE_SIM_TRANSPORT (sim_transport_get_type ())
G_DECLARE_FINAL_TYPE (SimTransport, sim_transport, SIM, TRANSPORT, GObject)

/**
 * SimWitness:
 * @sent: an attempt begins
 * @ended: it has ended: with an HTTP status, %SIM_REFUSED, %SIM_BROKEN, or -1, as it was cancelled
 * @user_data: for both
 *
 * Who sees what a transport does.
 */
typedef struct
{
  void (*sent) (DispContainer *container, DispRequest *request, gpointer user_data);
  void (*ended) (DispContainer *container, DispRequest *request, int status, gpointer user_data);
  gpointer user_data;
} SimWitness;

SimTransport *sim_transport_new (const SimWitness *witness);
void sim_transport_add_device (SimTransport *self, SimDevice *device);
guint sim_transport_count_instances (const DispRequest *request);
