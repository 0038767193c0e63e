/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "front/handshake-queue.h"
#include "front/terms.h"

#include <sys/socket.h>

/**
 * DISP_SMALL_BODY:
 *
 * Up to so many bytes a body still gets memory when larger ones have taken all: one sixteenth of
 * what they may take is kept for such, on top.
 */
#define DISP_SMALL_BODY ((gsize) 64 * 1024)

/**
 * DispReception:
 *
 * What all that serve clients share, whatever they serve: how many connections there are and whose,
 * how much memory the bodies in flight take, and where handshakes of TLS are made.  Counted by
 * references; any thread.
 */
typedef struct _DispReception DispReception;

/**
 * DispPeer:
 *
 * Where connections come from: an address of IPv4, the first 64 bits of one of IPv6, or a user with
 * a UNIX socket.  Counts its connections, and lives as long as it has some.  Any thread.
 */
typedef struct _DispPeer DispPeer;

DispReception *disp_reception_new (void);
DispReception *disp_reception_ref (DispReception *self);
void disp_reception_unref (DispReception *self);

DispPeer *disp_reception_admit (DispReception *self, const DispTerms *terms,
                                const struct sockaddr *address, socklen_t length, gboolean *is_full,
                                GError **error);
void disp_reception_leave (DispReception *self, DispPeer *peer);
void disp_reception_turned_away (DispReception *self, const DispTerms *terms, const GError *error);
guint disp_reception_count_connections (DispReception *self);
DispHandshakeQueue *disp_reception_get_handshakes (DispReception *self);
const char *disp_peer_get_name (const DispPeer *self);

gboolean disp_reception_take_memory (DispReception *self, const DispTerms *terms, gsize had,
                                     gsize size);
void disp_reception_give_memory (DispReception *self, gsize size);
gsize disp_reception_get_memory (DispReception *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispReception, disp_reception_unref)
