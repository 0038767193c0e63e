/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/place.h"

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

/**
 * disp_place_list:
 * @route: a route
 * @query: for whom
 * @indices: (out caller-allocates) (array): which of the eligible containers of @route may be used
 *   and have a free place: room for all of them
 * @counts: (out caller-allocates): how many of which kind there are
 *
 * Lists who may be chosen now.  Any thread.
 */
void
disp_place_list (const DispRoute *route, const DispPlaceQuery *query, guint *indices,
                 DispPlaceCounts *counts)
{
  *counts = (DispPlaceCounts){ 0 };
  for (guint i = 0; i < route->n_eligible; i++)
    {
      if (was_tried (route->eligible[i], query))
        continue;
      counts->n_usable++;
      counts->n_well++;
      if (disp_capacity_has_place (route->eligible[i]->capacity,
                                   get_max_in_flight (route->eligible[i], query)))
        indices[counts->n_free++] = i;
    }
}

/**
 * disp_place_may_take:
 * @route: a route
 * @index: the place of a container among its eligible ones
 * @query: for whom
 *
 * Returns: whether it may be used, as disp_place_list() sees it, whether or not a place is free
 */
gboolean
disp_place_may_take (const DispRoute *route, guint index, const DispPlaceQuery *query)
{
  return !was_tried (route->eligible[index], query);
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
  guint n_taken = disp_capacity_take (container->capacity, get_max_in_flight (container, query));

  if (n_taken == 0)
    return FALSE;
  *self = (DispPlace){
    .container = disp_container_ref (container),
    .standing = route->standings[index],
    .n_taken = n_taken,
  };
  return TRUE;
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
disp_place_give (DispPlace *self, G_GNUC_UNUSED const DispRoute *route, DispOutcome outcome,
                 gint64 duration, gint64 now)
{
  DispCapacity *capacity = self->container->capacity;

  disp_capacity_learn (capacity, disp_standing_get_baseline (self->standing), outcome, duration,
                       self->n_taken, now);
  disp_capacity_give (capacity);
  g_clear_pointer (&self->container, disp_container_unref);
  self->standing = NULL;
  return (DispVerdict){ .kind = DISP_VERDICT_AS_BEFORE };
}
