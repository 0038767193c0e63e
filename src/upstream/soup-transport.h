/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/clock.h"
#include "engine/transport.h"

/**
 * DispUpstreamSettings:
 * @connect_timeout: how long opening a connection may take, in microseconds
 * @idle_timeout: how long an idle connection is kept, in seconds; best below the model server's own
 * @answer_limit: the longest body that a container may answer with, in bytes
 *
 * What the operator decided for the calls to containers.
 */
typedef struct
{
  gint64 connect_timeout;
  guint idle_timeout;
  gsize answer_limit;
} DispUpstreamSettings;

#define DISP_TYPE_SOUP_TRANSPORT (disp_soup_transport_get_type ())
G_DECLARE_FINAL_TYPE (DispSoupTransport, disp_soup_transport, DISP, SOUP_TRANSPORT, GObject)

DispTransport *disp_soup_transport_new (DispClock *clock, const DispUpstreamSettings *settings);
