/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/shadow.h"

#include "core/estimates.h"
#include "core/tsan.h"

#include <math.h>
#include <stdatomic.h>

/*
 * What a container would take is estimated in the same way for both sides, whatever the policies
 * go by themselves: see disp_estimates_get_time().  Both are asked before the attempt begins, so
 * each has the same in flight as the policies saw.
 */
struct _DispShadow
{
  DispPolicy *policy;          /* (owned) */
  DispEstimates *estimates;    /* (owned) */
  atomic_ullong decisions;     /* (atomic) */
  atomic_ullong disagreements; /* (atomic) */
  atomic_ullong unknown;       /* (atomic) */
  atomic_ullong gain;          /* (atomic) microseconds */
  atomic_ullong loss;          /* (atomic) microseconds */
};

/**
 * disp_shadow_new:
 * @spec: the policy that is to decide beside another
 * @model: the model to decide for
 *
 * Returns: (transfer full): a shadow for one route, which knows nothing yet
 */
DispShadow *
disp_shadow_new (const DispPolicySpec *spec, const char *model)
{
  DispShadow *self = g_atomic_rc_box_new0 (DispShadow);

  self->policy = disp_policy_spec_create (spec, model);
  self->estimates = disp_estimates_new ();
  return self;
}

/**
 * disp_shadow_ref:
 * @self: a shadow
 *
 * Returns: (transfer full): @self
 */
DispShadow *
disp_shadow_ref (DispShadow *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
shadow_clear (gpointer data)
{
  DispShadow *self = data;

  DISP_TSAN_ACQUIRE (self);
  g_object_unref (self->policy);
  disp_estimates_free (self->estimates);
}

/**
 * disp_shadow_unref:
 * @self: (transfer full): a shadow
 *
 * Gives a reference up; whichever thread gives up the last frees it.
 */
void
disp_shadow_unref (DispShadow *self)
{
  DISP_TSAN_RELEASE (self);
  g_atomic_rc_box_release_full (self, shadow_clear);
}

/**
 * disp_shadow_set_route:
 * @self: a shadow
 * @route: the route that it decides for, as it is from now on
 *
 * Tells of a new fleet, before the first decision in it.  Main thread.
 */
void
disp_shadow_set_route (DispShadow *self, const DispRoute *route)
{
  disp_policy_fleet_changed (self->policy, route);
  disp_estimates_set_route (self->estimates, route);
}

static void
add (atomic_ullong *counter, guint64 amount)
{
  atomic_fetch_add_explicit (counter, amount, memory_order_relaxed);
}

/* Compares what was chosen with what the shadow would have chosen. */
static void
compare (DispShadow *self, const DispContainer *chosen, const DispContainer *own)
{
  double time = disp_estimates_get_time (self->estimates, chosen);
  double own_time = disp_estimates_get_time (self->estimates, own);

  add (&self->disagreements, 1);
  if (time <= 0 || own_time <= 0)
    add (&self->unknown, 1);
  else if (own_time < time)
    add (&self->gain, (guint64) llround (time - own_time));
  else
    add (&self->loss, (guint64) llround (own_time - time));
}

/**
 * disp_shadow_decide:
 * @self: a shadow
 * @candidates: (array length=n_candidates): the containers that the policy chose among
 * @n_candidates: how many, at least 1; with 1 there was no choice, and nothing is counted
 * @request: what is asked
 * @random: a generator of the calling thread
 * @chosen: the index of the one that the policy chose
 *
 * Lets the shadow decide too, and compares.  To be called for each choice of the policy, after it
 * and before the attempt begins.
 *
 * Returns: the index of the container that the shadow would have chosen
 */
guint
disp_shadow_decide (DispShadow *self, DispContainer *const *candidates, guint n_candidates,
                    const DispRequest *request, GRand *random, guint chosen)
{
  guint own = disp_policy_select (self->policy, candidates, n_candidates, request, random);

  g_return_val_if_fail (chosen < n_candidates, own);

  if (n_candidates > 1)
    add (&self->decisions, 1);
  if (own != chosen)
    compare (self, candidates[chosen], candidates[own]);
  return own;
}

/**
 * disp_shadow_started:
 * @self: a shadow
 * @container: the container to which a request is being sent, as the policy chose it
 *
 * Tells of an attempt that begins.
 */
void
disp_shadow_started (DispShadow *self, const DispContainer *container)
{
  disp_policy_request_started (self->policy, container);
  disp_estimates_started (self->estimates, container);
}

/**
 * disp_shadow_finished:
 * @self: a shadow
 * @container: the container, already without the attempt in its counters
 * @outcome: how the attempt ended
 * @duration: how long it took, in microseconds
 *
 * Tells of an attempt that ended; there is one for each disp_shadow_started().
 */
void
disp_shadow_finished (DispShadow *self, const DispContainer *container, DispOutcome outcome,
                      gint64 duration)
{
  disp_policy_request_finished (self->policy, container, outcome, duration);
  disp_estimates_finished (self->estimates, container, outcome, duration);
}

/**
 * disp_shadow_add_counts:
 * @self: a shadow
 * @sum: (inout): what its counts are added to
 */
void
disp_shadow_add_counts (DispShadow *self, DispShadowCounts *sum)
{
  sum->decisions += atomic_load_explicit (&self->decisions, memory_order_relaxed);
  sum->disagreements += atomic_load_explicit (&self->disagreements, memory_order_relaxed);
  sum->unknown += atomic_load_explicit (&self->unknown, memory_order_relaxed);
  sum->gain += atomic_load_explicit (&self->gain, memory_order_relaxed);
  sum->loss += atomic_load_explicit (&self->loss, memory_order_relaxed);
}
