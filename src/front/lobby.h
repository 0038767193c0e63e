/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "front/handshake.h"
#include "front/reception.h"

/**
 * DispLobby:
 *
 * Where clients of one thread are until they speak TLS.  Belongs to that thread.
 */
typedef struct _DispLobby DispLobby;

/**
 * DispLobbyLeft:
 * @channel: (transfer full) (nullable): what to serve on; %NULL: nothing, and it is closed
 * @peer: (transfer full): as given to disp_lobby_enter()
 * @user_data: as given to disp_lobby_new()
 *
 * A client has left, to be served or for good.
 */
typedef void (*DispLobbyLeft) (DispChannel *channel, DispPeer *peer, gpointer user_data);

DispLobby *disp_lobby_new (DispPoller *poller, DispDeadlines *deadlines, DispHandshakeQueue *queue,
                           DispLobbyLeft left, gpointer user_data);
void disp_lobby_free (DispLobby *self);

void disp_lobby_enter (DispLobby *self, int fd, DispPeer *peer, DispTerms *terms);
void disp_lobby_close (DispLobby *self);
guint disp_lobby_count (const DispLobby *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispLobby, disp_lobby_free)
