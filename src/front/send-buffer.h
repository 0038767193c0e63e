/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "front/client-channel.h"

/**
 * DispSendBuffer:
 *
 * What is to be sent on a connection.  Small pieces wait for each other, so that an answer takes
 * one call of the system and few segments; what does not fit goes out along with them, from where
 * it lies, as far as the system takes it.  The rest waits here: whoever wrote an answer is done
 * with it, however slowly it is read.
 */
typedef struct
{
  GByteArray *bytes; /* (owned) (nullable) what waits */
  gsize offset;      /* how much of that was sent, in bytes */
  guint64 sent;      /* in all, in bytes */
} DispSendBuffer;

/**
 * DispSendState:
 * @DISP_SEND_EMPTY: all was handed to the system
 * @DISP_SEND_BLOCKED: the system takes no more for now
 * @DISP_SEND_BROKEN: nobody can have it any more
 *
 * What became of what waited.
 */
typedef enum
{
  DISP_SEND_EMPTY,
  DISP_SEND_BLOCKED,
  DISP_SEND_BROKEN,
} DispSendState;

void disp_send_buffer_clear (DispSendBuffer *self);
void disp_send_buffer_append (DispSendBuffer *self, const void *bytes, gsize n);
gboolean disp_send_buffer_write (DispSendBuffer *self, DispChannel *channel, const void *bytes,
                                 gsize n);
DispSendState disp_send_buffer_flush (DispSendBuffer *self, DispChannel *channel);
