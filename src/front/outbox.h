/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "front/client-channel.h"

/**
 * DispOutbox:
 *
 * What is to be sent on a connection.  Small pieces wait for each other, so that an answer takes
 * one call of the system and few segments; what does not fit goes out along with them, from where
 * it lies.
 */
typedef struct
{
  GByteArray *bytes; /* (owned) (nullable) what waits */
  gsize offset;      /* how much of that was sent, in bytes */
  guint64 sent;      /* in all, in bytes */
} DispOutbox;

/**
 * DispOutboxState:
 * @DISP_OUTBOX_EMPTY: all was handed to the system
 * @DISP_OUTBOX_BLOCKED: the system takes no more for now
 * @DISP_OUTBOX_BROKEN: nobody can have it any more
 *
 * What became of what waited.
 */
typedef enum
{
  DISP_OUTBOX_EMPTY,
  DISP_OUTBOX_BLOCKED,
  DISP_OUTBOX_BROKEN,
} DispOutboxState;

void disp_outbox_clear (DispOutbox *self);
void disp_outbox_append (DispOutbox *self, const void *bytes, gsize n);
gssize disp_outbox_write (DispOutbox *self, DispChannel *channel, const void *bytes, gsize n);
DispOutboxState disp_outbox_flush (DispOutbox *self, DispChannel *channel);
gboolean disp_outbox_is_empty (const DispOutbox *self);
