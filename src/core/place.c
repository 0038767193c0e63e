/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/place.h"

#include "core/judgement.h"

/*
 * Who gets requests, by the health of all containers of a route; see core/judgement.c for how that
 * changes.  If fewer than half of them are sound, be it that checks found others unavailable or
 * that another route had some ejected, ejections count for nothing: "panic" in Envoy, which has the
 * same rules.  So they do when all that are left fail too: then whoever recovers first is found by
 * the next request.
 */

static gboolean
was_tried (const DispContainer *container, const DispPlaceQuery *query)
{
  for (guint i = 0; i < query->n_tried; i++)
    if (query->tried[i] == container->capacity)
      return TRUE;
  return FALSE;
}

static guint
get_max_in_flight (const DispContainer *container, const DispPlaceQuery *query)
{
  return disp_container_get_max_in_flight (container, query->max_in_flight);
}

static gboolean
has_place (const DispContainer *container, const DispPlaceQuery *query)
{
  return disp_capacity_has_place (container->capacity, get_max_in_flight (container, query));
}

/* Whether nothing at all is to be considered, which is so nearly always. */
static inline gboolean
is_plain (DispStanding *whole, DispStanding *model)
{
  return disp_health_are_plain (&whole->health, &model->health)
         && disp_cooling_is_plain (&whole->cooling);
}

/* Whether it goes on although it fails. */
static gboolean
is_failing (const DispRoute *route, guint index)
{
  return disp_health_is_failing (&route->eligible[index]->standing->health)
         || disp_health_is_failing (&route->standings[index]->health);
}

static gboolean
are_too_few (const DispRoute *route, guint n_sound, guint n_failing)
{
  return 2 * n_sound < route->n_eligible || n_failing == n_sound;
}

static gboolean
is_panic (const DispRoute *route)
{
  guint n_sound = 0;
  guint n_failing = 0;

  for (guint i = 0; i < route->n_eligible; i++)
    if (disp_judgement_is_sound (route, i))
      {
        n_sound++;
        n_failing += is_failing (route, i);
      }
  return are_too_few (route, n_sound, n_failing);
}

/* Its health, whether or not it cools down. */
static DispHealthState
get_health (const DispRoute *route, guint index, gint64 now)
{
  return MAX (disp_health_get_state (&route->eligible[index]->standing->health, now),
              disp_health_get_state (&route->standings[index]->health, now));
}

static gboolean
may_use (DispHealthState state, gboolean panic)
{
  return state <= DISP_HEALTH_PROBING || (panic && state <= DISP_HEALTH_EJECTED);
}

static gboolean
is_cool (const DispRoute *route, guint index, gint64 now)
{
  return disp_cooling_get_end (&route->eligible[index]->standing->cooling) <= now;
}

/**
 * disp_place_get_state:
 * @route: a route
 * @index: the place of a container among its eligible ones
 * @now: the time, in microseconds
 * @until: (out) (nullable): when it may be asked or tried again, in microseconds; 0 = the time
 *   alone changes nothing
 *
 * Returns: how the container does, for the model of the route
 */
DispHealthState
disp_place_get_state (const DispRoute *route, guint index, gint64 now, gint64 *until)
{
  DispStanding *whole = route->eligible[index]->standing;
  DispHealthState state = get_health (route, index, now);
  gint64 end = 0;

  if (state == DISP_HEALTH_EJECTED)
    end = MAX (disp_health_get_ejection_end (&whole->health),
               disp_health_get_ejection_end (&route->standings[index]->health));
  else if (!is_cool (route, index, now))
    {
      end = disp_cooling_get_end (&whole->cooling);
      state = MAX (state, DISP_HEALTH_BUSY);
    }
  if (until != NULL)
    *until = end;
  return state;
}

/* What is added up while all are looked at. */
typedef struct
{
  const DispRoute *route;
  const DispPlaceQuery *query;
  guint *indices;
  DispPlaceCounts *counts;
  gboolean panic;
  guint n_sound;
  guint n_failing; /* of these */
  guint n_bad;     /* of those in @indices, those that go on although they fail */
  guint n_slow;    /* those in their slow start */
  guint n_best;    /* and those that are well */
} Survey;

/* One that is not plain; apart, so that it costs those that are nothing. */
G_NO_INLINE static void
look_closely (Survey *survey, guint index)
{
  const DispPlaceQuery *query = survey->query;
  DispContainer *container = survey->route->eligible[index];
  DispHealthState state = get_health (survey->route, index, query->now);
  gint64 cool_at = disp_cooling_get_end (&container->standing->cooling);

  survey->n_sound += state <= DISP_HEALTH_FAILING;
  survey->n_failing += state == DISP_HEALTH_FAILING;
  if (was_tried (container, query) || !may_use (state, survey->panic))
    return;
  if (cool_at > query->now)
    {
      survey->counts->n_cooling++;
      survey->counts->cool_at = MIN (survey->counts->cool_at, cool_at);
      return;
    }
  survey->counts->n_usable++;
  survey->counts->n_well += state <= DISP_HEALTH_SLOW_START;
  if (!has_place (container, query))
    return;
  survey->n_bad += state == DISP_HEALTH_FAILING || state == DISP_HEALTH_EJECTED;
  survey->n_slow += state == DISP_HEALTH_SLOW_START;
  survey->n_best += state == DISP_HEALTH_WELL;
  survey->indices[survey->counts->n_free++] = index;
}

/* Most are plain, so that these are what it costs: they are counted apart. */
static void
look_at_all (Survey *survey)
{
  const DispRoute *route = survey->route;
  const DispPlaceQuery *query = survey->query;
  DispPlaceCounts *counts = survey->counts;
  guint n_plain = 0;
  guint n_tried = 0; /* of these */
  guint n_free = 0;  /* likewise */

  *counts = (DispPlaceCounts){ .cool_at = G_MAXINT64 };
  survey->n_sound = survey->n_failing = 0;
  survey->n_bad = survey->n_slow = survey->n_best = 0;
  for (guint i = 0; i < route->n_eligible; i++)
    {
      const DispContainer *container = route->eligible[i];

      if (G_UNLIKELY (!is_plain (container->standing, route->standings[i])))
        {
          look_closely (survey, i);
          continue;
        }
      n_plain++;
      if (G_UNLIKELY (query->n_tried > 0) && was_tried (container, query))
        n_tried++;
      else if (has_place (container, query))
        {
          survey->indices[counts->n_free++] = i;
          n_free++;
        }
    }
  survey->n_sound += n_plain;
  survey->n_best += n_free;
  counts->n_usable += n_plain - n_tried;
  counts->n_well += n_plain - n_tried;
}

/* What part of the decisions that could choose a container may do so. */
static double
get_share (const Survey *survey, guint index)
{
  const DispRoute *route = survey->route;
  const DispPlaceQuery *query = survey->query;

  switch (get_health (route, index, query->now))
    {
    case DISP_HEALTH_SLOW_START:
      if (survey->n_best == 0)
        return 1;
      return MIN (disp_health_get_share (&route->eligible[index]->standing->health, query->now),
                  disp_health_get_share (&route->standings[index]->health, query->now));
    case DISP_HEALTH_FAILING:
    case DISP_HEALTH_EJECTED:
      /* Who failed once already is not to fail again. */
      return query->n_tried > 0 ? 0 : DISP_HEALTH_FIRST_SHARE;
    default:
      return 1;
    }
}

/* As long as there are others, those in their slow start come in by chance, and so do those that
 * fail: what answers at once, because nobody is there, looks as if it had nothing to do. */
static void
thin_out (Survey *survey)
{
  guint n_kept = 0;

  for (guint i = 0; i < survey->counts->n_free; i++)
    {
      const double share = get_share (survey, survey->indices[i]);

      if (share >= 1 || g_rand_double (survey->query->random) < share)
        survey->indices[n_kept++] = survey->indices[i];
    }
  survey->counts->n_free = n_kept;
}

/**
 * disp_place_list:
 * @route: a route
 * @query: for whom
 * @indices: (out caller-allocates) (array): which of the eligible containers of @route may be used
 *   and have a free place: room for all of them
 * @counts: (out caller-allocates): how many of which kind there are
 *
 * Lists who may be chosen now, in the order of the route.  Any thread.
 */
void
disp_place_list (const DispRoute *route, const DispPlaceQuery *query, guint *indices,
                 DispPlaceCounts *counts)
{
  Survey survey = { .route = route, .query = query, .indices = indices, .counts = counts };

  look_at_all (&survey);
  if (are_too_few (route, survey.n_sound, survey.n_failing))
    {
      survey.panic = TRUE;
      look_at_all (&survey);
    }
  if (query->random != NULL
      && ((survey.n_bad > 0 && survey.n_slow + survey.n_best > 0)
          || (survey.n_slow > 0 && survey.n_best > 0)))
    thin_out (&survey);
}

/**
 * disp_place_may_take:
 * @route: a route
 * @index: the place of a container among its eligible ones
 * @query: for whom
 *
 * Returns: whether it may be used, as disp_place_list() sees it, whether or not a place is free
 *   (and nothing is left to chance)
 */
gboolean
disp_place_may_take (const DispRoute *route, guint index, const DispPlaceQuery *query)
{
  DispHealthState state;

  if (was_tried (route->eligible[index], query))
    return FALSE;
  if (is_plain (route->eligible[index]->standing, route->standings[index]))
    return TRUE;
  if (!is_cool (route, index, query->now))
    return FALSE;
  state = get_health (route, index, query->now);
  return may_use (state, FALSE) || (may_use (state, TRUE) && is_panic (route));
}

/* Whether requests may go there; a probe is claimed if it is one. */
static gboolean
enter (DispHealth *health, const DispPlaceQuery *query, gboolean panic, guint *probe)
{
  DispHealthState state = disp_health_get_state (health, query->now);

  *probe = 0;
  if (!may_use (state, panic))
    return FALSE;
  if (state < DISP_HEALTH_PROBING)
    return TRUE;
  *probe = disp_health_claim_probe (health, query->now, panic);
  return *probe != 0 || panic;
}

static void
leave (const DispPlace *self)
{
  disp_health_release_probe (&self->container->standing->health, self->probe);
  disp_health_release_probe (&self->standing->health, self->probe_model);
}

/* What enters is let out again if not all doors are open.  The last of them is its capacity, since
 * who finds no place there waits until one is given back. */
static gboolean
enter_closely (DispPlace *self, const DispRoute *route, guint index, const DispPlaceQuery *query)
{
  DispStanding *whole = self->container->standing;
  gboolean panic = !disp_judgement_is_sound (route, index) && is_panic (route);

  if (enter (&whole->health, query, panic, &self->probe)
      && enter (&self->standing->health, query, panic, &self->probe_model)
      && disp_cooling_claim (&whole->cooling, query->now, self->container->identity,
                             &self->is_first))
    return TRUE;
  leave (self);
  return FALSE;
}

/**
 * disp_place_take:
 * @self: (out caller-allocates): the place
 * @route: a route
 * @index: the place of a container among its eligible ones
 * @query: for whom
 *
 * Takes a place, which must be given back with disp_place_give().
 *
 * Returns: whether it was got; %FALSE: another thread was faster
 */
gboolean
disp_place_take (DispPlace *self, const DispRoute *route, guint index, const DispPlaceQuery *query)
{
  DispContainer *container = route->eligible[index];

  *self = (DispPlace){ .container = container, .standing = route->standings[index] };
  if (is_plain (container->standing, self->standing) || enter_closely (self, route, index, query))
    {
      self->n_taken = disp_capacity_take (container->capacity,
                                          get_max_in_flight (container, query));
      if (self->n_taken > 0)
        {
          disp_container_ref (container);
          return TRUE;
        }
      leave (self);
      if (self->is_first)
        disp_cooling_release (&container->standing->cooling, query->now);
    }
  *self = (DispPlace){ 0 };
  return FALSE;
}

/**
 * disp_place_give:
 * @self: a place that was taken; there is none in it afterwards
 * @route: the route that it was taken for
 * @outcome: how its attempt ended; %DISP_OUTCOME_CANCELLED = there was none
 * @duration: how long that took, in microseconds
 * @now: the time, in microseconds
 *
 * Learns from the attempt, and gives the place back.  Who waits must be told after that.
 *
 * Returns: what that changed for the container
 */
DispVerdict
disp_place_give (DispPlace *self, const DispRoute *route, DispOutcome outcome, gint64 duration,
                 gint64 now)
{
  DispCapacity *capacity = self->container->capacity;
  DispVerdict verdict = disp_judgement_of (self, route, outcome, now);

  leave (self);
  disp_capacity_learn (capacity, &self->standing->baseline, outcome, duration, self->n_taken, now);
  disp_capacity_give (capacity);
  disp_container_unref (self->container);
  *self = (DispPlace){ 0 };
  return verdict;
}
