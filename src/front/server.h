/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/clock.h"
#include "front/crew.h"
#include "front/rate-limit.h"
#include "front/site.h"

#include <gio/gio.h>

#define DISP_TYPE_SERVER (disp_server_get_type ())
G_DECLARE_FINAL_TYPE (DispServer, disp_server, DISP, SERVER, GObject)

/**
 * DispServerSettings:
 * @clock: (transfer none): the clock
 * @sockets: (transfer none) (element-type GSocket): the listening sockets of this thread
 * @reception: (transfer none): what all servers of the daemon share
 * @crew: (transfer none): those who serve the same addresses
 * @rate_limit: (transfer none): how often each client may ask
 * @terms: (transfer none): on what terms clients are served
 *
 * What a server is given.
 */
typedef struct
{
  DispClock *clock;
  GPtrArray *sockets;
  DispReception *reception;
  DispCrew *crew;
  DispRateLimit *rate_limit;
  DispTerms *terms;
} DispServerSettings;

/**
 * DispServerDrained:
 * @user_data: as given to disp_server_drain()
 *
 * The last connection of a draining server is closed.
 */
typedef void (*DispServerDrained) (gpointer user_data);

DispServer *disp_server_new (DispSite *site, const DispServerSettings *settings);
void disp_server_set_terms (DispServer *self, DispTerms *terms);
void disp_server_drain (DispServer *self, DispServerDrained drained, gpointer user_data);
void disp_server_abort (DispServer *self);
guint disp_server_count_connections (DispServer *self);
