/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/clock.h"
#include "front/listener-sockets.h"

/**
 * DispAccepted:
 * @socket: (transfer none): a connected, non-blocking socket
 * @user_data: as given to disp_listener_new()
 *
 * Takes a new connection.
 */
typedef void (*DispAccepted) (GSocket *socket, gpointer user_data);

typedef struct _DispListener DispListener;

DispListener *disp_listener_new (GSocket *socket, DispClock *clock, DispAccepted accepted,
                                 gpointer user_data);
void disp_listener_free (DispListener *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispListener, disp_listener_free)
