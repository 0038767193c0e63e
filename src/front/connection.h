/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

#define DISP_TYPE_CONNECTION (disp_connection_get_type ())
G_DECLARE_FINAL_TYPE (DispConnection, disp_connection, DISP, CONNECTION, GIOStream)

/**
 * DispConnectionEvent:
 * @connection: the connection
 * @user_data: as given along with the callback
 *
 * Something happened to a connection.
 */
typedef void (*DispConnectionEvent) (DispConnection *connection, gpointer user_data);

DispConnection *disp_connection_new (GSocket *socket, DispConnectionEvent closed,
                                     gpointer user_data);
DispConnection *disp_connection_of_message (SoupServerMessage *message);
GSocketAddress *disp_connection_get_address (DispConnection *self);
void disp_connection_set_busy (DispConnection *self);
void disp_connection_set_idle (DispConnection *self, SoupServerMessage *message);
gboolean disp_connection_close_if_idle (DispConnection *self);
void disp_connection_watch (DispConnection *self, DispConnectionEvent hung_up, gpointer user_data);
void disp_connection_unwatch (DispConnection *self);
gboolean disp_connection_shut_output (DispConnection *self);
