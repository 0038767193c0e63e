/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "front/body-writer.h"
#include "front/exchange.h"

/*
 * One HTTP message from a client: it begins with a whole head, collects the body, is served by a
 * site, is answered.  It lives as long as its message or the work for it, whichever ends last.
 */
struct _DispExchange
{
  SoupServerMessage *message;   /* (unowned) (nullable) until it has ended */
  DispSite *site;               /* (owned) */
  DispClock *clock;             /* (owned) */
  const DispEndpoint *endpoint; /* (unowned) (nullable) where it goes; NULL: nowhere */
  DispTarget target;            /* (owned) what its path names */
  gsize body_limit;             /* in bytes */
  gsize received;               /* how much of the body has come, in bytes */
  GByteArray *body;             /* (owned) (nullable) what came of it, while it is collected */
  char *request_id;             /* (owned) (nullable) to be echoed */
  gboolean chunked;             /* the body of the request comes in chunks */
  gboolean answered;            /* the answer was sent to its end */
  GCancellable *cancellable;    /* (owned) (nullable) once there is work for it */
};

DispBodyWriter *disp_exchange_begin_body (DispExchange *self, const char *content_type,
                                          const DispBodyWriterEvents *events, gpointer user_data);
