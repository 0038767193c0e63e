/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

#define DISP_TYPE_CONNECTION (disp_connection_get_type ())
G_DECLARE_FINAL_TYPE (DispConnection, disp_connection, DISP, CONNECTION, GObject)

/**
 * DispConnectionEvents:
 * @request: a request begins: @stream carries that one, and the socket outlives it
 * @head_too_large: the head of the request in progress, whose message is @message, is too long
 * @closed: the connection is closed; called once
 *
 * What a connection tells its owner, on the thread-default context.
 */
typedef struct
{
  void (*request) (DispConnection *connection, GIOStream *stream, gpointer user_data);
  void (*head_too_large) (DispConnection *connection, SoupServerMessage *message,
                          gpointer user_data);
  void (*closed) (DispConnection *connection, gpointer user_data);
} DispConnectionEvents;

/**
 * DispHungUp:
 * @connection: the connection
 * @user_data: as given to disp_connection_watch()
 *
 * The client has closed its side.
 */
typedef void (*DispHungUp) (DispConnection *connection, gpointer user_data);

/**
 * DispBroken:
 * @user_data: as given to disp_connection_take()
 *
 * The connection was closed while it was taken.
 */
typedef void (*DispBroken) (gpointer user_data);

/* The body of a request that comes in chunks: only its reader knows where it ends. */
#define DISP_BODY_CHUNKED (-1)

DispConnection *disp_connection_new (GSocket *socket, const DispConnectionEvents *events,
                                     gpointer user_data);
DispConnection *disp_connection_of_message (SoupServerMessage *message);
GSocketAddress *disp_connection_get_address (DispConnection *self);
void disp_connection_set_message (DispConnection *self, SoupServerMessage *message);
void disp_connection_expect_body (DispConnection *self, goffset length);
void disp_connection_keep (DispConnection *self);
void disp_connection_drain (DispConnection *self, gboolean is_patient);
gboolean disp_connection_is_draining (DispConnection *self);
void disp_connection_watch (DispConnection *self, DispHungUp hung_up, gpointer user_data);
void disp_connection_unwatch (DispConnection *self);
GIOStream *disp_connection_detach (DispConnection *self, SoupServerMessage *message);
void disp_connection_close (DispConnection *self);
GSocket *disp_connection_take (DispConnection *self, SoupServerMessage *message, DispBroken broken,
                               gpointer user_data);
void disp_connection_give_back (DispConnection *self, gboolean keep);
