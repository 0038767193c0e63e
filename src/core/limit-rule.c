/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/limit-rule.h"

#include <math.h>

/*
 * A gradient rule, as Envoy's adaptive concurrency and Netflix' Gradient2 have it: the number in
 * flight, divided by how many times longer answers take than they may, and a little headroom.  A
 * container that serves k at once takes n / k times as long with n in flight, when n is above k, so
 * this leads to k at once, whatever the number was.
 *
 * How long answers may take is what they take when the container does nothing else, and a buffer.
 * That baseline is not learned from a busy container, or it would creep up with the load (as in TCP
 * Vegas: S. Low, L. Peterson and L. Wang, "Understanding Vegas", 2002).  Under constant load no
 * attempt is ever alone, so now and then the limit dips to 1 until one was, as BBR does to find the
 * least round-trip time (N. Cardwell et al., "BBR: Congestion-Based Congestion Control", 2016).
 *
 * Lone attempts are few, and durations differ by chance, so a baseline may be far too low.  That
 * shows when the number in flight changes and durations do not: then it is not the load that makes
 * them long.  The limit is doubled for a window now and then to see that.
 *
 * All means are geometric: one that takes ten times as long as the others weighs no more than it
 * should in a mean of few; and each model is compared to its own baseline.
 */

/* The limit grows by the root of itself, over this, but by 1 at least. */
#define HEADROOM_DIVISOR 2.0
#define MAX_LIMIT 1000000.0

/* How many attempts are in a window, and how many by the square of the spread of durations. */
#define MIN_WINDOW 16
#define MIN_STARTING_WINDOW 4
#define WINDOW_FACTOR 256
#define STARTING_WINDOW_FACTOR 64
/* But no more than so many one after the other. */
#define MAX_ROUNDS 8

/* What is left of the limit when the container is overloaded. */
#define CUT 0.75
/* For so long after a container refused the n-th attempt it is not given n. */
#define REFUSAL_LAPSE (2 * G_USEC_PER_SEC)
/* A failure after so many times as long as answers may take is for overload. */
#define OVERDUE 4

/* So far are dips and stretches apart: first, and after some, each of which doubles that. */
#define MIN_CHECK_INTERVAL (G_USEC_PER_SEC / 2)
#define MAX_CHECK_INTERVAL (10 * G_USEC_PER_SEC)
/* And, when windows take long, so many of these. */
#define MIN_CHECK_WINDOWS 12
/* Dips are so many times apart what one costs: 1/64 is 1.6 %. */
#define DIP_INTERVAL_COSTS 64
/* A dip is over when an attempt is so near to the baseline, or there were enough for so long. */
#define AGREEMENT 1.25
#define MIN_LONE 4
#define MAX_LONE 16
#define MIN_LONE_TIME (G_USEC_PER_SEC / 10)
/* What is farther from the baseline than so many times the spread is no chance. */
#define USUAL_SPREADS 2

/* To compare is worth it when so many times as many were in flight; up to so many are the same. */
#define MIN_MORE 1.6
#define MAX_SAME 1.1
/* Times this, it is as much slower as there is more to do. */
#define ALL_SLOWER 1.2
#define ALLOWANCE_DECAY 0.75

/**
 * disp_limit_rule_init:
 * @self: (out caller-allocates): a rule that knows nothing yet
 *
 * The first limit is 1, so that the very first attempt gives a baseline.
 */
void
disp_limit_rule_init (DispLimitRule *self)
{
  *self = (DispLimitRule){ .limit = 1, .allowance = 1, .starts = TRUE };
  disp_limit_window_init (&self->window);
}

/* What was found, whether or not a dip is on. */
static guint
get_found (const DispLimitRule *self)
{
  return (guint) self->limit;
}

static void
set_limit (DispLimitRule *self, double limit, gint64 now)
{
  guint before = get_found (self);

  if (self->n_refused > 1 && now - self->cut < REFUSAL_LAPSE)
    limit = MIN (limit, self->n_refused - 1);
  self->limit = CLAMP (limit, 1, MAX_LIMIT);
  if (get_found (self) != before)
    self->changed = now;
}

/* Dips. */

static void
begin_dip (DispLimitRule *self)
{
  self->dip.active = TRUE;
  self->dip.n_lone = 0;
  self->dip.longest = 0;
  self->dip.cost = 0;
}

static void
count_in_dip (DispLimitRule *self, const DispLimitSample *sample, gboolean agrees)
{
  DispLimitDip *dip = &self->dip;

  if (!sample->alone)
    {
      dip->longest = MAX (dip->longest, sample->duration);
      return;
    }
  dip->n_lone++;
  dip->cost += sample->duration;
  if (!agrees && dip->n_lone < MAX_LONE && (dip->n_lone < MIN_LONE || dip->cost < MIN_LONE_TIME))
    return;
  dip->active = FALSE;
  dip->cost += dip->longest;
  dip->over = sample->now;
  self->checked = sample->now;
  self->changed = sample->now;
  self->mark.n_taken = 0;
  disp_limit_window_init (&self->window);
}

/* Marks and stretches. */

static void
begin_stretch (DispLimitRule *self, gint64 now)
{
  self->stretched = self->limit;
  set_limit (self, self->limit * 2, now);
}

static void
end_stretch (DispLimitRule *self, gint64 now)
{
  self->checked = now;
  if (self->stretched > 0)
    set_limit (self, self->stretched, now);
  self->stretched = 0;
}

static void
set_allowance (DispLimitRule *self, double allowance, double *slowness)
{
  allowance = MAX (allowance, 1);
  *slowness *= self->allowance / allowance;
  self->allowance = allowance;
}

/* A container that has more to do than it can takes longer in proportion to that.  One that does
 * not has room, and what is thought of how long answers may take is wrong; so that is put right,
 * and the higher of both numbers is good. */
static void
compare (DispLimitRule *self, double n_taken, double *slowness, gint64 now)
{
  gboolean is_more = n_taken > self->mark.n_taken;
  double sign = is_more ? 1 : -1;
  double more = pow (n_taken / self->mark.n_taken, sign);
  double slower = pow (*slowness / self->mark.slowness, sign);

  if (slower * slower < more)
    {
      set_allowance (self, self->allowance * MAX (*slowness, 1), slowness);
      if (is_more)
        begin_stretch (self, now);
      else
        set_limit (self, MAX (self->limit, self->mark.n_taken), now);
      return;
    }
  if (slower * ALL_SLOWER >= more)
    set_allowance (self, self->allowance * ALLOWANCE_DECAY, slowness);
  end_stretch (self, now);
}

static void
look_back (DispLimitRule *self, double n_taken, double *slowness, gint64 now)
{
  DispLimitMark *mark = &self->mark;
  double more = MAX (n_taken / mark->n_taken, mark->n_taken / n_taken);

  if (mark->n_taken > 0 && more >= MIN_MORE)
    compare (self, n_taken, slowness, now);
  else if (self->stretched > 0)
    end_stretch (self, now);
  else if (mark->n_taken > 0 && more > MAX_SAME)
    return;
  *mark = (DispLimitMark){ .n_taken = n_taken, .slowness = *slowness };
}

/* Whether to see anew how it is, since answers take long: by turns with more in flight and with
 * less.  Containers that began together do not do so together for ever. */
static void
check (DispLimitRule *self, double slowness, gint64 now)
{
  gint64 interval = MIN (MIN_CHECK_INTERVAL << MIN (self->n_checks, 10), MAX_CHECK_INTERVAL);
  /* What the first costs is not known yet; it waits for all in flight, and then for one. */
  gint64 dip_interval = DIP_INTERVAL_COSTS * MAX (self->dip.cost, 2 * self->window.longest);
  gboolean may_dip = get_found (self) > 1
                     && (self->dip.over == 0 || now - self->dip.over >= dip_interval);

  if (disp_limit_window_is_unknown (&self->window))
    {
      if (may_dip)
        begin_dip (self);
      return;
    }
  if (slowness <= 1 || now - self->checked < interval + interval / 32 * (self->n_windows % 16)
      || self->n_windows - self->n_then < MIN (self->n_checks, MIN_CHECK_WINDOWS))
    return;
  self->n_checks++;
  self->n_then = self->n_windows;
  if (self->n_checks % 2 == 0 && may_dip)
    begin_dip (self);
  else
    begin_stretch (self, now);
}

/* Windows. */

static double
get_headroom (double limit)
{
  return MAX (1, sqrt (limit) / HEADROOM_DIVISOR);
}

/* Attempts that are short for the buffer are late for what else the machine does, not for each
 * other; to let them wait here costs more than they take.  The square of the ratio is below 1 for
 * one that takes longer than the buffer, and grows fast for shorter ones. */
static double
get_least (const DispLimitRule *self)
{
  double room = disp_limit_window_get_room (&self->window) - 1;

  return room * room;
}

/* Moves the limit by what the window tells. */
static void
adapt (DispLimitRule *self, double n_taken, double slowness, gint64 now)
{
  double target = self->limit + get_headroom (self->limit);

  if (slowness > 1)
    target = MIN (target, MAX (n_taken / slowness, get_least (self)) + get_headroom (self->limit));
  else if (self->starts)
    target = self->limit * 2;
  if (target < self->limit)
    set_limit (self, (self->limit + target) / 2, now);
  else if (disp_limit_window_is_reached (&self->window))
    set_limit (self, target, now);
}

static void
close_window (DispLimitRule *self, gint64 now)
{
  double n_taken = disp_limit_window_get_taken (&self->window);
  double slowness = disp_limit_window_get_slowness (&self->window) / self->allowance;

  /* Whoever is alone waits for nobody. */
  if (n_taken == 1)
    slowness = MIN (slowness, 1);
  self->n_windows++;
  if (slowness > 1)
    self->starts = FALSE;
  if (n_taken > 0)
    look_back (self, n_taken, &slowness, now);
  if (self->stretched == 0)
    check (self, slowness, now);
  if (n_taken > 0 && !self->dip.active && self->stretched == 0)
    adapt (self, n_taken, slowness, now);
  disp_limit_window_init (&self->window);
}

/* The more durations differ by chance, the more it takes to tell how long they are, by the square.
 * To double the limit it may be told less well. */
static gboolean
is_window_full (const DispLimitRule *self, double spread)
{
  guint size = disp_limit_window_get_size (&self->window);
  gboolean doubles;
  double n;

  if (size < MIN_STARTING_WINDOW || size < get_found (self))
    return FALSE;
  doubles = self->starts && disp_limit_window_is_reached (&self->window);
  n = spread * spread * (doubles ? STARTING_WINDOW_FACTOR : WINDOW_FACTOR);
  return (doubles || size >= MIN_WINDOW) && size >= MIN (n, self->limit * MAX_ROUNDS);
}

static void
add_to_window (DispLimitRule *self, const DispBaseline *baseline, const DispLimitSample *sample)
{
  /* It began under another limit, and tells of that. */
  if (sample->now - sample->duration < self->changed)
    return;
  disp_limit_window_add (&self->window, baseline, sample, get_found (self));
  if (is_window_full (self, disp_baseline_get_spread (baseline)))
    close_window (self, sample->now);
}

/* Attempts. */

/* Whether the distance of a duration from the baseline is within @factor of that. */
static gboolean
is_within (double baseline, gint64 duration, double factor)
{
  double sample = (double) MAX (duration, 1);

  return baseline > 0 && sample <= baseline * factor && baseline <= sample * factor;
}

/* Has the baseline follow an attempt that was alone; tells whether that agrees with it. */
static gboolean
learn_lone (DispLimitRule *self, DispBaseline *baseline, const DispLimitSample *sample)
{
  double known = disp_baseline_get (baseline);

  if (known > 0 && self->dip.active
      && !is_within (known, sample->duration,
                     MAX (exp (disp_baseline_get_spread (baseline) * USUAL_SPREADS), AGREEMENT)))
    disp_baseline_correct (baseline, sample->duration);
  else
    disp_baseline_learn (baseline, sample->duration);
  /* What the baseline says by itself need not be allowed besides. */
  if (known > 0 && self->dip.active && disp_baseline_get (baseline) > known)
    self->allowance = MAX (self->allowance * known / disp_baseline_get (baseline), 1);
  return known <= 0 || is_within (known, sample->duration, AGREEMENT);
}

static void
learn_answer (DispLimitRule *self, DispBaseline *baseline, const DispLimitSample *sample)
{
  gboolean agrees = FALSE;

  if (sample->alone)
    agrees = learn_lone (self, baseline, sample);
  else
    disp_baseline_learn_crowded (baseline, sample->duration);
  if (self->dip.active)
    count_in_dip (self, sample, agrees);
  else
    add_to_window (self, baseline, sample);
}

/* What began before the container was found overloaded tells nothing new. */
static void
learn_overload (DispLimitRule *self, const DispLimitSample *sample)
{
  if (sample->now - sample->duration < self->cut)
    return;
  self->cut = sample->now;
  self->n_refused = sample->outcome == DISP_OUTCOME_BUSY ? sample->n_taken : 0;
  self->starts = FALSE;
  if (self->stretched > 0)
    end_stretch (self, sample->now);
  set_limit (self, self->limit * CUT, sample->now);
  disp_limit_window_init (&self->window);
}

static gboolean
is_overload (const DispBaseline *baseline, const DispLimitSample *sample)
{
  return sample->outcome == DISP_OUTCOME_BUSY
         || (sample->outcome == DISP_OUTCOME_FAILURE && disp_baseline_get (baseline) > 0
             && (double) sample->duration > disp_limit_get_allowed (baseline) * OVERDUE);
}

/**
 * disp_limit_rule_learn:
 * @self: a rule
 * @baseline: what is known of the model at the container
 * @sample: what an attempt tells
 *
 * Learns from an attempt.
 */
void
disp_limit_rule_learn (DispLimitRule *self, DispBaseline *baseline, const DispLimitSample *sample)
{
  if (sample->outcome == DISP_OUTCOME_SUCCESS)
    {
      learn_answer (self, baseline, sample);
      return;
    }
  if (is_overload (baseline, sample))
    learn_overload (self, sample);
  if (self->dip.active)
    count_in_dip (self, sample, FALSE);
}
