/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/waiting-queue.h"

#include "core/acceptance.h"

#include <math.h>

/* What was measured so long ago counts 1/e of what is measured now, in microseconds. */
#define MEMORY (5.0 * G_USEC_PER_SEC)

/* So many of those that wait are asked whether they take a place. */
#define MAX_ASKED 64
/* Who remembers less than this of a place that was given does not know how fast it goes. */
#define LEAST_PLACED 0.01

/**
 * disp_waiting_queue_new:
 * @route: where those that will wait can go
 * @counts: (transfer none): those of its model, which outlive it
 * @now: the time, in microseconds
 *
 * Returns: (transfer full): an empty queue
 */
DispWaitingQueue *
disp_waiting_queue_new (const DispRoute *route, DispWaitCounts *counts, gint64 now)
{
  DispWaitingQueue *self = g_new0 (DispWaitingQueue, 1);

  self->version = route->version;
  self->any_version = route->any_version;
  self->counts = counts;
  self->link.data = self;
  g_queue_init (&self->waiters);
  self->seen = now;
  return self;
}

/**
 * disp_waiting_queue_free:
 * @self: (transfer full): an empty queue
 *
 * Frees it.
 */
void
disp_waiting_queue_free (DispWaitingQueue *self)
{
  g_assert (g_queue_is_empty (&self->waiters));
  g_free (self);
}

/* Brings what was measured up to @now.  Both sums fade alike, so that how fast it went stays known
 * for a while when nobody waits any more, and what comes then soon counts more. */
static void
measure (DispWaitingQueue *self, gint64 now)
{
  double kept;

  if (now <= self->seen)
    return;
  kept = exp ((double) (self->seen - now) / MEMORY);
  self->n_placed *= kept;
  self->seconds *= kept;
  if (!g_queue_is_empty (&self->waiters))
    self->seconds += (1 - kept) * MEMORY / G_USEC_PER_SEC;
  self->seen = now;
}

static gint64
get_arrived (const GList *link)
{
  const DispWaiter *waiter = link->data;

  return waiter->arrived;
}

/* The link that one which came at @arrived goes behind; %NULL = to the front.  Nearly all belong to
 * the end.  Those that were called together come back one after the other, each next to the one
 * before: so the search begins there. */
static GList *
find_predecessor (DispWaitingQueue *self, gint64 arrived)
{
  GList *link = self->waiters.tail;

  if (link == NULL || get_arrived (link) <= arrived)
    return link;
  if (self->last_put != NULL)
    link = self->last_put;
  while (link != NULL && get_arrived (link) > arrived)
    link = link->prev;
  while (link != NULL && get_arrived (link->next) <= arrived)
    link = link->next;
  return link;
}

/**
 * disp_waiting_queue_put:
 * @self: a queue
 * @waiter: who waits from now on
 * @now: the time, in microseconds
 *
 * Puts @waiter behind all that came before it or when it came.
 */
void
disp_waiting_queue_put (DispWaitingQueue *self, DispWaiter *waiter, gint64 now)
{
  GList *predecessor = find_predecessor (self, waiter->arrived);

  measure (self, now);
  waiter->link = (GList){ .data = waiter };
  waiter->queue = self;
  if (predecessor == NULL)
    g_queue_push_head_link (&self->waiters, &waiter->link);
  else
    g_queue_insert_after_link (&self->waiters, predecessor, &waiter->link);
  self->last_put = &waiter->link;
}

/**
 * disp_waiting_queue_remove:
 * @self: a queue
 * @waiter: one of those that wait
 *
 * Takes @waiter out.
 */
void
disp_waiting_queue_remove (DispWaitingQueue *self, DispWaiter *waiter)
{
  if (self->last_put == &waiter->link)
    self->last_put = waiter->link.prev;
  g_queue_unlink (&self->waiters, &waiter->link);
  waiter->queue = NULL;
}

/**
 * disp_waiting_queue_count_placed:
 * @self: a queue
 * @now: the time, in microseconds
 *
 * Says that one of those that wait, who is still in it, gets a place.
 */
void
disp_waiting_queue_count_placed (DispWaitingQueue *self, gint64 now)
{
  measure (self, now);
  self->n_placed++;
}

/**
 * disp_waiter_get_query:
 * @self: who waits
 * @terms: on what terms
 * @now: the time, in microseconds
 *
 * Returns: for whom a place is looked for; it borrows from @self
 */
DispPlaceQuery
disp_waiter_get_query (const DispWaiter *self, const DispWaitTerms *terms, gint64 now)
{
  return (DispPlaceQuery){
    .max_in_flight = terms->max_in_flight,
    .now = now,
    .tried = self->tried,
    .n_tried = self->n_tried,
  };
}

/* Which of the eligible containers of @route has @capacity; n_eligible = none. */
static guint
find_index (const DispRoute *route, const DispCapacity *capacity)
{
  guint i = 0;

  while (i < route->n_eligible && route->eligible[i]->capacity != capacity)
    i++;
  return i;
}

static gboolean
has_place (const DispContainer *container, const DispWaitTerms *terms)
{
  return disp_capacity_has_place (
      container->capacity, disp_container_get_max_in_flight (container, terms->max_in_flight));
}

/* Whether the policy has @waiter take a free place, or wait for a better one.  One that was tried
 * already takes what it can get. */
static gboolean
accepts (const DispWaiter *waiter, guint index, const DispPlaceQuery *query, guint n_before)
{
  return waiter->n_tried > 0
         || disp_acceptance_ask (disp_routing_get_policy (waiter->routing, waiter->route),
                                 waiter->route, index, query, n_before,
                                 query->now - waiter->arrived);
}

/**
 * disp_waiting_queue_find:
 * @self: a queue in which somebody waits
 * @capacity: that of a container
 * @terms: on what terms they wait
 * @now: the time, in microseconds
 * @index: (out): which of the eligible containers of the route of whom it finds that is
 *
 * Finds who is the next to use that container, if it has a free place.
 *
 * Returns: (transfer none) (nullable): the first that may, and that the policy lets take it; %NULL
 *   = nobody
 */
DispWaiter *
disp_waiting_queue_find (DispWaitingQueue *self, DispCapacity *capacity, const DispWaitTerms *terms,
                         gint64 now, guint *index)
{
  const DispRoute *route = ((const DispWaiter *) self->waiters.head->data)->route;
  guint found = find_index (route, capacity);
  guint n_before = 0;
  guint n_asked = 0;

  if (found < route->n_eligible && !has_place (route->eligible[found], terms))
    return NULL;

  for (GList *link = self->waiters.head; link != NULL && n_asked < MAX_ASKED;
       link = link->next, n_before++)
    {
      DispWaiter *waiter = link->data;
      DispPlaceQuery query = disp_waiter_get_query (waiter, terms, now);

      if (waiter->route != route)
        {
          route = waiter->route;
          found = find_index (route, capacity);
        }
      if (found < route->n_eligible && disp_place_may_take (route, found, &query))
        {
          if (accepts (waiter, found, &query, n_before))
            {
              *index = found;
              return waiter;
            }
          n_asked++;
        }
      else if (waiter->n_tried == 0)
        return NULL; /* it is not for what one has tried: nobody may */
    }
  return NULL;
}

static gboolean
is_stranded (const DispWaiter *waiter, const DispWaitTerms *terms, gint64 now)
{
  const DispPlaceQuery query = disp_waiter_get_query (waiter, terms, now);
  g_autofree guint *indices = g_new (guint, waiter->route->n_eligible);
  DispPlaceCounts counts;

  disp_place_list (waiter->route, &query, indices, &counts);
  return counts.n_usable + counts.n_cooling == 0;
}

/**
 * disp_waiting_queue_list_stranded:
 * @self: a queue
 * @terms: on what terms they wait
 * @now: the time, in microseconds
 * @stranded: (element-type DispWaiter): to which is added for whom no container may be used,
 * whether or not it has a free place
 *
 * What one may use that has tried nothing yet all of them may, so that is looked at once.
 */
void
disp_waiting_queue_list_stranded (DispWaitingQueue *self, const DispWaitTerms *terms, gint64 now,
                                  GPtrArray *stranded)
{
  gboolean is_known = FALSE;
  gboolean are_stranded = FALSE;

  for (GList *link = self->waiters.head; link != NULL; link = link->next)
    {
      DispWaiter *waiter = link->data;
      gboolean is_first = waiter->n_tried == 0 && !is_known;

      if (is_first)
        are_stranded = is_stranded (waiter, terms, now);
      is_known |= is_first;
      if (waiter->n_tried == 0 ? are_stranded : is_stranded (waiter, terms, now))
        g_ptr_array_add (stranded, waiter);
    }
}

/**
 * disp_waiting_queue_get_retry_after:
 * @self: a queue
 * @now: the time, in microseconds
 *
 * Those that wait now are gone when as many have got a place; how fast that goes was measured over
 * the last seconds in which somebody waited.
 *
 * Returns: in how many seconds it is worth to come again, from 1 to
 *   %DISP_WAITING_ROOM_MAX_RETRY_AFTER; 0 = not known
 */
guint
disp_waiting_queue_get_retry_after (DispWaitingQueue *self, gint64 now)
{
  double seconds;

  measure (self, now);
  if (self->n_placed < LEAST_PLACED)
    return 0;
  seconds = ceil (self->waiters.length * self->seconds / self->n_placed);
  return (guint) CLAMP (seconds, 1, DISP_WAITING_ROOM_MAX_RETRY_AFTER);
}
