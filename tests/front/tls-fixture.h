/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "front/handshake-queue.h"
#include "support/certificates.h"

/**
 * TlsFixture:
 *
 * What TLS needs: certificates, terms with one of them, and where handshakes are made.
 */
typedef struct
{
  char *directory;           /* (owned) */
  Certificate *authority;    /* (owned) which signed the others, and whom clients trust */
  Certificate *server;       /* (owned) */
  Certificate *client;       /* (owned) */
  DispTerms *terms;          /* (owned) */
  GTlsDatabase *trusted;     /* (owned) */
  DispHandshakeQueue *queue; /* (owned) */
} TlsFixture;

/**
 * TlsClient:
 *
 * A client whose handshake is made on a thread of its own.  After that it may be used from any, and
 * its calls block.
 */
typedef struct
{
  GSocket *socket;       /* (owned) */
  GIOStream *connection; /* (owned) of TLS */
  GThread *thread;       /* (owned) (nullable) while it shakes hands */
  GError *error;         /* (owned) (nullable) what became of that */
} TlsClient;

TlsFixture *tls_fixture_new (void);
void tls_fixture_free (TlsFixture *self);

void tls_make_sockets (int *near, int *far);
guint tls_count_fds (void);
GBytes *tls_make_client_hello (void);

TlsClient *tls_client_new (const TlsFixture *fixture, int fd, const Certificate *certificate);
gboolean tls_client_join (TlsClient *self);
void tls_client_free (TlsClient *self);
