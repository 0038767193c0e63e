/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/estimates.h"

#include "core/choice.h"
#include "core/least-loaded.h"
#include "core/paces.h"

/* A container of which nothing was heard for so many decisions, times the containers of the route,
 * is tried again: so not more than one request in so many is spent on that. */
#define EXPLORE_SPAN 256

struct _DispEstimates
{
  DispPaces paces;
  atomic_ullong n_decisions; /* (atomic) */
};

/**
 * disp_estimates_new:
 *
 * Returns: (transfer full): estimates of which nothing is known, not even the route
 */
DispEstimates *
disp_estimates_new (void)
{
  DispEstimates *self = g_new0 (DispEstimates, 1);

  disp_paces_init (&self->paces);
  return self;
}

/**
 * disp_estimates_free:
 * @self: (transfer full): estimates that no thread uses any more
 */
void
disp_estimates_free (DispEstimates *self)
{
  disp_paces_clear (&self->paces);
  g_free (self);
}

/**
 * disp_estimates_set_route:
 * @self: estimates
 * @route: the route for which they are, as it is from now on
 *
 * Keeps what is known of the containers that it had and has.  Main thread.
 */
void
disp_estimates_set_route (DispEstimates *self, const DispRoute *route)
{
  disp_paces_set_route (&self->paces, route);
}

static guint64
get_now (DispEstimates *self)
{
  return atomic_load_explicit (&self->n_decisions, memory_order_relaxed) + 1;
}

static guint64
get_span (const DispPaceTable *table)
{
  return (guint64) EXPLORE_SPAN * table->n_paces;
}

/**
 * disp_estimates_started:
 * @self: estimates
 * @container: where an attempt begins
 */
void
disp_estimates_started (DispEstimates *self, const DispContainer *container)
{
  DispPace *pace = disp_pace_table_find (disp_paces_enter (&self->paces), container->stats);

  if (pace != NULL)
    disp_pace_start (pace);
  disp_paces_leave (&self->paces);
}

/**
 * disp_estimates_finished:
 * @self: estimates
 * @container: where an attempt ended, already without it in its counters
 * @outcome: how it ended
 * @duration: how long it took, in microseconds
 */
void
disp_estimates_finished (DispEstimates *self, const DispContainer *container, DispOutcome outcome,
                         gint64 duration)
{
  const DispPaceTable *table = disp_paces_enter (&self->paces);
  DispPace *pace = disp_pace_table_find (table, container->stats);

  if (pace != NULL)
    disp_pace_end (pace, container, outcome, duration, get_now (self), get_span (table));
  disp_paces_leave (&self->paces);
}

/* While no pace is known at all, the load decides: for those without one it stands in the costs,
 * below 0. */
static void
settle_unknown (double *costs, guint n_costs, gboolean by_load)
{
  for (guint i = 0; i < n_costs; i++)
    if (costs[i] < 0 && costs[i] > DISP_COST_EXPLORE)
      costs[i] = by_load ? -costs[i] : G_MAXDOUBLE;
}

/**
 * disp_estimates_weigh:
 * @self: estimates
 * @candidates: containers
 * @places: (array length=n_places): which of them to look at
 * @n_places: how many
 * @costs: (out caller-allocates) (array length=n_places): for each the time in microseconds by
 *   which one attempt more would be done: its service time, times those in flight; or
 *   %DISP_COST_EXPLORE, if that is to be found out by the next request; or %G_MAXDOUBLE, if it is
 *   being found out.  If nothing is known of any, load by quota stands for the time.
 * @loads: (out caller-allocates) (array length=n_places): its load by quota, as of
 *   disp_least_loaded_weigh()
 */
void
disp_estimates_weigh (DispEstimates *self, DispContainer *const *candidates, const guint *places,
                      guint n_places, double *costs, double *loads)
{
  const DispPaceTable *table = disp_paces_enter (&self->paces);
  guint64 now = get_now (self);
  guint64 span = get_span (table);
  guint n_unknown = 0;

  for (guint i = 0; i < n_places; i++)
    {
      const DispContainer *container = candidates[places[i]];
      DispPace *pace = disp_pace_table_find (table, container->stats);

      loads[i] = disp_least_loaded_weigh (container);
      costs[i] = pace != NULL ? disp_pace_get_completion (pace, loads[i]) : G_MAXDOUBLE;
      if (G_UNLIKELY (costs[i] >= G_MAXDOUBLE))
        {
          costs[i] = -loads[i] * (pace != NULL ? disp_pace_get_penalty (pace) : 1);
          n_unknown++;
        }
      if (pace != NULL && disp_pace_is_due (pace, now, span))
        costs[i] = DISP_COST_EXPLORE;
    }
  disp_paces_leave (&self->paces);
  if (G_UNLIKELY (n_unknown > 0))
    settle_unknown (costs, n_places, n_unknown == n_places);
}

/**
 * disp_estimates_get_time:
 * @self: estimates
 * @container: a container
 *
 * Returns: what one attempt more would take there, in microseconds, if it succeeds: the service
 *   time of the model there, as of disp_pace_get_service(), times the attempts of all models in
 *   flight there and the one that would come; 0 = not known
 */
double
disp_estimates_get_time (DispEstimates *self, const DispContainer *container)
{
  DispPace *pace = disp_pace_table_find (disp_paces_enter (&self->paces), container->stats);
  double service = pace != NULL ? disp_pace_get_service (pace, container) : 0;

  disp_paces_leave (&self->paces);
  return service * (disp_stats_get_in_flight (container->stats) + 1);
}

/* When one attempt more would be done at a container, if so many others went there before; 0 = not
 * known. */
static double
get_completion (const DispPaceTable *table, const DispContainer *container, guint n_before)
{
  DispPace *pace = disp_pace_table_find (table, container->stats);
  double completion = pace != NULL ? disp_pace_get_completion (
                          pace, disp_least_loaded_weigh (container) + n_before / container->quota)
                                   : G_MAXDOUBLE;

  return completion < G_MAXDOUBLE ? completion : 0;
}

/**
 * disp_estimates_get_times:
 * @self: estimates
 * @containers: as of disp_policy_get_times()
 * @n_containers: likewise
 * @times: likewise
 *
 * Tells when one attempt more would be done at each; a container that fails seems slower.
 */
void
disp_estimates_get_times (DispEstimates *self, DispContainer *const *containers, guint n_containers,
                          double *times)
{
  const DispPaceTable *table = disp_paces_enter (&self->paces);

  for (guint i = 0; i < n_containers; i++)
    times[i] = get_completion (table, containers[i], 0);
  disp_paces_leave (&self->paces);
}

static gboolean
is_claimed (const DispPaceTable *table, const DispContainer *container)
{
  DispPace *pace = disp_pace_table_find (table, container->stats);

  return pace != NULL && disp_pace_is_claimed (pace);
}

/**
 * disp_estimates_is_claimed:
 * @self: estimates
 * @container: a container
 *
 * Returns: whether somebody has gone to try it, whatever was known of it, and has not begun yet
 */
gboolean
disp_estimates_is_claimed (DispEstimates *self, const DispContainer *container)
{
  gboolean claimed = is_claimed (disp_paces_enter (&self->paces), container);

  disp_paces_leave (&self->paces);
  return claimed;
}

/**
 * disp_estimates_accept:
 * @self: estimates
 * @containers: as of disp_policy_accepts()
 * @n_containers: likewise
 * @index: likewise
 * @n_before: likewise
 * @waited: likewise
 *
 * A request should not take a slow container that is free when it would be done earlier at a fast
 * one that is not, after all that wait before it.  But it waits no longer than it would have been
 * at the slow one, since the fast one may never answer.
 *
 * Returns: whether it should take the free one
 */
gboolean
disp_estimates_accept (DispEstimates *self, DispContainer *const *containers, guint n_containers,
                       guint index, guint n_before, gint64 waited)
{
  const DispPaceTable *table = disp_paces_enter (&self->paces);
  double own = get_completion (table, containers[index], 0);
  gboolean accepts = TRUE;

  if (own > (double) waited && !is_claimed (table, containers[index]))
    for (guint i = 0; i < n_containers && accepts; i++)
      {
        double other = i != index ? get_completion (table, containers[i], n_before) : 0;

        accepts = other <= 0 || other >= own;
      }
  disp_paces_leave (&self->paces);
  return accepts;
}

/**
 * disp_estimates_would_meet:
 * @self: estimates
 * @container: a container that may be used
 * @n_before: how many wait for one before
 * @waited: how long the request has waited, in microseconds
 * @target: in what time in all it should be done, in microseconds
 *
 * Returns: whether it is likely to, if it goes on waiting for that container.  It is not when it
 *   has waited longer than expected: then the container may not answer any more.  While nothing is
 *   known of the container it is, for a quarter of that time.
 */
gboolean
disp_estimates_would_meet (DispEstimates *self, const DispContainer *container, guint n_before,
                           gint64 waited, double target)
{
  double completion = get_completion (disp_paces_enter (&self->paces), container, n_before);

  disp_paces_leave (&self->paces);
  if (completion <= 0)
    return (double) waited <= target / 4;
  return (double) waited <= 2 * completion && (double) waited + completion <= target;
}

static gboolean
claim (DispEstimates *self, const DispContainer *container)
{
  DispPace *pace = disp_pace_table_find (disp_paces_enter (&self->paces), container->stats);
  gboolean claimed = pace != NULL && disp_pace_claim (pace, get_now (self));

  disp_paces_leave (&self->paces);
  return claimed;
}

/**
 * disp_estimates_choose:
 * @self: estimates
 * @candidates: containers
 * @places: (array length=n_places): which of them to choose among
 * @n_places: how many, 1 to %DISP_CHOICE_SCAN
 * @costs: (inout) (array length=n_places): what each costs, as of disp_estimates_weigh()
 * @random: a generator of the calling thread
 *
 * Decides.  One that is to be tried is chosen before all others, by one thread alone; if that is
 * another its cost becomes %G_MAXDOUBLE.
 *
 * Returns: the index in @places of the one with the lowest cost
 */
guint
disp_estimates_choose (DispEstimates *self, DispContainer *const *candidates, const guint *places,
                       guint n_places, double *costs, GRand *random)
{
  guint chosen = disp_choice_lowest (costs, n_places, random);

  atomic_fetch_add_explicit (&self->n_decisions, 1, memory_order_relaxed);
  while (costs[chosen] < 0 && !claim (self, candidates[places[chosen]]))
    {
      costs[chosen] = G_MAXDOUBLE;
      chosen = disp_choice_lowest (costs, n_places, random);
    }
  return chosen;
}

/**
 * disp_estimates_select:
 * @self: estimates
 * @candidates: (array length=n_candidates): the containers to choose among
 * @n_candidates: how many, at least 1
 * @random: a generator of the calling thread
 *
 * Returns: the index of the one that would be done first, or of one that is to be tried
 */
guint
disp_estimates_select (DispEstimates *self, DispContainer *const *candidates, guint n_candidates,
                       GRand *random)
{
  guint places[DISP_CHOICE_SCAN];
  double costs[DISP_CHOICE_SCAN];
  double loads[DISP_CHOICE_SCAN];
  guint n_places = disp_choice_sample (n_candidates, random, places);

  disp_estimates_weigh (self, candidates, places, n_places, costs, loads);
  return places[disp_estimates_choose (self, candidates, places, n_places, costs, random)];
}
