/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/**
 * DispSocket:
 * @fd: (owned): the descriptor; -1 when it is closed
 *
 * A connected socket that a stream and its halves share, in memory of g_atomic_rc_box_new():
 * whichever lives on finds it closed, and not the number of another's descriptor.
 */
typedef struct
{
  int fd;
} DispSocket;

DispSocket *disp_socket_new (int fd);
void disp_socket_close (DispSocket *self);
void disp_socket_unref (DispSocket *self);

gboolean disp_socket_is_ready (DispSocket *self, GIOCondition condition);
gboolean disp_socket_wait (DispSocket *self, GIOCondition condition, GCancellable *cancellable,
                           GError **error);
GSource *disp_socket_create_source (DispSocket *self, gpointer half, GIOCondition condition,
                                    GCancellable *cancellable);
gssize disp_socket_receive (DispSocket *self, void *buffer, gsize count, GError **error);
gssize disp_socket_send (DispSocket *self, const GOutputVector *vectors, gsize n_vectors,
                         GError **error);
