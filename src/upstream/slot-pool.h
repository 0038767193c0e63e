/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/clock.h"

#include <libsoup/soup.h>

/**
 * DispSlot:
 *
 * One upstream connection: a session that may open one connection, to one fixed address.  libsoup
 * looks at every connection of a session for every message, so a session each keeps that look-up
 * constant.
 */
typedef struct
{
  SoupSession *session; /* (owned) */
  GSocket *socket;      /* (owned) (nullable) of the connection that it opened last */
  gint64 released;      /* when it was last given back, in microseconds */
} DispSlot;

typedef struct _DispSlotPool DispSlotPool;

DispSlotPool *disp_slot_pool_new (const char *endpoint, guint idle_timeout, DispClock *clock);
void disp_slot_pool_free (DispSlotPool *self);
void disp_slot_pool_set_idle_timeout (DispSlotPool *self, guint idle_timeout);
DispSlot *disp_slot_pool_take (DispSlotPool *self);
void disp_slot_pool_give (DispSlotPool *self, DispSlot *slot, gint64 now);
void disp_slot_pool_discard (DispSlotPool *self, DispSlot *slot);
gboolean disp_slot_pool_is_unused (DispSlotPool *self, gint64 now);
