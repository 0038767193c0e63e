/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "front/tokens.h"

#include <gio/gio.h>

/**
 * DispTerms:
 *
 * On what terms clients are served: what they may send and how fast, who may come in, and how.  It
 * never changes, another takes its place when the configuration is loaded again.  Counted by
 * references; any thread.  Times are in microseconds, sizes in bytes.
 */
typedef struct
{
  gsize body_limit;                 /* the longest body of a request */
  gsize body_memory;                /* what the bodies in flight of the whole daemon may take */
  guint max_connections;            /* of the whole daemon */
  guint max_connections_per_client; /* 0: no limit */
  gint64 head_timeout;              /* from the first byte of a head to its last */
  gint64 idle_timeout;              /* from an answer, or the start, to the first byte */
  /* A body that comes must go on at min_rate, on the average over each such time, or end; so must
   * an answer that is read.  What was fast before is no credit for later. */
  gint64 body_timeout;
  gint64 write_timeout;
  gsize min_rate;                   /* in bytes per second; 0: a byte each time is enough */
  gboolean allows_half_close;       /* a client that ends its sending side is not taken for gone */
  DispTokens *tokens;               /* (owned) (nullable) one of these is needed for predictions */
  double request_rate;              /* per second, of one client; 0: no limit */
  guint request_burst;              /* how many requests of one client may come at once */
  GTlsCertificate *certificate;     /* (owned) (nullable) with which TLS is spoken */
  GTlsDatabase *client_authorities; /* (owned) (nullable) which sign certificates of clients */
  gboolean needs_client_certificate;
} DispTerms;

DispTerms *disp_terms_new (void);
DispTerms *disp_terms_ref (DispTerms *self);
void disp_terms_unref (DispTerms *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispTerms, disp_terms_unref)
