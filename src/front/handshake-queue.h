/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "front/terms.h"

/**
 * DispHandshakeQueue:
 *
 * The handshakes of TLS of the whole daemon, of which only some are made at once.  Any thread.
 */
typedef struct _DispHandshakeQueue DispHandshakeQueue;

/**
 * DispHandshakeJob:
 *
 * One of them.  Belongs to the thread that asked for it.
 */
typedef struct _DispHandshakeJob DispHandshakeJob;

/**
 * DispHandshakeJobDone:
 * @connection: (transfer full) (nullable): %NULL: it came to nothing
 * @user_data: as given to disp_handshake_queue_push()
 *
 * A handshake is over, on the thread that asked for it.
 */
typedef void (*DispHandshakeJobDone) (GTlsConnection *connection, gpointer user_data);

DispHandshakeQueue *disp_handshake_queue_new (void);
void disp_handshake_queue_free (DispHandshakeQueue *self);

DispHandshakeJob *disp_handshake_queue_push (DispHandshakeQueue *self, int fd, DispTerms *terms,
                                             DispHandshakeJobDone done, gpointer user_data);
gboolean disp_handshake_job_is_waiting (DispHandshakeJob *self);
void disp_handshake_job_free (DispHandshakeJob *self);
void disp_handshake_job_cancel (DispHandshakeJob *self);
void disp_handshake_queue_press (DispHandshakeQueue *self, gint64 now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispHandshakeQueue, disp_handshake_queue_free)
