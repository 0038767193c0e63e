/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "front/exchange.h"

/**
 * DispWritten:
 * @user_data: as given to disp_exchange_begin_body()
 *
 * All that was appended to the body of an answer has been handed to the kernel.
 */
typedef void (*DispWritten) (gpointer user_data);

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
  guint n_unwritten;            /* pieces of an answer in parts that are still to be written */
  DispWritten written;          /* (nullable) unless the answer comes in parts */
  gpointer written_data;
};

gboolean disp_exchange_begin_body (DispExchange *self, const char *content_type,
                                   DispWritten written, gpointer user_data);
void disp_exchange_append (DispExchange *self, GBytes *piece);
void disp_exchange_end_body (DispExchange *self);
void disp_exchange_send (DispExchange *self);
void disp_exchange_break_off (DispExchange *self);
