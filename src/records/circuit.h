/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/backoff.h"

/**
 * DispCircuit:
 *
 * Decides how many posts may be on their way to a store that may be failing.  It knows no clock: it
 * is told the time.
 */
typedef struct
{
  guint widest;      /* so many posts at once when all is well */
  guint width;       /* so many now; 0 = it is open, and only a probe goes through */
  guint n_in_flight; /* posts that were admitted and have not ended */
  guint n_failures;  /* posts that failed since the last that did not */
  guint epoch;       /* goes up when it opens: what was admitted before says nothing any more */
  gboolean probing;  /* while open: the probe is on its way */
  gint64 probe_at;   /* while open: when the probe may go */
  DispBackoff backoff;
} DispCircuit;

void disp_circuit_init (DispCircuit *self, guint widest);
guint disp_circuit_admit (DispCircuit *self, gint64 now);
void disp_circuit_succeed (DispCircuit *self, guint ticket);
gboolean disp_circuit_fail (DispCircuit *self, guint ticket, gint64 now, gint64 retry_after,
                            GRand *random);
void disp_circuit_withdraw (DispCircuit *self, guint ticket);
void disp_circuit_hurry (DispCircuit *self);
gboolean disp_circuit_is_open (const DispCircuit *self);
gboolean disp_circuit_has_room (const DispCircuit *self);
gint64 disp_circuit_get_probe_time (const DispCircuit *self);
