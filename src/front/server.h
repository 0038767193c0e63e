/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/clock.h"
#include "front/site.h"

#include <gio/gio.h>

#define DISP_TYPE_SERVER (disp_server_get_type ())
G_DECLARE_FINAL_TYPE (DispServer, disp_server, DISP, SERVER, GObject)

/**
 * DispServerDrained:
 * @user_data: as given to disp_server_drain()
 *
 * The last connection of a draining server is closed.
 */
typedef void (*DispServerDrained) (gpointer user_data);

DispServer *disp_server_new (DispSite *site, DispClock *clock, GPtrArray *sockets,
                             gsize body_limit);
void disp_server_set_body_limit (DispServer *self, gsize body_limit);
void disp_server_drain (DispServer *self, DispServerDrained drained, gpointer user_data);
void disp_server_abort (DispServer *self);
guint disp_server_count_connections (DispServer *self);
