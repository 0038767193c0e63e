/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include <stdatomic.h>

/* So many failures in a row are needed for an ejection. */
#define DISP_HEALTH_MAX_FAILURES 5
/* So many times in a row it must do well to come back. */
#define DISP_HEALTH_N_PROBES 3
/* The first ejection is for so long, in microseconds, the second in a row for twice that… */
#define DISP_HEALTH_EJECTION (30 * G_USEC_PER_SEC)
/* … up to so many times that. */
#define DISP_HEALTH_MAX_EJECTIONS 10
/* After so long without an ejection the next is the first again. */
#define DISP_HEALTH_MEMORY (600 * G_USEC_PER_SEC)
/* Who comes back has less than its share for so long. */
#define DISP_HEALTH_SLOW_TIME (10 * G_USEC_PER_SEC)
/* What it has of its share at first. */
#define DISP_HEALTH_FIRST_SHARE 0.1

/**
 * DispHealthState:
 * @DISP_HEALTH_WELL: nothing speaks against it
 * @DISP_HEALTH_SLOW_START: it came back lately, and does not have its whole share yet
 * @DISP_HEALTH_BUSY: it said that it can take no more now
 * @DISP_HEALTH_FAILING: it fails, but cannot be spared
 * @DISP_HEALTH_PROBING: the time of its ejection is over, it may be tried
 * @DISP_HEALTH_PROBED: it is being tried
 * @DISP_HEALTH_EJECTED: it gets no requests for some time, since it failed
 * @DISP_HEALTH_UNAVAILABLE: a check found that it does not serve
 *
 * How a container does, from good to bad.
 */
typedef enum
{
  DISP_HEALTH_WELL,
  DISP_HEALTH_SLOW_START,
  DISP_HEALTH_BUSY,
  DISP_HEALTH_FAILING,
  DISP_HEALTH_PROBING,
  DISP_HEALTH_PROBED,
  DISP_HEALTH_EJECTED,
  DISP_HEALTH_UNAVAILABLE,
} DispHealthState;

/**
 * DispVerdictKind:
 * @DISP_VERDICT_AS_BEFORE: nothing has changed
 * @DISP_VERDICT_EJECTED: the container gets no requests for some time
 * @DISP_VERDICT_RETURNED: it may be used again
 * @DISP_VERDICT_FAILING: it fails, but cannot be spared
 * @DISP_VERDICT_RECOVERED: it fails no longer, of which it was not ejected
 *
 * What the end of an attempt changed for its container.
 */
typedef enum
{
  DISP_VERDICT_AS_BEFORE,
  DISP_VERDICT_EJECTED,
  DISP_VERDICT_RETURNED,
  DISP_VERDICT_FAILING,
  DISP_VERDICT_RECOVERED,
} DispVerdictKind;

/**
 * DispVerdict:
 * @kind: what has changed
 * @for_model: whether for the model of the route only, or for the container as a whole
 * @n_failures: how many attempts failed in a row
 * @duration: with %DISP_VERDICT_EJECTED, for how long it gets no requests, in microseconds
 *
 * See #DispVerdictKind.
 */
typedef struct
{
  DispVerdictKind kind;
  gboolean for_model;
  guint n_failures;
  gint64 duration;
} DispVerdict;

/**
 * DispHealth:
 * @word: all of it, in one word, so that each change is made at once
 *
 * Whether a container, or a model there, fails, as far as attempts and checks tell.  It begins as
 * all zeroes.  Any thread may use it and none waits.
 */
typedef struct
{
  atomic_ullong word; /* (atomic) */
} DispHealth;

DispHealthState disp_health_get_state (DispHealth *self, gint64 now);
double disp_health_get_share (DispHealth *self, gint64 now);
gint64 disp_health_get_next_change (DispHealth *self, gint64 now);
gint64 disp_health_get_ejection_end (DispHealth *self);
gboolean disp_health_is_sound (DispHealth *self);
gboolean disp_health_is_ejected (DispHealth *self);
gboolean disp_health_is_failing (DispHealth *self);
const char *disp_health_state_to_string (DispHealthState state);

guint disp_health_claim_probe (DispHealth *self, gint64 now, gboolean early);
void disp_health_release_probe (DispHealth *self, guint probe);
DispVerdict disp_health_succeed (DispHealth *self, guint probe, gint64 now);
DispVerdict disp_health_fail (DispHealth *self, guint probe, gint64 now);
DispVerdict disp_health_eject (DispHealth *self, gint64 now);
void disp_health_pardon (DispHealth *self, gint64 now);
gboolean disp_health_set_available (DispHealth *self, gboolean available, gint64 now);
gboolean disp_health_recover (DispHealth *self, gint64 now);

/* In the lowest bits of the word is what speaks against it; see health.c. */
#define DISP_HEALTH_AGAINST 0x1ff

/* What is asked of each candidate at each decision stands here, to cost no calls. */

/**
 * disp_health_are_plain:
 * @one: a health
 * @other: another
 *
 * Returns: whether both are well, and the last attempt of each did not fail
 */
static inline gboolean
disp_health_are_plain (DispHealth *one, DispHealth *other)
{
  return ((atomic_load_explicit (&one->word, memory_order_relaxed)
           | atomic_load_explicit (&other->word, memory_order_relaxed))
          & DISP_HEALTH_AGAINST)
         == 0;
}
