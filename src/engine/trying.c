/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/dispatch-private.h"

#include "core/error.h"

/* The attempts of a request: one after another while they fail and may be repeated, or a second
 * beside one that takes long.  The first answer that counts is the answer. */

/* With this a container says that what is behind it could not do it this time. */
#define HTTP_BAD_GATEWAY 502

static DispRetryBudget *
get_budget (const DispDispatch *self)
{
  return disp_switchboard_get_retry_budget (self->dispatcher->switchboard);
}

/* Whether an attempt ended so that another might do better.  If the request may not be sent twice,
 * then only if it was not sent at all. */
static gboolean
is_retryable (const DispDispatch *self, DispOutcome outcome)
{
  if (g_error_matches (self->error, DISP_ERROR, DISP_ERROR_UNREACHABLE))
    return TRUE;
  if (self->request->once)
    return FALSE;
  if (self->answer != NULL)
    return outcome == DISP_OUTCOME_BUSY || self->answer->status == HTTP_BAD_GATEWAY;
  return g_error_matches (self->error, DISP_ERROR, DISP_ERROR_UPSTREAM)
         || g_error_matches (self->error, DISP_ERROR, DISP_ERROR_DEADLINE);
}

static gboolean
has_retries (const DispDispatch *self)
{
  return self->n_retries < MIN (self->settings->n_retries, DISP_MAX_RETRIES);
}

/* Whether there may be an attempt beside the one that runs. */
static gboolean
may_try_beside (const DispDispatch *self)
{
  return !self->request->once && self->n_visits == 1 && self->n_attempts < DISP_MAX_ATTEMPTS
         && self->n_attempts < self->route->n_eligible;
}

/* When an attempt takes so long that it is one of few; G_MAXINT64 = that does not matter. */
static gint64
get_hedge_time (const DispDispatch *self)
{
  char *const *hedged = self->settings->hedged;
  gint64 tail;

  if (hedged == NULL || self->was_hedged || !may_try_beside (self)
      || !g_strv_contains ((const char *const *) hedged, self->request->model))
    return G_MAXINT64;
  tail = disp_tail_get (disp_routing_get_tail (self->routing, self->route));
  return tail > 0 ? disp_visit_get_start (self->visits[0]) + tail : G_MAXINT64;
}

/* When an attempt has had half of the time without another being tried; G_MAXINT64 = likewise.  It
 * goes on, for all that is known it may only be slow. */
static gint64
get_late_time (const DispDispatch *self)
{
  if (self->settings->attempt_timeout > 0 || self->was_late || !has_retries (self)
      || !may_try_beside (self))
    return G_MAXINT64;
  return disp_visit_get_start (self->visits[0]) + (self->deadline - self->arrived) / 2;
}

/* When an attempt has had its time, if that is limited; G_MAXINT64 = it is not, or it is over. */
static gint64
get_cut_time (const DispDispatch *self, guint index)
{
  return self->settings->attempt_timeout > 0 && !self->is_cut[index]
             ? disp_visit_get_start (self->visits[index]) + self->settings->attempt_timeout
             : G_MAXINT64;
}

/**
 * disp_dispatch_get_visit_end:
 * @self: a request that is at a container
 *
 * Returns: when something is to be done about that, on the scale of the clock
 */
gint64
disp_dispatch_get_visit_end (const DispDispatch *self)
{
  gint64 end = MIN (get_hedge_time (self), get_late_time (self));

  for (guint i = 0; i < self->n_visits; i++)
    end = MIN (end, get_cut_time (self, i));
  return end;
}

static void
give_budget (DispDispatch *self)
{
  if (self->has_budget)
    disp_retry_budget_give (get_budget (self));
  self->has_budget = FALSE;
}

/* Forgets a visit that has ended, or whose end does not matter. */
static void
remove_visit (DispDispatch *self, guint index)
{
  if (self->is_extra[index])
    disp_retry_budget_give (get_budget (self));
  self->n_visits--;
  self->visits[index] = self->visits[self->n_visits];
  self->is_extra[index] = self->is_extra[self->n_visits];
  self->is_cut[index] = self->is_cut[self->n_visits];
}

/* Another was faster.  One that took so long that another was begun is as bad as one that ends
 * without an answer; one that was only slower is not. */
static void
abandon_visits (DispDispatch *self)
{
  const gint64 now = disp_dispatch_get_now (self);
  const gint64 half = (self->deadline - self->arrived) / 2;

  while (self->n_visits > 0)
    {
      DispVisit *visit = self->visits[0];
      gboolean is_late = self->was_late && now - disp_visit_get_start (visit) >= half;

      remove_visit (self, 0);
      disp_visit_abandon (visit, is_late ? DISP_OUTCOME_FAILURE : DISP_OUTCOME_CANCELLED);
    }
}

/* Keeps how an attempt ended.  Takes @answer. */
static void
keep_end (DispDispatch *self, DispContainer *container, DispAnswer *answer, const GError *error)
{
  g_clear_pointer (&self->container, disp_container_unref);
  g_clear_pointer (&self->answer, disp_answer_free);
  g_clear_error (&self->error);
  self->container = disp_container_ref (container);
  self->answer = answer;
  self->error = error != NULL ? g_error_copy (error) : NULL;
}

static void
on_visit_ended (DispVisit *visit, DispOutcome outcome, DispAnswer *answer, const GError *error,
                gpointer user_data)
{
  DispDispatch *self = user_data;

  remove_visit (self, self->visits[0] == visit ? 0 : 1);
  keep_end (self, disp_visit_get_container (visit), answer, error);
  if (self->given_up != NULL)
    {
      if (self->n_visits == 0)
        disp_dispatch_end_with_error (self, self->given_up);
      return;
    }
  if (outcome == DISP_OUTCOME_SUCCESS)
    {
      abandon_visits (self);
      disp_dispatch_end_last (self);
    }
  else if (self->n_visits > 0)
    disp_dispatch_set_timer (self);
  else if (is_retryable (self, outcome) && has_retries (self)
           && self->n_attempts < DISP_MAX_ATTEMPTS)
    {
      self->had_pause = FALSE;
      disp_dispatch_find_place (self);
    }
  else
    disp_dispatch_end_last (self);
}

/* Takes @place. */
static void
start_visit (DispDispatch *self, DispPlace *place)
{
  const DispVisitTerms terms = disp_dispatch_get_visit_terms (self);
  const guint index = self->n_visits++;

  if (self->n_attempts == 0)
    disp_retry_budget_earn (get_budget (self));
  self->tried[self->n_attempts++] = disp_capacity_ref (place->container->capacity);
  self->is_extra[index] = self->has_budget;
  self->is_cut[index] = FALSE;
  self->has_budget = FALSE;
  self->visits[index] = disp_visit_start (&terms, place, self->request, on_visit_ended, self);
}

/**
 * disp_dispatch_try:
 * @self: a request that has found a place, and is at no other
 * @place: (transfer full): the place
 *
 * Tries it there.
 */
void
disp_dispatch_try (DispDispatch *self, DispPlace *place)
{
  if (self->wait_began != 0)
    self->waited += disp_dispatch_get_now (self) - self->wait_began;
  self->wait_began = 0;
  if (self->n_attempts > 0)
    self->n_retries++;
  self->stage = DISP_STAGE_VISITING;
  start_visit (self, place);
  disp_dispatch_set_timer (self);
}

/* Begins an attempt beside the one that runs, if there is a place and the budget allows it: in this
 * order, since what a hedge costs is not given back. */
static gboolean
try_beside (DispDispatch *self, gboolean is_hedge)
{
  const guint n_active = disp_dispatch_count_active (self);
  const DispVisitTerms terms = disp_dispatch_get_visit_terms (self);
  DispPlace place;

  if (!disp_dispatch_find_place_beside (self, is_hedge, &place))
    return FALSE;
  self->has_budget = is_hedge ? disp_retry_budget_take_hedge (get_budget (self), n_active)
                              : disp_retry_budget_take (get_budget (self), n_active);
  if (!self->has_budget)
    {
      disp_visit_return_place (&terms, &place);
      return FALSE;
    }
  start_visit (self, &place);
  return TRUE;
}

static void
cut_visits (DispDispatch *self, gint64 now)
{
  for (guint i = 0; i < self->n_visits; i++)
    if (now >= get_cut_time (self, i))
      {
        self->is_cut[i] = TRUE;
        disp_visit_cancel (self->visits[i], DISP_OUTCOME_FAILURE,
                           g_error_new (DISP_ERROR, DISP_ERROR_DEADLINE,
                                        "container \"%s\" did not answer within %g s",
                                        disp_visit_get_container (self->visits[i])->name,
                                        (double) self->settings->attempt_timeout / G_USEC_PER_SEC));
      }
}

/**
 * disp_dispatch_look_at_visits:
 * @self: a request that is at a container, and whose disp_dispatch_get_visit_end() is over
 * @now: the time
 *
 * Does something about attempts that take long.
 */
void
disp_dispatch_look_at_visits (DispDispatch *self, gint64 now)
{
  cut_visits (self, now);
  if (now >= get_hedge_time (self))
    {
      self->was_hedged = TRUE;
      try_beside (self, TRUE);
    }
  if (now >= get_late_time (self))
    {
      self->was_late = TRUE;
      if (try_beside (self, FALSE))
        self->n_retries++;
    }
  disp_dispatch_set_timer (self);
}

/**
 * disp_dispatch_cancel_visits:
 * @self: a request that is at a container
 * @outcome: how to count its attempts
 * @error: what to tell as their end
 *
 * Gives its attempts up; they end soon.  A failure counts as one only of an attempt that had half
 * of the time that the operator gives a request: it is not the fault of a container that a client
 * gave less, or that the request had waited for long.
 */
void
disp_dispatch_cancel_visits (DispDispatch *self, DispOutcome outcome, const GError *error)
{
  const gint64 now = disp_dispatch_get_now (self);

  for (guint i = 0; i < self->n_visits; i++)
    {
      gboolean had_time = now - disp_visit_get_start (self->visits[i])
                          >= self->settings->timeout / 2;

      disp_visit_cancel (self->visits[i],
                         outcome == DISP_OUTCOME_FAILURE && !had_time ? DISP_OUTCOME_CANCELLED
                                                                      : outcome,
                         g_error_copy (error));
    }
}

/**
 * disp_dispatch_end_last:
 * @self: a request that has been tried and is at no container
 *
 * Ends it as its last attempt ended.
 */
void
disp_dispatch_end_last (DispDispatch *self)
{
  g_autoptr (GError) error = g_steal_pointer (&self->error);

  give_budget (self);
  if (self->answer != NULL)
    disp_dispatch_end_with_answer (self, g_steal_pointer (&self->answer));
  else
    disp_dispatch_end_with_error (self, error);
}
