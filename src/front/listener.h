/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/clock.h"

/**
 * DispAccepted:
 * @socket: (transfer none): a connected, non-blocking socket
 * @user_data: as given to disp_listener_new()
 *
 * Takes a new connection.
 */
typedef void (*DispAccepted) (GSocket *socket, gpointer user_data);

GPtrArray *disp_listener_open (const char *address, guint n, GError **error);
GPtrArray *disp_listener_adopt (int fd, guint n, GError **error);
gboolean disp_listener_is_adopted (GSocket *socket);
char *disp_listener_describe (GSocket *socket);
void disp_listener_remove (const char *address);

typedef struct _DispListener DispListener;

DispListener *disp_listener_new (GSocket *socket, DispClock *clock, DispAccepted accepted,
                                 gpointer user_data);
void disp_listener_free (DispListener *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispListener, disp_listener_free)
