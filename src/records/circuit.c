/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/circuit.h"

/* The waits before a probe, in microseconds. */
#define FIRST_WAIT (G_USEC_PER_SEC / 10)
#define LONGEST_WAIT (5 * G_USEC_PER_SEC)
/* A store that asks for a longer wait is asked again all the same, in microseconds. */
#define LONGEST_RETRY_AFTER (60 * G_USEC_PER_SEC)

/**
 * disp_circuit_init:
 * @self: (out caller-allocates): a circuit
 * @widest: how many posts may be on their way at once
 *
 * It is closed at first, and lets one post through, and one more with each success.
 */
void
disp_circuit_init (DispCircuit *self, guint widest)
{
  g_return_if_fail (widest > 0);

  *self = (DispCircuit){ .widest = widest, .width = 1, .epoch = 1 };
  disp_backoff_init (&self->backoff, FIRST_WAIT, LONGEST_WAIT);
}

/**
 * disp_circuit_is_open:
 * @self: a circuit
 *
 * Returns: whether the store fails, and only a probe may go now and then
 */
gboolean
disp_circuit_is_open (const DispCircuit *self)
{
  return self->width == 0;
}

/**
 * disp_circuit_has_room:
 * @self: a circuit
 *
 * Returns: whether it is closed, and fewer posts are on their way than may be
 */
gboolean
disp_circuit_has_room (const DispCircuit *self)
{
  return self->n_in_flight < self->width;
}

/**
 * disp_circuit_admit:
 * @self: a circuit
 * @now: the time, in microseconds
 *
 * Asks whether a post may go now.
 *
 * Returns: a ticket with which the end of the post is to be told, once; 0 = not now
 */
guint
disp_circuit_admit (DispCircuit *self, gint64 now)
{
  gboolean open = disp_circuit_is_open (self);

  if (open ? self->probing || now < self->probe_at : !disp_circuit_has_room (self))
    return 0;
  self->probing = open;
  self->n_in_flight++;
  return self->epoch;
}

/* Whether the end of a post says something of the store as it is now. */
static gboolean
take_back (DispCircuit *self, guint ticket)
{
  g_return_val_if_fail (ticket > 0 && ticket <= self->epoch && self->n_in_flight > 0, FALSE);

  self->n_in_flight--;
  return ticket == self->epoch;
}

/**
 * disp_circuit_succeed:
 * @self: a circuit
 * @ticket: that of the post
 *
 * Tells that the store answered as one does that is well.  When that was the probe the circuit
 * closes; it widens with each success.
 */
void
disp_circuit_succeed (DispCircuit *self, guint ticket)
{
  if (!take_back (self, ticket) || (disp_circuit_is_open (self) && !self->probing))
    return;
  self->probing = FALSE;
  self->n_failures = 0;
  self->width = MIN (self->width + 1, self->widest);
  disp_backoff_reset (&self->backoff);
}

/**
 * disp_circuit_fail:
 * @self: a circuit
 * @ticket: that of the post
 * @now: the time, in microseconds
 * @retry_after: how long the store asked to be left alone, in microseconds; 0 = it did not ask
 * @random: for the wait
 *
 * Tells that the store did not answer, or as one that fails.  The circuit opens, or stays open for
 * longer.  Other posts that were on their way by then change nothing.
 *
 * Returns: whether it was closed and opened because of this post
 */
gboolean
disp_circuit_fail (DispCircuit *self, guint ticket, gint64 now, gint64 retry_after, GRand *random)
{
  gboolean opened = !disp_circuit_is_open (self);
  gint64 wait;

  self->n_failures++;
  if (!take_back (self, ticket))
    return FALSE;
  wait = disp_backoff_next (&self->backoff, random);
  self->epoch++;
  self->width = 0;
  self->probing = FALSE;
  self->probe_at = now + MAX (wait, MIN (retry_after, LONGEST_RETRY_AFTER));
  return opened;
}

/**
 * disp_circuit_withdraw:
 * @self: a circuit
 * @ticket: that of the post
 *
 * Tells that the post ended before it could tell anything.
 */
void
disp_circuit_withdraw (DispCircuit *self, guint ticket)
{
  if (take_back (self, ticket))
    self->probing = FALSE;
}

/**
 * disp_circuit_hurry:
 * @self: a circuit
 *
 * Lets a probe go at once, if it is open.
 */
void
disp_circuit_hurry (DispCircuit *self)
{
  self->probe_at = G_MININT64;
}

/**
 * disp_circuit_get_probe_time:
 * @self: a circuit
 *
 * Returns: when the probe may go; %G_MAXINT64 = it need not, or is on its way
 */
gint64
disp_circuit_get_probe_time (const DispCircuit *self)
{
  return disp_circuit_is_open (self) && !self->probing ? self->probe_at : G_MAXINT64;
}
