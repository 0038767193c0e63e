/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/error.h"
#include "support/scripted-server.h"
#include "upstream/soup-transport.h"

/* What a container says to one request, and does then. */
typedef struct
{
  const char *answer;
  ScriptedAction action;
} Step;

/* A request that a peer got. */
typedef struct
{
  guint connection;
  char *head;   /* (owned) */
  GBytes *body; /* (owned) */
} Got;

typedef struct _Peer Peer;

Peer *peer_new (const Step *steps, guint n_steps);
void peer_free (Peer *self);
guint16 peer_get_port (Peer *self);
guint peer_count_connections (Peer *self);
guint peer_count_requests (Peer *self);
const Got *peer_get (Peer *self, guint index);
void peer_wait_requests (Peer *self, guint n);
void peer_wait_ended (Peer *self, guint n);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Peer, peer_free)

/* A transport on the default context. */
typedef struct
{
  DispClock *clock;           /* (owned) */
  DispUpstreamLimits *limits; /* (owned) */
  DispTransport *transport;   /* (owned) */
  guint n_sockets;            /* how many were open when it was made */
} Caller;

/* A request that was sent, and what came of it. */
typedef struct
{
  GCancellable *cancellable; /* (owned) */
  DispAnswer *answer;        /* (owned) (nullable) */
  GError *error;             /* (owned) (nullable) */
  guint n_ends;
} Sent;

/* The longest answer that a caller takes, in bytes. */
#define CALLER_ANSWER_LIMIT (16 * 1024 * 1024)

extern const DispUpstreamSettings caller_settings;

void caller_init (Caller *self, const DispUpstreamSettings *settings);
void caller_init_with_clock (Caller *self, DispClock *clock, const DispUpstreamSettings *settings);
void caller_clear (Caller *self);
Sent *caller_send (Caller *self, DispContainer *container, DispRequest *request, const char *path);
Sent *caller_send_to (Caller *self, guint16 port);
void caller_call (Caller *self, Peer *peer, const char *expected);
void sent_wait (Sent *self);
void sent_free (Sent *self);
void sent_assert_answer (Sent *self, guint status, const char *body);
void sent_assert_failed (Sent *self, int code, const char *why);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Sent, sent_free)

/* Runs the loop until something is so. */
#define WAIT_UNTIL(condition)                                                                      \
  G_STMT_START                                                                                     \
  {                                                                                                \
    while (!(condition))                                                                           \
      g_main_context_iteration (NULL, TRUE);                                                       \
  }                                                                                                \
  G_STMT_END
