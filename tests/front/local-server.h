/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "front/server.h"
#include "support/fake-clock.h"

#include <sys/un.h>

/* The longest body that a local server takes, in bytes. */
#define LOCAL_BODY_LIMIT 100000

/* A server on this thread, at a UNIX socket without a file, whose clock stands still.  It knows GET
 * / and GET /healthz/live, POST /predict, whose body is JSON, and POST /v1/models/m:predict, whose
 * body may be anything. */
typedef struct
{
  FakeClock *clock;           /* (owned) */
  DispServer *server;         /* (owned) */
  struct sockaddr_un address; /* where it listens */
  socklen_t address_length;
  GByteArray *bodies; /* (owned) of all that was posted, one behind the other */
  guint n_served;
} LocalServer;

LocalServer *local_server_new (void);
void local_server_free (LocalServer *self);
int local_server_connect (LocalServer *self);
void local_server_settle (void);
void local_server_send (int fd, const char *bytes, gsize n);
gboolean local_server_receive (int fd, GString *received);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LocalServer, local_server_free)
