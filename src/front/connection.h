/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "front/client-channel.h"
#include "front/deadlines.h"
#include "front/reception.h"
#include "net/poller.h"
#include "wire/http-head.h"

#include <libsoup/soup.h>

/**
 * DispConnection:
 *
 * A client's connection.  It reads requests, each to its end and never a byte of the next, and
 * sends their answers; libsoup knows nothing of it.  Counted by references; belongs to one thread.
 */
typedef struct _DispConnection DispConnection;

/**
 * DispConnectionEvents:
 * @head: the head of a request has come: @head, which is (transfer full).  To be answered from
 * inside by disp_connection_expect_body() or disp_connection_refuse()
 * @request: the request is whole: @body is what came of a body that was to be kept, else %NULL
 *   (transfer full).  To be answered by disp_connection_open_stream(), or what takes its place
 * @refusal: what came is no request, or came too late: says what to send, as a whole response that
 *   ends the connection (transfer full)
 * @ended: the request whose head came is over, however it went
 * @closed: the connection is closed; called once
 *
 * What a connection tells its owner, on its thread.
 */
typedef struct
{
  void (*head) (DispConnection *connection, DispHttpHead *head, gpointer user_data);
  void (*request) (DispConnection *connection, GBytes *body, gpointer user_data);
  GBytes *(*refusal) (DispConnection *connection, const GError *error, gpointer user_data);
  void (*ended) (DispConnection *connection, gpointer user_data);
  void (*closed) (DispConnection *connection, gpointer user_data);
} DispConnectionEvents;

/**
 * DispHall:
 *
 * What the connections of one thread share.  It outlives them.
 */
typedef struct
{
  DispPoller *poller;       /* (owned) */
  DispDeadlines *deadlines; /* (owned) */
  DispReception *reception; /* (owned) */
  DispTerms *terms;         /* (owned) those for what begins from now on */
  DispConnectionEvents events;
  gpointer user_data; /* for events */
  GQueue idle;        /* of connections between two requests, the longest waiting first */
} DispHall;

/**
 * DispHungUp:
 * @connection: the connection
 * @user_data: as given to disp_connection_watch()
 *
 * The client has closed its side.
 */
typedef void (*DispHungUp) (DispConnection *connection, gpointer user_data);

/**
 * DispTakenEvents:
 * @drained: all that was appended is sent; never called from inside a function of the connection
 * @broken: the connection was closed before disp_connection_give_back()
 *
 * What whoever has taken a connection is told.
 */
typedef struct
{
  void (*drained) (gpointer user_data);
  void (*broken) (gpointer user_data);
} DispTakenEvents;

DispConnection *disp_connection_new (DispHall *hall, DispChannel *channel, DispPeer *peer);
DispConnection *disp_connection_ref (DispConnection *self);
void disp_connection_unref (DispConnection *self);

gint64 disp_connection_now (DispConnection *self);
const char *disp_connection_get_peer_name (DispConnection *self);
void disp_connection_set_exchange (DispConnection *self, gpointer exchange);
gpointer disp_connection_get_exchange (DispConnection *self);

void disp_connection_expect_body (DispConnection *self, const DispHttpHead *head, gsize limit,
                                  gboolean is_kept);
void disp_connection_refuse (DispConnection *self, GBytes *response);

GIOStream *disp_connection_open_stream (DispConnection *self, const DispHttpHead *head);
GSocketAddress *disp_connection_get_address (DispConnection *self);
DispConnection *disp_connection_of_message (SoupServerMessage *message);
void disp_connection_watch (DispConnection *self, DispHungUp hung_up, gpointer user_data);
void disp_connection_unwatch (DispConnection *self);
void disp_connection_keep (DispConnection *self);
void disp_connection_detach (DispConnection *self, SoupServerMessage *message);

void disp_connection_take (DispConnection *self, SoupServerMessage *message,
                           const DispTakenEvents *events, gpointer user_data);
void disp_connection_append (DispConnection *self, const void *bytes, gsize n);
void disp_connection_give_back (DispConnection *self, gboolean keep);
void disp_connection_break_off (DispConnection *self);

void disp_connection_drain (DispConnection *self, gboolean is_patient);
void disp_connection_abort (DispConnection *self);
gboolean disp_connection_will_stay (DispConnection *self);
gboolean disp_connection_is_spare (DispConnection *self);
void disp_connection_close (DispConnection *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispConnection, disp_connection_unref)
