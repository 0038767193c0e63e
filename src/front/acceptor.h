/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/clock.h"
#include "front/crew.h"
#include "front/listener-sockets.h"
#include "front/reception.h"
#include "net/poller.h"

/**
 * DispMakeRoom:
 * @user_data: as given to disp_acceptor_new()
 *
 * Asks for a connection to be closed, at once, so that another can come: the one of this thread
 * that has been idle for longest.
 *
 * Returns: whether one was closed
 */
typedef gboolean (*DispMakeRoom) (gpointer user_data);

/**
 * DispAcceptorSettings:
 * @poller: (transfer none): watches the socket; outlives the acceptor
 * @clock: (transfer none): the clock
 * @reception: (transfer none): admits connections
 * @member: (transfer none): passes them on; leaves after the acceptor is freed
 * @terms: (transfer none): on what terms clients are admitted
 * @make_room: asks for room when there is none
 * @user_data: for @make_room
 *
 * What an acceptor is given.
 */
typedef struct
{
  DispPoller *poller;
  DispClock *clock;
  DispReception *reception;
  DispCrewMember *member;
  DispTerms *terms;
  DispMakeRoom make_room;
  gpointer user_data;
} DispAcceptorSettings;

/**
 * DispAcceptor:
 *
 * Accepts the connections of one listening socket for the thread where it was made.
 */
typedef struct _DispAcceptor DispAcceptor;

DispAcceptor *disp_acceptor_new (GSocket *socket, const DispAcceptorSettings *settings);
void disp_acceptor_free (DispAcceptor *self);
void disp_acceptor_set_terms (DispAcceptor *self, DispTerms *terms);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispAcceptor, disp_acceptor_free)
