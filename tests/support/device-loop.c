/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/device-loop.h"

typedef struct
{
  guint model;
  guint n_taken;
  DispOutcome outcome;
  gint64 start;
  gint64 end;
} Attempt;

/*
 * device_loop_init:
 * @self: a loop in which all is 0 but what says what the device and the clients are like
 *
 * Must be cleared with device_loop_clear().
 */
void
device_loop_init (DeviceLoop *self)
{
  self->capacity = disp_capacity_new ();
  self->attempts = g_array_new (FALSE, FALSE, sizeof (Attempt));
  self->slots = g_array_new (FALSE, TRUE, sizeof (gint64));
  self->state = 1;
}

void
device_loop_clear (DeviceLoop *self)
{
  disp_capacity_unref (self->capacity);
  g_array_unref (self->attempts);
  g_array_unref (self->slots);
}

/* A number from 0 to 1; the same each time (D. E. Knuth, The Art of Computer Programming, vol. 2,
 * section 3.3.4, table 1, line 16). */
static double
draw (DeviceLoop *self)
{
  self->state = self->state * 1664525 + 1013904223;
  return (double) (self->state >> 8) / (1 << 24);
}

static guint
draw_model (DeviceLoop *self)
{
  guint model;

  do
    model = (guint) (draw (self) * DEVICE_LOOP_MODELS);
  while (self->service[model] == 0);
  return model;
}

/* The slot that is free first. */
static gint64 *
find_slot (DeviceLoop *self)
{
  gint64 *first;

  g_array_set_size (self->slots, self->n_slots);
  first = &g_array_index (self->slots, gint64, 0);
  for (guint i = 1; i < self->n_slots; i++)
    if (g_array_index (self->slots, gint64, i) < *first)
      first = &g_array_index (self->slots, gint64, i);
  return first;
}

/* Since attempts come to the device in the order in which they start, and are served in that, it is
 * known at once when each ends. */
static void
start (DeviceLoop *self, guint n_taken)
{
  Attempt attempt = { .model = draw_model (self), .n_taken = n_taken, .start = self->now };
  double service = (double) self->service[attempt.model];
  gint64 *slot = find_slot (self);

  if (self->n_queued > 0 && n_taken > self->n_queued)
    {
      attempt.outcome = DISP_OUTCOME_BUSY;
      attempt.end = self->now + 2 * self->wire;
    }
  else
    {
      attempt.outcome = DISP_OUTCOME_SUCCESS;
      service += service * self->spread * (2 * draw (self) - 1);
      *slot = MAX (*slot, self->now + self->wire) + (gint64) service;
      attempt.end = *slot + self->wire;
    }
  g_array_append_val (self->attempts, attempt);
}

static void
place (DeviceLoop *self)
{
  for (guint n_taken; self->n_waiting > 0; self->n_waiting--)
    {
      n_taken = disp_capacity_take (self->capacity, self->max_in_flight);
      if (n_taken == 0)
        break;
      start (self, n_taken);
    }
}

static guint
find_next (DeviceLoop *self)
{
  guint next = 0;

  for (guint i = 1; i < self->attempts->len; i++)
    if (g_array_index (self->attempts, Attempt, i).end
        < g_array_index (self->attempts, Attempt, next).end)
      next = i;
  return next;
}

static void
end (DeviceLoop *self, const Attempt *attempt)
{
  guint limit;

  self->now = attempt->end;
  disp_capacity_learn (self->capacity, &self->baselines[attempt->model], attempt->outcome,
                       attempt->end - attempt->start, attempt->n_taken, self->now);
  disp_capacity_give (self->capacity);
  limit = disp_capacity_get_limit (self->capacity, self->max_in_flight);
  self->n_done++;
  self->n_busy += attempt->outcome == DISP_OUTCOME_BUSY;
  self->n_places += limit;
  self->max_limit = MAX (self->max_limit, limit);
}

/*
 * device_loop_run:
 * @self: a loop
 * @duration: for how long
 *
 * Counts anew what is answered in that time.
 */
void
device_loop_run (DeviceLoop *self, gint64 duration)
{
  gint64 until = self->now + duration;

  self->n_done = self->n_busy = self->max_limit = 0;
  self->n_places = 0;
  for (;;)
    {
      guint n_asking = self->n_waiting + self->attempts->len;
      Attempt next;
      guint index;

      if (n_asking < self->n_clients)
        self->n_waiting += self->n_clients - n_asking;
      place (self);
      g_assert_cmpuint (self->attempts->len, >, 0);
      g_assert_cmpuint (self->attempts->len, ==, disp_capacity_get_taken (self->capacity));
      index = find_next (self);
      next = g_array_index (self->attempts, Attempt, index);
      if (next.end > until)
        break;
      g_array_remove_index_fast (self->attempts, index);
      end (self, &next);
    }
  self->now = until;
}

/*
 * device_loop_get_limit:
 * @self: a loop
 *
 * Returns: the limit in force
 */
guint
device_loop_get_limit (DeviceLoop *self)
{
  return disp_capacity_get_limit (self->capacity, self->max_in_flight);
}

/*
 * device_loop_get_mean_limit:
 * @self: a loop
 *
 * Returns: the mean of the limits in force in the latest run
 */
double
device_loop_get_mean_limit (DeviceLoop *self)
{
  return (double) self->n_places / MAX (self->n_done, 1);
}

/*
 * device_loop_get_baseline:
 * @self: a loop
 * @model: one of its models
 *
 * Returns: what is thought that it takes
 */
double
device_loop_get_baseline (DeviceLoop *self, guint model)
{
  return disp_baseline_get (&self->baselines[model]);
}
