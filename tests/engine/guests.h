/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/waiting-room.h"

/* Requests that wait on the default context, with as few words as a test wants to lose on them. */

#define N_GUESTS 16
#define SECOND ((gint64) G_USEC_PER_SEC)

/* A room, its only porch, and a container that serves the models x, y and z and has one place; that
 * is taken at first. */
typedef struct
{
  DispWaitingRoom *room; /* (owned) */
  DispPorch *porch;      /* (owned) */
  DispFleet *fleet;      /* (owned) */
  DispRouting *routing;  /* (owned) */
  DispWaitTerms terms;
  gint64 now;      /* in microseconds */
  DispPlace place; /* while it is taken; given back in the end */
  DispWaiter all[N_GUESTS];
  GString *order; /* (owned) who was called, by a letter each: 'a' the first guest */
} Guests;

void guests_set_up (Guests *guests, gconstpointer data);
void guests_tear_down (Guests *guests, gconstpointer data);

void guests_on_called (DispWaiter *waiter, gpointer user_data);

const DispRoute *guests_find (Guests *guests, const char *model);
void guests_take (Guests *guests);
DispCapacity *guests_give (DispPlace *place, const DispRoute *route, gint64 now);
void guests_run_dry (Guests *guests);
void guests_assert_empty (Guests *guests);
void guests_assert_called (Guests *guests, const char *expected);

DispWaiter *guest_get (Guests *guests, int letter);
DispWaitResult guest_enter (Guests *guests, int letter, const char *model, gint64 ago,
                            gint64 target);
DispWaitResult guest_enter_again (Guests *guests, int letter, guint *retry_after);
void guest_queue (Guests *guests, int letter, const char *model, gint64 ago, gint64 target);
