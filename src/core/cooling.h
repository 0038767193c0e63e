/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include <stdatomic.h>

/* How long nobody asks who was busy, in microseconds: at first… */
#define DISP_COOLING_MIN 25000
/* … and at most, after each time in a row that is twice as long. */
#define DISP_COOLING_MAX G_USEC_PER_SEC

/**
 * DispCooling:
 * @word: all of it, in one word, so that each change is made at once
 *
 * Keeps requests away for a short time from a container that said it was busy, so that one that is
 * quick to say so does not get more and more of them.  It begins as all zeroes.  Any thread may use
 * it and none waits.
 */
typedef struct
{
  atomic_ullong word; /* (atomic) */
} DispCooling;

gint64 disp_cooling_get_end (DispCooling *self);
gboolean disp_cooling_claim (DispCooling *self, gint64 now, guint salt, gboolean *is_first);
void disp_cooling_release (DispCooling *self, gint64 now);
void disp_cooling_begin (DispCooling *self, gboolean is_first, gint64 now, guint salt);

/* What is asked of each candidate at each decision stands here, to cost no calls. */

/**
 * disp_cooling_is_plain:
 * @self: a cooling
 *
 * Returns: whether the container was not busy when it was last asked
 */
static inline gboolean
disp_cooling_is_plain (DispCooling *self)
{
  return atomic_load_explicit (&self->word, memory_order_relaxed) == 0;
}

/**
 * disp_cooling_end:
 * @self: a cooling
 *
 * Learns that the container takes requests.
 */
static inline void
disp_cooling_end (DispCooling *self)
{
  if (!disp_cooling_is_plain (self))
    atomic_store (&self->word, 0);
}
