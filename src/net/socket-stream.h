/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/**
 * DispSocketStream:
 *
 * A #GIOStream over a connected socket of the system, without a #GSocket: what GIO's TLS stands on.
 * Both of its halves are pollable; a blocking call waits for as long as it takes, or until it is
 * cancelled.
 */
#define DISP_TYPE_SOCKET_STREAM (disp_socket_stream_get_type ())
G_DECLARE_FINAL_TYPE (DispSocketStream, disp_socket_stream, DISP, SOCKET_STREAM, GIOStream)

/**
 * DispSocketFilter:
 * @bytes: what was received
 * @n: how much, in bytes
 * @user_data: as given to disp_socket_stream_set_filter()
 *
 * Returns: whether it may go on to the reader
 */
typedef gboolean (*DispSocketFilter) (const void *bytes, gsize n, gpointer user_data);

GIOStream *disp_socket_stream_new (int fd);
void disp_socket_stream_set_filter (DispSocketStream *self, DispSocketFilter filter,
                                    gpointer user_data);
int disp_socket_stream_get_fd (DispSocketStream *self);
