/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "front/exchange.h"

/* A body that is longer than this is sent while it is being produced, in bytes; also about how long
 * its pieces should be. */
#define DISP_PIECE_SIZE 65536

/**
 * DispProducer:
 * @next: gives the next piece of a body: bytes, perhaps none yet; sets @over to %TRUE along with
 * the last; %NULL when it cannot go on.  It works for a few milliseconds at most, and is not called
 *   again after the last or an error.
 * @free: frees @user_data
 * @user_data: for both
 *
 * Makes a body piece by piece.
 */
typedef struct
{
  GBytes *(*next) (gpointer user_data, gboolean *over, GError **error);
  GDestroyNotify free;
  gpointer user_data;
} DispProducer;

void disp_streamed_answer_start (DispExchange *exchange, const char *content_type,
                                 const DispProducer *producer, GCancellable *aborted);
