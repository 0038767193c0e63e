/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator/arrivals.h"

#include "simulator/chance.h"

/* In microseconds: a client that is refused at once would ask for ever without that time goes on.
 */
#define SHORTEST_THINK 50

struct _SimArrivals
{
  SimStreamSpec spec;
  FakeClock *clock; /* (owned) */
  GRand *random;    /* (owned) */
  SimArrived arrived;
  gpointer user_data;
  gboolean runs;
  GPtrArray *timers; /* (owned) (element-type GSource, owned) one for each who will ask */
};

/* Who will ask once more. */
typedef struct
{
  SimArrivals *arrivals; /* (unowned) */
  GSource *timer;        /* (owned) (nullable) */
} Caller;

static void
caller_free (gpointer data)
{
  Caller *caller = data;

  disp_clock_clear_timer (&caller->timer);
  g_free (caller);
}

static gboolean on_due (gpointer user_data);

static void
call_after (SimArrivals *self, double delay)
{
  DispClock *clock = DISP_CLOCK (self->clock);
  Caller *caller = g_new0 (Caller, 1);

  caller->arrivals = self;
  caller->timer = disp_clock_add_timer (clock, disp_clock_now (clock) + (gint64) (delay + 0.5),
                                        "arrival", on_due, caller);
  g_ptr_array_add (self->timers, caller);
}

/* In a burst they come so much faster that with the pauses the rate is as it should be. */
static double
draw_gap (SimArrivals *self)
{
  const SimStreamSpec *spec = &self->spec;
  double gap = G_USEC_PER_SEC / spec->rate;

  if (spec->rhythm == SIM_POISSON)
    return sim_draw_exponential (self->random, gap);
  if (sim_draw_chance (self->random, 1 / spec->burst))
    return sim_draw_exponential (self->random, gap * spec->pause * spec->burst);
  return sim_draw_exponential (self->random,
                               gap * (1 - spec->pause) * spec->burst / MAX (spec->burst - 1, 1));
}

static gboolean
on_due (gpointer user_data)
{
  Caller *caller = user_data;
  SimArrivals *self = caller->arrivals;

  g_ptr_array_remove_fast (self->timers, caller);
  if (self->spec.rhythm != SIM_CLIENTS)
    call_after (self, draw_gap (self));
  self->arrived (self, self->user_data);
  return G_SOURCE_REMOVE;
}

/**
 * sim_arrivals_new:
 * @spec: what comes; copied, its strings must live longer
 * @clock: its time
 * @seed: for what it leaves to chance
 * @arrived: called for each request that comes
 * @user_data: for @arrived
 *
 * Returns: (transfer full): arrivals that have not begun
 */
SimArrivals *
sim_arrivals_new (const SimStreamSpec *spec, FakeClock *clock, guint32 seed, SimArrived arrived,
                  gpointer user_data)
{
  SimArrivals *self = g_new0 (SimArrivals, 1);

  self->spec = *spec;
  self->clock = g_object_ref (clock);
  self->random = g_rand_new_with_seed (seed);
  self->arrived = arrived;
  self->user_data = user_data;
  self->timers = g_ptr_array_new_with_free_func (caller_free);
  return self;
}

/**
 * sim_arrivals_free:
 * @self: (transfer full): arrivals
 */
void
sim_arrivals_free (SimArrivals *self)
{
  g_ptr_array_unref (self->timers);
  g_object_unref (self->clock);
  g_rand_free (self->random);
  g_free (self);
}

/**
 * sim_arrivals_start:
 * @self: arrivals
 *
 * Lets them begin.  Clients come within the first tenth of a second, not all at once.
 */
void
sim_arrivals_start (SimArrivals *self)
{
  self->runs = TRUE;
  if (self->spec.rhythm != SIM_CLIENTS)
    call_after (self, draw_gap (self));
  else
    for (guint i = 0; i < self->spec.n_clients; i++)
      call_after (self, g_rand_double (self->random) * G_USEC_PER_SEC / 10);
}

/**
 * sim_arrivals_stop:
 * @self: arrivals
 *
 * Nothing comes any more.
 */
void
sim_arrivals_stop (SimArrivals *self)
{
  self->runs = FALSE;
  g_ptr_array_set_size (self->timers, 0);
}

/**
 * sim_arrivals_answered:
 * @self: arrivals
 *
 * Tells that a request got its answer.  If a client waited for it, that will ask again, but not at
 * the same moment.
 */
void
sim_arrivals_answered (SimArrivals *self)
{
  double think = self->spec.think > 0 ? sim_draw_exponential (self->random, self->spec.think) : 0;

  if (self->runs && self->spec.rhythm == SIM_CLIENTS)
    call_after (self, MAX (think, SHORTEST_THINK));
}

/**
 * sim_arrivals_get_spec:
 * @self: arrivals
 *
 * Returns: (transfer none): what comes
 */
const SimStreamSpec *
sim_arrivals_get_spec (const SimArrivals *self)
{
  return &self->spec;
}

/**
 * sim_arrivals_draw_instances:
 * @self: arrivals
 *
 * Returns: how many instances the next request has
 */
guint
sim_arrivals_draw_instances (SimArrivals *self)
{
  return (guint) g_rand_int_range (self->random, (gint32) self->spec.min_instances,
                                   (gint32) self->spec.max_instances + 1);
}

/**
 * sim_arrivals_draw_patience:
 * @self: arrivals
 *
 * Returns: after what time the client of the next request hangs up, in microseconds; 0 = never
 */
gint64
sim_arrivals_draw_patience (SimArrivals *self)
{
  if (!sim_draw_chance (self->random, self->spec.hang_up))
    return 0;
  return (gint64) sim_draw_exponential (self->random, self->spec.patience) + 1;
}
