/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "front/connection.h"
#include "front/guarded-stream.h"
#include "front/request-body.h"
#include "front/send-buffer.h"

/**
 * DispConnectionState:
 * @DISP_CONNECTION_IDLE: nothing of a next request has come
 * @DISP_CONNECTION_HEAD: a head is coming
 * @DISP_CONNECTION_BODY: a body is
 * @DISP_CONNECTION_SERVING: the request is whole, and SoupServer has its stream, or is about to
 * @DISP_CONNECTION_TAKEN: it is answered without SoupServer
 * @DISP_CONNECTION_FLUSHING: it is answered, and the rest of that is being sent
 * @DISP_CONNECTION_LINGERING: nothing more is read, but for being thrown away
 * @DISP_CONNECTION_CLOSED: it is closed
 *
 * What a connection is at.
 */
typedef enum
{
  DISP_CONNECTION_IDLE,
  DISP_CONNECTION_HEAD,
  DISP_CONNECTION_BODY,
  DISP_CONNECTION_SERVING,
  DISP_CONNECTION_TAKEN,
  DISP_CONNECTION_FLUSHING,
  DISP_CONNECTION_LINGERING,
  DISP_CONNECTION_CLOSED,
} DispConnectionState;

/* Its parts are connection.c: its life; connection-input.c: what comes; connection-output.c: what
 * goes. */
struct _DispConnection
{
  grefcount ref_count;
  DispHall *hall;          /* (unowned) */
  DispChannel *channel;    /* (owned) */
  DispPeer *peer;          /* (owned) (nullable) until it is closed */
  GSocketAddress *address; /* (owned) a stand-in, which leads from a message to its connection */
  DispPoll poll;
  DispDeadline deadline;
  DispConnectionState state;
  GList idle_link;   /* in hall->idle while it is idle */
  gint64 idle_since; /* when it became idle */

  GByteArray *in;        /* (owned) (nullable) what came */
  gsize in_offset;       /* how much of that belongs to what is over, in bytes */
  DispHeadScan scan;     /* of the head that is coming */
  DispTerms *terms;      /* (owned) (nullable) of the request in progress */
  DispRequestBody *body; /* (owned) (nullable) while it comes */
  guint64 received;      /* in all, in bytes */
  gsize discarded;       /* while it lingers, in bytes */

  DispSendBuffer output;
  gboolean is_blocked; /* something waits until it can be sent */
  gboolean is_broken;  /* nothing can be sent any more */
  gint64 mark;         /* what was received, or taken, when the time in progress began, in bytes */

  gpointer exchange;         /* (unowned) (nullable) of the request in progress */
  gboolean is_begun;         /* the owner knows of that */
  DispGuardedStream *stream; /* (unowned) (nullable) of it */
  DispHungUp hung_up;        /* (nullable) while it is watched */
  gpointer hung_up_data;
  DispTakenEvents taken;
  gpointer taken_data;
  gboolean is_appended; /* whoever has taken it waits for the end of sending */

  gboolean is_persistent; /* as far as the request goes, another may follow */
  gboolean keep;          /* so it is as far as the answer goes */
  gboolean is_used;       /* a request came */
  gboolean is_draining;
};

void disp_connection_set_deadline (DispConnection *self, gint64 delay);
void disp_connection_refuse_error (DispConnection *self, const GError *error);
void disp_connection_end_request (DispConnection *self);

gboolean disp_connection_is_reading (const DispConnection *self);
gboolean disp_connection_has_unread (DispConnection *self);
gboolean disp_connection_has_come (DispConnection *self);
void disp_connection_await_request (DispConnection *self);
void disp_connection_read (DispConnection *self);
void disp_connection_input_late (DispConnection *self);
void disp_connection_discard (DispConnection *self);
void disp_connection_clear_input (DispConnection *self);

void disp_connection_flush (DispConnection *self);
void disp_connection_unblock (DispConnection *self);
void disp_connection_output_late (DispConnection *self);
gboolean disp_connection_is_too_slow (DispConnection *self, gint64 n, gint64 window);
