/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/health.h"

/*
 * Outlier detection as Envoy has it: ejection after consecutive failures, for longer each time;
 * but who was ejected is tried with single attempts first, as by a circuit breaker that is half
 * open (M. T. Nygard, "Release It!", 2007), and then has a slow start.
 *
 * Times are in milliseconds here, for which 40 bits are enough for 34 years.
 */

typedef enum
{
  PHASE_IN,   /* it gets requests */
  PHASE_SLOW, /* likewise, but has come back, and no attempt ended since its slow start is over */
  PHASE_OUT,  /* it was ejected, and has not come back */
} Phase;

/* All zeroes = nothing is known.  What disp_health_are_plain() looks at comes first. */
typedef union
{
  unsigned long long word;
  struct
  {
    guint64 streak : 6; /* failures in a row, up to MAX_STREAK */
    guint64 phase : 2;  /* a Phase */
    guint64 unavailable : 1;
    guint64 n_ejections : 4; /* in a row */
    guint64 n_successes : 2; /* with PHASE_OUT: of probes, in a row */
    guint64 is_probed : 1;   /* with PHASE_OUT: somebody has the probe */
    guint64 probe : 8;       /* the number of the last probe, from 1 */
    guint64 time : 40;       /* with PHASE_OUT: until when; otherwise when it came back */
  };
} Value;

G_STATIC_ASSERT (sizeof (Value) == sizeof (unsigned long long));

#define MAX_STREAK 63
#define MAX_PROBE 255
#define USEC_PER_MSEC 1000

static Value
load (DispHealth *self)
{
  return (Value){ .word = atomic_load (&self->word) };
}

/* Whether @value was still the old one; it is the present one if not. */
static gboolean
replace (DispHealth *self, Value *value, Value updated)
{
  return value->word == updated.word
         || atomic_compare_exchange_weak (&self->word, &value->word, updated.word);
}

static gboolean
is_over (Value value, gint64 span, gint64 now)
{
  return now / USEC_PER_MSEC >= (gint64) value.time + span / USEC_PER_MSEC;
}

static void
set_time (Value *value, gint64 time)
{
  value->time = (guint64) (time + USEC_PER_MSEC - 1) / USEC_PER_MSEC;
}

/**
 * disp_health_get_state:
 * @self: a health
 * @now: the time, in microseconds
 *
 * Returns: how it does; never %DISP_HEALTH_BUSY
 */
DispHealthState
disp_health_get_state (DispHealth *self, gint64 now)
{
  Value value = load (self);

  if (value.unavailable)
    return DISP_HEALTH_UNAVAILABLE;
  if (value.phase == PHASE_OUT && !is_over (value, 0, now))
    return DISP_HEALTH_EJECTED;
  if (value.phase == PHASE_OUT)
    return value.is_probed ? DISP_HEALTH_PROBED : DISP_HEALTH_PROBING;
  if (value.streak >= DISP_HEALTH_MAX_FAILURES)
    return DISP_HEALTH_FAILING;
  return value.phase == PHASE_SLOW && !is_over (value, DISP_HEALTH_SLOW_TIME, now)
             ? DISP_HEALTH_SLOW_START
             : DISP_HEALTH_WELL;
}

/**
 * disp_health_get_share:
 * @self: a health
 * @now: the time, in microseconds
 *
 * Returns: how much of its share of requests it should have: less than 1 during its slow start,
 *   however it does otherwise
 */
double
disp_health_get_share (DispHealth *self, gint64 now)
{
  Value value = load (self);
  double elapsed = (double) (now - (gint64) value.time * USEC_PER_MSEC);

  if (value.phase != PHASE_SLOW || elapsed >= DISP_HEALTH_SLOW_TIME)
    return 1;
  return DISP_HEALTH_FIRST_SHARE
         + (1 - DISP_HEALTH_FIRST_SHARE) * MAX (elapsed, 0) / DISP_HEALTH_SLOW_TIME;
}

/**
 * disp_health_get_next_change:
 * @self: a health
 * @now: the time, in microseconds
 *
 * Returns: when its state will be another, whatever else happens: the end of its ejection or of
 *   its slow start; %G_MAXINT64 = never
 */
gint64
disp_health_get_next_change (DispHealth *self, gint64 now)
{
  Value value = load (self);
  gint64 span = value.phase == PHASE_SLOW ? DISP_HEALTH_SLOW_TIME : 0;

  if (value.phase == PHASE_IN || value.unavailable || is_over (value, span, now))
    return G_MAXINT64;
  return (gint64) value.time * USEC_PER_MSEC + span;
}

/**
 * disp_health_get_ejection_end:
 * @self: a health
 *
 * Returns: until when it is ejected, or was before it is tried; 0 = it is not
 */
gint64
disp_health_get_ejection_end (DispHealth *self)
{
  Value value = load (self);

  return value.phase == PHASE_OUT ? (gint64) value.time * USEC_PER_MSEC : 0;
}

/**
 * disp_health_is_sound:
 * @self: a health
 *
 * Returns: whether it is neither ejected, nor being tried after that, nor unavailable
 */
gboolean
disp_health_is_sound (DispHealth *self)
{
  Value value = load (self);

  return value.phase != PHASE_OUT && !value.unavailable;
}

/**
 * disp_health_is_ejected:
 * @self: a health
 *
 * Returns: whether it is ejected, or being tried after that
 */
gboolean
disp_health_is_ejected (DispHealth *self)
{
  return load (self).phase == PHASE_OUT;
}

/**
 * disp_health_is_failing:
 * @self: a health
 *
 * Returns: whether so many attempts in a row failed that only who cannot be spared goes on
 */
gboolean
disp_health_is_failing (DispHealth *self)
{
  return load (self).streak >= DISP_HEALTH_MAX_FAILURES;
}

/**
 * disp_health_state_to_string:
 * @state: a state
 *
 * Returns: (transfer none): its name, for instance "slow-start"; whether a probe is under way or
 *   not is "probing"
 */
const char *
disp_health_state_to_string (DispHealthState state)
{
  static const char *const names[] = {
    [DISP_HEALTH_WELL] = "well",       [DISP_HEALTH_SLOW_START] = "slow-start",
    [DISP_HEALTH_BUSY] = "busy",       [DISP_HEALTH_FAILING] = "failing",
    [DISP_HEALTH_PROBING] = "probing", [DISP_HEALTH_PROBED] = "probing",
    [DISP_HEALTH_EJECTED] = "ejected", [DISP_HEALTH_UNAVAILABLE] = "unavailable",
  };

  return names[state];
}

/**
 * disp_health_claim_probe:
 * @self: a health
 * @now: the time, in microseconds
 * @early: whether it may be tried before the time of its ejection is over
 *
 * Asks for the probe, which one has at a time.  Who has it gives it back with
 * disp_health_release_probe(), disp_health_succeed() or disp_health_fail().
 *
 * Returns: the number of the probe; 0 = it is not to be tried, or somebody does
 */
guint
disp_health_claim_probe (DispHealth *self, gint64 now, gboolean early)
{
  Value value = load (self);
  Value updated;

  do
    {
      if (value.phase != PHASE_OUT || value.is_probed || value.unavailable
          || (!early && !is_over (value, 0, now)))
        return 0;
      updated = value;
      updated.is_probed = TRUE;
      updated.probe = value.probe == MAX_PROBE ? 1 : value.probe + 1;
    }
  while (!replace (self, &value, updated));
  return updated.probe;
}

/* Whether the probe is still that one: it has come back meanwhile if not. */
static gboolean
has_probe (Value value, guint probe)
{
  return probe != 0 && value.phase == PHASE_OUT && value.is_probed && value.probe == probe;
}

/**
 * disp_health_release_probe:
 * @self: a health
 * @probe: the number of a probe, which told nothing; 0 = none
 */
void
disp_health_release_probe (DispHealth *self, guint probe)
{
  Value value = load (self);
  Value updated;

  do
    {
      if (!has_probe (value, probe))
        return;
      updated = value;
      updated.is_probed = FALSE;
    }
  while (!replace (self, &value, updated));
}

static void
come_back (Value *value, gint64 now)
{
  value->phase = PHASE_SLOW;
  value->streak = 0;
  value->n_successes = 0;
  value->is_probed = FALSE;
  set_time (value, now);
}

/**
 * disp_health_succeed:
 * @self: a health
 * @probe: the number of the probe that the attempt was; 0 = it was none
 * @now: the time, in microseconds
 *
 * Learns from an attempt that did well.
 *
 * Returns: %DISP_VERDICT_RETURNED if that was the last probe that was needed,
 *   %DISP_VERDICT_RECOVERED if too many had failed in a row before
 */
DispVerdict
disp_health_succeed (DispHealth *self, guint probe, gint64 now)
{
  Value value = load (self);
  Value updated;

  do
    {
      updated = value;
      if (has_probe (value, probe) && value.n_successes + 1 == DISP_HEALTH_N_PROBES)
        come_back (&updated, now);
      else if (has_probe (value, probe))
        {
          updated.n_successes++;
          updated.is_probed = FALSE;
        }
      else if (value.phase != PHASE_OUT)
        {
          updated.streak = 0;
          if (value.phase == PHASE_SLOW && is_over (value, DISP_HEALTH_SLOW_TIME, now))
            updated.phase = PHASE_IN;
        }
    }
  while (!replace (self, &value, updated));
  if (value.phase == PHASE_OUT)
    return (DispVerdict){
      .kind = updated.phase == PHASE_OUT ? DISP_VERDICT_AS_BEFORE : DISP_VERDICT_RETURNED,
    };
  return (DispVerdict){
    .kind = value.streak < DISP_HEALTH_MAX_FAILURES ? DISP_VERDICT_AS_BEFORE
                                                    : DISP_VERDICT_RECOVERED,
  };
}

/* How long it is out is given back. */
static gint64
go_out (Value *value, gint64 now)
{
  gint64 duration;

  if (value->phase != PHASE_OUT && is_over (*value, DISP_HEALTH_MEMORY, now))
    value->n_ejections = 0;
  value->n_ejections = MIN (value->n_ejections + 1, DISP_HEALTH_MAX_EJECTIONS);
  duration = (gint64) value->n_ejections * DISP_HEALTH_EJECTION;
  value->phase = PHASE_OUT;
  value->n_successes = 0;
  value->is_probed = FALSE;
  set_time (value, now + duration);
  return duration;
}

/**
 * disp_health_fail:
 * @self: a health
 * @probe: the number of the probe that the attempt was; 0 = it was none
 * @now: the time, in microseconds
 *
 * Learns from an attempt that failed.  A probe that fails ejects it again, unless that was early.
 * What began before the ejection, or beside the probe, says nothing new.
 *
 * Returns: %DISP_VERDICT_EJECTED if it is out for longer; otherwise with how many attempts that
 *   tell something have failed in a row, 0 while it is out: who finds too many ejects it
 */
DispVerdict
disp_health_fail (DispHealth *self, guint probe, gint64 now)
{
  Value value = load (self);
  Value updated;
  DispVerdict verdict;

  do
    {
      updated = value;
      verdict = (DispVerdict){ .kind = DISP_VERDICT_AS_BEFORE };
      if (value.phase != PHASE_OUT || has_probe (value, probe))
        updated.streak = MIN (value.streak + 1, MAX_STREAK);
      if (value.phase != PHASE_OUT)
        verdict.n_failures = updated.streak;
      else if (has_probe (value, probe) && is_over (value, 0, now))
        {
          verdict.kind = DISP_VERDICT_EJECTED;
          verdict.n_failures = updated.streak;
          verdict.duration = go_out (&updated, now);
        }
      else if (has_probe (value, probe))
        {
          updated.n_successes = 0;
          updated.is_probed = FALSE;
        }
    }
  while (!replace (self, &value, updated));
  return verdict;
}

/**
 * disp_health_eject:
 * @self: a health
 * @now: the time, in microseconds
 *
 * Ejects it, if it still fails and nobody has done so.
 *
 * Returns: %DISP_VERDICT_EJECTED if it did that
 */
DispVerdict
disp_health_eject (DispHealth *self, gint64 now)
{
  Value value = load (self);
  Value updated;
  gint64 duration;

  do
    {
      if (value.phase == PHASE_OUT || value.streak < DISP_HEALTH_MAX_FAILURES)
        return (DispVerdict){ .kind = DISP_VERDICT_AS_BEFORE, .n_failures = value.streak };
      updated = value;
      duration = go_out (&updated, now);
    }
  while (!replace (self, &value, updated));
  return (DispVerdict){
    .kind = DISP_VERDICT_EJECTED,
    .n_failures = updated.streak,
    .duration = duration,
  };
}

/**
 * disp_health_pardon:
 * @self: a health
 * @now: the time, in microseconds
 *
 * Takes an ejection back that has just been: it is used as before, and fails as before.
 */
void
disp_health_pardon (DispHealth *self, gint64 now)
{
  Value value = load (self);
  Value updated;

  do
    {
      if (value.phase != PHASE_OUT)
        return;
      updated = value;
      updated.phase = PHASE_IN;
      updated.n_ejections--;
      updated.is_probed = FALSE;
      updated.n_successes = 0;
      set_time (&updated, now);
    }
  while (!replace (self, &value, updated));
}

/**
 * disp_health_set_available:
 * @self: a health
 * @available: whether it serves, as a check found
 * @now: the time, in microseconds
 *
 * What is not known to be unavailable may be used.  What serves again has a slow start, also if it
 * was ejected.
 *
 * Returns: whether that is news
 */
gboolean
disp_health_set_available (DispHealth *self, gboolean available, gint64 now)
{
  Value value = load (self);
  Value updated;

  do
    {
      if (value.unavailable == !available)
        return FALSE;
      updated = value;
      updated.unavailable = !available;
      if (available)
        come_back (&updated, now);
    }
  while (!replace (self, &value, updated));
  return TRUE;
}

/**
 * disp_health_recover:
 * @self: a health
 * @now: the time, in microseconds
 *
 * Learns that it does well again, from something better than a probe.  What was ejected has a slow
 * start.
 *
 * Returns: whether it was ejected
 */
gboolean
disp_health_recover (DispHealth *self, gint64 now)
{
  Value value = load (self);
  Value updated;

  do
    {
      updated = value;
      updated.streak = 0;
      if (value.phase == PHASE_OUT)
        come_back (&updated, now);
    }
  while (!replace (self, &value, updated));
  return value.phase == PHASE_OUT;
}
