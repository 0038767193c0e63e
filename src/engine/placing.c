/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/dispatch-private.h"

#include "core/acceptance.h"
#include "core/error.h"

/* How a request comes to a place at a container: at once, if one of those that may be used has one
 * and nobody waits for it; else it waits. */

/* How long a request is paused before it is tried again where others wait for a place too, in
 * microseconds. */
#define PAUSE_MIN (25 * 1000)
#define PAUSE_MAX (250 * 1000)
/* So often those that wait are asked again whether they take a place that they did not, in
 * microseconds. */
#define PATIENCE (50 * 1000)
/* So often free places are offered again of which nobody told that they are free: a container may
 * be back, or none that is better may be left, in microseconds. */
#define LOOK_AGAIN ((gint64) G_USEC_PER_SEC)
/* So often a place is looked for that another thread then takes. */
#define MAX_RACES 8

static DispWaitingRoom *
get_room (const DispDispatch *self)
{
  return disp_switchboard_get_waiting_room (self->dispatcher->switchboard);
}

static DispPlaceQuery
get_query (const DispDispatch *self)
{
  return (DispPlaceQuery){
    .max_in_flight = self->settings->max_in_flight,
    .now = disp_dispatch_get_now (self),
    .random = self->dispatcher->random,
    .tried = self->tried,
    .n_tried = self->n_attempts,
  };
}

/* Finds who could serve the request. */
static gboolean
find_route (DispDispatch *self, GError **error)
{
  const DispRequest *request = self->request;

  self->route = NULL;
  if (self->routing == NULL)
    {
      g_set_error_literal (error, DISP_ERROR, DISP_ERROR_NO_FLEET, "no fleet is known yet");
      return FALSE;
    }
  self->route = disp_fleet_find (disp_routing_get_fleet (self->routing), request->model,
                                 &request->version, error);
  return self->route != NULL && disp_route_check_eligible (self->route, error);
}

/* Lists who may be chosen, with the places as indices. */
static void
list_places (DispDispatch *self, gboolean must_be_idle, DispPlaceCounts *counts)
{
  DispDispatcher *dispatcher = self->dispatcher;
  const DispRoute *route = self->route;
  const DispPlaceQuery query = get_query (self);
  guint *indices;
  guint n = 0;

  g_array_set_size (dispatcher->indices, route->n_eligible);
  g_ptr_array_set_size (dispatcher->candidates, (int) route->n_eligible);
  indices = (guint *) (gpointer) dispatcher->indices->data;
  disp_place_list (route, &query, indices, counts);
  for (guint i = 0; i < counts->n_free; i++)
    {
      DispContainer *container = route->eligible[indices[i]];

      if (must_be_idle && disp_capacity_get_taken (container->capacity) > 0)
        continue;
      indices[n] = indices[i];
      dispatcher->candidates->pdata[n++] = container;
    }
  counts->n_free = n;
}

/* A shadow decides too, among the same. */
static void
cast_shadow (DispDispatch *self, guint n_candidates, guint chosen)
{
  DispDispatcher *dispatcher = self->dispatcher;
  DispShadow *shadow = disp_routing_get_shadow (self->routing, self->route);

  if (shadow != NULL)
    disp_shadow_decide (shadow, (DispContainer *const *) dispatcher->candidates->pdata,
                        n_candidates, self->request, dispatcher->random, chosen);
}

/* Lets the policy choose among those that were listed, and takes a place there, unless the policy
 * has the request wait for a better one. */
static gboolean
choose (DispDispatch *self, gboolean must_be_idle, DispPlaceCounts *counts, DispPlace *place)
{
  DispDispatcher *dispatcher = self->dispatcher;
  DispPolicy *policy = disp_routing_get_policy (self->routing, self->route);

  for (guint i = 0; i < MAX_RACES && counts->n_free > 0; i++)
    {
      const DispPlaceQuery query = get_query (self);
      guint chosen = disp_policy_select (policy,
                                         (DispContainer *const *) dispatcher->candidates->pdata,
                                         counts->n_free, self->request, dispatcher->random);
      guint index = g_array_index (dispatcher->indices, guint, chosen);

      if (self->n_attempts == 0
          && !disp_acceptance_ask (policy, self->route, index, &query, 0,
                                   query.now - self->arrived))
        return FALSE;
      if (disp_place_take (place, self->route, index, &query))
        {
          cast_shadow (self, counts->n_free, chosen);
          return TRUE;
        }
      list_places (self, must_be_idle, counts);
    }
  return FALSE;
}

/* From now on it waits, if it did not already. */
static void
begin_wait (DispDispatch *self, DispStage stage)
{
  self->stage = stage;
  if (self->wait_began == 0)
    self->wait_began = disp_dispatch_get_now (self);
  disp_dispatch_set_timer (self);
}

/* As long as it takes until others may be done, and not all at once. */
static void
pause_a_while (DispDispatch *self)
{
  self->pause_end = disp_dispatch_get_now (self)
                    + g_rand_int_range (self->dispatcher->random, PAUSE_MIN, PAUSE_MAX + 1);
  begin_wait (self, DISP_STAGE_PAUSED);
}

/* When free places are to be offered again of which none was given back: soon, those that the
 * policy did not have it take, or those of a container that cools down; else now and then. */
static gint64
get_look_at (const DispPlaceCounts *counts, gint64 now)
{
  return counts->n_free > 0      ? now + PATIENCE
         : counts->n_cooling > 0 ? CLAMP (counts->cool_at, now + 1, now + LOOK_AGAIN)
                                 : now + LOOK_AGAIN;
}

static void
wait_in_room (DispDispatch *self, const DispPlaceCounts *counts)
{
  const DispWaitTerms terms = disp_engine_settings_get_wait_terms (self->settings);
  const DispRoute *route = self->route;
  guint retry_after = 0;

  self->look_at = get_look_at (counts, disp_dispatch_get_now (self));
  self->waiter = (DispWaiter){
    .routing = self->routing,
    .route = route,
    .arrived = self->arrived,
    .due = route->sla > 0 ? self->arrived + (gint64) (route->sla * 1000) : self->deadline,
    .n_bytes = self->request->body != NULL ? g_bytes_get_size (self->request->body) : 0,
    .tried = self->tried,
    .n_tried = self->n_attempts,
    .again = self->waiter.again,
    .user_data = self,
  };
  switch (disp_waiting_room_enter (get_room (self), &self->waiter, self->dispatcher->porch, &terms,
                                   disp_dispatch_get_now (self), &retry_after))
    {
    case DISP_WAIT_PLACED:
      disp_dispatch_try (self, &self->waiter.place);
      break;
    case DISP_WAIT_QUEUED:
      begin_wait (self, DISP_STAGE_WAITING);
      break;
    default:
      {
        g_autoptr (GError) error = g_error_new (
            DISP_ERROR, DISP_ERROR_QUEUE_FULL,
            "all containers of model \"%s\" are busy, and no more requests may wait for them",
            route->model);

        self->retry_after = retry_after;
        disp_dispatch_end_with_error (self, error);
      }
    }
}

/* A further attempt must be within the budget.  Returns whether it may go on. */
static gboolean
may_go_on (DispDispatch *self, const DispPlaceCounts *counts)
{
  DispRetryBudget *budget = disp_switchboard_get_retry_budget (self->dispatcher->switchboard);

  if (!self->has_budget)
    self->has_budget = disp_retry_budget_take (budget, disp_dispatch_count_active (self));
  if (!self->has_budget)
    {
      /* It may wait for others to be done, but not if all containers fail. */
      if (counts->n_well > 0)
        pause_a_while (self);
      else
        disp_dispatch_end_last (self);
      return FALSE;
    }
  if (counts->n_free == 0 && !self->had_pause)
    {
      self->had_pause = TRUE;
      pause_a_while (self);
      return FALSE;
    }
  return TRUE;
}

static void
end_without_place (DispDispatch *self, const DispPlaceCounts *counts)
{
  if (self->n_attempts > 0)
    disp_dispatch_end_last (self);
  else if (counts->n_cooling > 0)
    wait_in_room (self, counts);
  else
    {
      g_autoptr (GError) error = g_error_new (
          DISP_ERROR, DISP_ERROR_NO_CONTAINER,
          "no container of model \"%s\" may be used: none of %u answers as it should",
          self->route->model, self->route->n_eligible);

      self->retry_after = DISP_UNWELL_RETRY_AFTER;
      disp_dispatch_end_with_error (self, error);
    }
}

/**
 * disp_dispatch_find_place:
 * @self: a request that is at no container and waits for nothing
 *
 * Takes a place, and tries the request there; or lets it wait for one; or ends it.
 */
void
disp_dispatch_find_place (DispDispatch *self)
{
  g_autoptr (GError) error = NULL;
  DispPlaceCounts counts;
  DispPlace place;

  self->stage = DISP_STAGE_PLACING;
  if (!find_route (self, &error))
    {
      if (self->n_attempts > 0)
        disp_dispatch_end_last (self);
      else
        disp_dispatch_end_with_error (self, error);
      return;
    }
  list_places (self, FALSE, &counts);
  if (counts.n_usable == 0)
    {
      end_without_place (self, &counts);
      return;
    }
  if (self->n_attempts > 0 && !may_go_on (self, &counts))
    return;
  if (!disp_waiting_room_must_queue (get_room (self), self->route)
      && choose (self, FALSE, &counts, &place))
    disp_dispatch_try (self, &place);
  else
    wait_in_room (self, &counts);
}

/**
 * disp_dispatch_find_place_beside:
 * @self: a request that is at a container
 * @must_be_idle: whether only containers count that have nothing to do
 * @place: (out caller-allocates): the place
 *
 * Takes a place for a further attempt, if there is one at once.
 *
 * Returns: whether there was
 */
gboolean
disp_dispatch_find_place_beside (DispDispatch *self, gboolean must_be_idle, DispPlace *place)
{
  DispPlaceCounts counts;

  if (disp_waiting_room_must_queue (get_room (self), self->route))
    return FALSE;
  list_places (self, must_be_idle, &counts);
  return choose (self, must_be_idle, &counts, place);
}

/* Looks for a place by what is in force now. */
static void
look_anew (DispDispatch *self)
{
  g_clear_pointer (&self->routing, disp_routing_unref);
  self->routing = disp_switchboard_ref_routing (self->dispatcher->switchboard);
  disp_dispatch_find_place (self);
}

/**
 * disp_dispatch_on_called:
 * @waiter: that of a request
 * @user_data: not used
 *
 * A #DispWaiterCalled: there is a place for the request, or what is in force has changed.
 */
void
disp_dispatch_on_called (DispWaiter *waiter, G_GNUC_UNUSED gpointer user_data)
{
  DispDispatch *self = waiter->user_data;

  if (waiter->place.container != NULL)
    {
      disp_dispatch_try (self, &waiter->place);
      return;
    }
  look_anew (self);
}

/**
 * disp_dispatch_stop_waiting:
 * @self: a request that waits, or is paused
 *
 * Lets it wait no longer.
 */
void
disp_dispatch_stop_waiting (DispDispatch *self)
{
  const DispVisitTerms terms = disp_dispatch_get_visit_terms (self);

  if (self->stage != DISP_STAGE_WAITING)
    return;
  disp_waiting_room_leave (get_room (self), &self->waiter);
  if (self->waiter.place.container != NULL)
    disp_visit_return_place (&terms, &self->waiter.place);
}

/**
 * disp_dispatch_get_wait_end:
 * @self: a request that waits, or is paused
 *
 * Returns: when something is to be done about that, on the scale of the clock
 */
gint64
disp_dispatch_get_wait_end (const DispDispatch *self)
{
  gint64 end = self->settings->queue_timeout > 0 ? self->wait_began + self->settings->queue_timeout
                                                 : G_MAXINT64;

  return MIN (end, self->stage == DISP_STAGE_PAUSED ? self->pause_end : self->look_at);
}

/* Those that wait for better places may have waited for too long, or a container has cooled down.
 * If none is left that might have a place, there is nothing to wait for. */
static void
offer_again (DispDispatch *self, gint64 now)
{
  const DispWaitTerms terms = disp_engine_settings_get_wait_terms (self->settings);
  DispPlaceCounts counts;

  for (guint i = 0; i < self->route->n_eligible; i++)
    {
      const DispContainer *container = self->route->eligible[i];

      if (disp_capacity_has_place (container->capacity, disp_container_get_max_in_flight (
                                                            container, terms.max_in_flight)))
        disp_waiting_room_offer (get_room (self), container->capacity, &terms, now);
    }
  list_places (self, FALSE, &counts);
  self->look_at = get_look_at (&counts, now);
  if (counts.n_usable + counts.n_cooling > 0)
    {
      disp_dispatch_set_timer (self);
      return;
    }
  disp_waiting_room_leave (get_room (self), &self->waiter);
  if (self->waiter.place.container != NULL)
    disp_dispatch_try (self, &self->waiter.place);
  else
    look_anew (self);
}

/**
 * disp_dispatch_end_wait:
 * @self: a request that waits, or is paused, and whose disp_dispatch_get_wait_end() is over
 * @now: the time
 *
 * Looks for a place again after a pause, or has free places offered again, or ends what has waited
 * for too long.
 */
void
disp_dispatch_end_wait (DispDispatch *self, gint64 now)
{
  const gint64 queue_timeout = self->settings->queue_timeout;

  if (queue_timeout > 0 && now >= self->wait_began + queue_timeout)
    {
      g_autoptr (GError) error = g_error_new (
          DISP_ERROR, DISP_ERROR_QUEUE_TIMEOUT,
          "no container of model \"%s\" had a place within %g s", self->request->model,
          (double) queue_timeout / G_USEC_PER_SEC);

      disp_dispatch_stop_waiting (self);
      disp_dispatch_end_with_error (self, error);
    }
  else if (self->stage == DISP_STAGE_WAITING)
    offer_again (self, now);
  else
    disp_dispatch_find_place (self);
}
