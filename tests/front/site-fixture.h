/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "front/raw-client.h"
#include "front/server.h"
#include "support/fake-clock.h"

/* The longest body that the server of a fixture takes, in bytes. */
#define SITE_BODY_LIMIT 100000

/* A site that is served on the default context. */
typedef struct
{
  DispServer *server; /* (owned) */
  char *address;      /* (owned) where it listens */
} SiteFixture;

SiteFixture *site_fixture_new (DispSite *site, FakeClock *clock);
void site_fixture_free (SiteFixture *self);
void site_fixture_settle (void);
RawAnswer *site_fixture_ask (SiteFixture *self, const char *method, const char *path,
                             const char *body);
RawAnswer *raw_client_read_stream (RawClient *client);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SiteFixture, site_fixture_free)

/* Runs the loop until something is so. */
#define SITE_WAIT(condition)                                                                       \
  G_STMT_START                                                                                     \
  {                                                                                                \
    while (!(condition))                                                                           \
      g_main_context_iteration (NULL, TRUE);                                                       \
  }                                                                                                \
  G_STMT_END
