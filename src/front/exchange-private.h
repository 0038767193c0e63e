/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "front/body-writer.h"
#include "front/exchange.h"
#include "front/refusal.h"

/*
 * One HTTP message from a client: it begins with a vetted head, gets its body, is served by a site,
 * is answered.  It lives as long as its request on the connection or the work for it, whichever
 * ends last.
 */
struct _DispExchange
{
  DispConnection *connection;   /* (unowned) (nullable) until its request is over there */
  SoupServerMessage *message;   /* (unowned) (nullable) while SoupServer has one for it */
  DispSite *site;               /* (owned) */
  DispHttpHead *head;           /* (owned) */
  const DispEndpoint *endpoint; /* (unowned) (nullable) where it goes */
  DispTarget target;            /* (owned) what its path names */
  DispRefusal refusal;          /* (owned) with an error when it goes nowhere */
  GBytes *body;                 /* (owned) (nullable) until it is stolen */
  char *request_id;             /* (owned) (nullable) to be echoed */
  gboolean answered;            /* SoupServer has written the answer to its end */
  GCancellable *cancellable;    /* (owned) (nullable) once there is work for it */
};

DispBodyWriter *disp_exchange_begin_body (DispExchange *self, const char *content_type,
                                          const DispBodyWriterEvents *events, gpointer user_data);
void disp_exchange_respond_refusal (DispExchange *self, const DispRefusal *refusal);
