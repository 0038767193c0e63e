/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/**
 * DispChannel:
 *
 * What a connection reads from and writes to: a socket, or TLS over one.  Never blocks.  Belongs to
 * one thread.
 */
typedef struct _DispChannel DispChannel;

/**
 * DispChannelFate:
 * @DISP_CHANNEL_END: the peer sends nothing more (for reading only)
 * @DISP_CHANNEL_WAIT: nothing came, or there is no room: wait for the socket to be ready
 * @DISP_CHANNEL_BROKEN: the connection is lost, or what comes is no TLS
 *
 * What became of reading or writing when no bytes did.
 */
enum
{
  DISP_CHANNEL_END = 0,
  DISP_CHANNEL_WAIT = -1,
  DISP_CHANNEL_BROKEN = -2,
};

DispChannel *disp_channel_new_plain (int fd);
DispChannel *disp_channel_new_tls (GTlsConnection *connection, int fd);
void disp_channel_close (DispChannel *self, gboolean reset);

gssize disp_channel_read (DispChannel *self, void *buffer, gsize size);
gssize disp_channel_write (DispChannel *self, const GOutputVector *vectors, guint n);
void disp_channel_shutdown (DispChannel *self);

int disp_channel_get_fd (const DispChannel *self);
gsize disp_channel_count_untaken (const DispChannel *self);
gboolean disp_channel_is_tls (const DispChannel *self);
gboolean disp_channel_is_pending (const DispChannel *self);
