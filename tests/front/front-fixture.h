/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/dispatcher.h"
#include "front/server.h"
#include "support/fake-clock.h"
#include "support/fake-sink.h"

/* The longest body that the server of a fixture takes, in bytes. */
#define FRONT_BODY_LIMIT 1000

/* What serves, and what it stands on.  Everything runs on the default context of one thread. */
typedef struct
{
  FakeClock *clock;         /* (owned) */
  GPtrArray *sent;          /* (owned) (element-type FrontSent) what went to containers */
  DispAnswer *answer;       /* (owned) (nullable) for each that goes to a container; NULL: hold */
  DispTransport *transport; /* (owned) */
  FakeSink *sink;           /* (owned) */
  DispSwitchboard *switchboard; /* (owned) */
  DispDispatcher *dispatcher;   /* (owned) */
  DispServer *server;           /* (owned) */
  char *address;                /* (owned) where it listens */
} Front;

/* What a container was asked. */
typedef struct
{
  char *container;        /* (owned) */
  char *path;             /* (owned) */
  GBytes *body;           /* (owned) (nullable) with a GET */
  char *content_type;     /* (owned) (nullable) */
  char *content_encoding; /* (owned) (nullable) */
  GTask *task;            /* (owned) (nullable) while it is not answered */
  gboolean cancelled;
  gulong cancelled_id;
} FrontSent;

Front *front_new (const char *address);
Front *front_new_without_fleet (void);
void front_free (Front *self);
FrontSent *front_get_sent (Front *self, guint index);
guint front_count_records (Front *self);
const DispRecord *front_get_record (Front *self, guint index);
void front_hold (Front *self);
void front_set_answer (Front *self, guint status, const char *content_type, const char *body);
void front_release (Front *self, guint index, guint status, const char *body);
void front_settle (void);
void front_wait_connections (Front *self, guint n);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Front, front_free)

/* Runs the loop until something is so. */
#define FRONT_WAIT(condition)                                                                      \
  G_STMT_START                                                                                     \
  {                                                                                                \
    while (!(condition))                                                                           \
      g_main_context_iteration (NULL, TRUE);                                                       \
  }                                                                                                \
  G_STMT_END
