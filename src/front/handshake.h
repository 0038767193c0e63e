/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "front/client-channel.h"
#include "front/deadlines.h"
#include "front/handshake-queue.h"
#include "net/poller.h"

/**
 * DispHandshake:
 *
 * A connection that is to become one of TLS.  Belongs to one thread.
 */
typedef struct _DispHandshake DispHandshake;

/**
 * DispHandshakeSettings:
 * @poller: (transfer none): watches the socket; outlives the handshake
 * @deadlines: (transfer none): those of the thread; outlive the handshake
 * @queue: (transfer none): where handshakes are made; outlives this one
 * @terms: (transfer none): with a certificate
 *
 * What a handshake is given.
 */
typedef struct
{
  DispPoller *poller;
  DispDeadlines *deadlines;
  DispHandshakeQueue *queue;
  DispTerms *terms;
} DispHandshakeSettings;

/**
 * DispHandshakeDone:
 * @channel: (transfer full) (nullable): what came of it; %NULL: nothing, and it is closed
 * @user_data: as given to disp_handshake_start()
 *
 * A handshake is over, and freed.
 */
typedef void (*DispHandshakeDone) (DispChannel *channel, gpointer user_data);

DispHandshake *disp_handshake_start (int fd, const DispHandshakeSettings *settings,
                                     DispHandshakeDone done, gpointer user_data);
void disp_handshake_cancel (DispHandshake *self);
