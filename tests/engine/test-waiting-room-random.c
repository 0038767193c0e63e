/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/rig.h"
#include "support/fixtures.h"

/* Anything may happen at any time, on two porches that look at different times; after each event
 * all of what a waiting room promises is checked.  The seed is that which GTest prints; --seed has
 * the same happen again. */

#define N_EVENTS 100000
#define N_PORCHES 2
#define MAX_VISITS 60

#define pick(n) ((guint) g_test_rand_int_range (0, (gint32) (n)))

/* A request.  While @waits the waiting room has it. */
typedef struct
{
  DispWaiter waiter;
  DispCapacity *tried; /* (unowned) */
  guint order;         /* it came in as the so many-th */
  guint porch;
  gboolean waits;
  gboolean is_called_off; /* it is to be called without a place */
  guint settled;          /* the event that gave it a place, or called it off; 0 = none yet */
} Visit;

typedef struct
{
  DispWaitingRoom *room; /* (owned) */
  GMainContext *contexts[N_PORCHES];
  DispPorch *porches[N_PORCHES];
  guint last_settled[N_PORCHES]; /* of those that were called */
  DispFleet *fleet;              /* (owned) */
  DispRouting *routing;          /* (owned) */
  const DispRoute *const *routes;
  guint n_routes;
  DispContainer *const *containers;
  guint n_containers;
  GPtrArray *visits; /* (owned) (element-type Visit) those that wait or have a place */
  DispWaitTerms terms;
  gint64 now;
  guint n_events;
  guint n_visits;
  guint n_checked; /* events of which it was certain who had to be next */
  guint n_refused;
} World;

/* Whether the waiting room has it in a queue. */
static gboolean
is_queued (const Visit *visit)
{
  return visit->waits && visit->settled == 0;
}

/* Whether it is behind @other when both are in one queue. */
static gboolean
is_behind (const Visit *visit, const Visit *other)
{
  return visit->waiter.arrived != other->waiter.arrived
             ? visit->waiter.arrived > other->waiter.arrived
             : visit->order > other->order;
}

static gboolean
may_use (const Visit *visit, const DispContainer *container)
{
  const DispWaiter *waiter = &visit->waiter;
  gboolean is_eligible = FALSE;

  for (guint i = 0; i < waiter->n_tried; i++)
    if (waiter->tried[i] == container->capacity)
      return FALSE;
  for (guint i = 0; i < waiter->route->n_eligible; i++)
    is_eligible |= waiter->route->eligible[i] == container;
  return is_eligible;
}

/* Who of the queue of @route would be next at @container. */
static Visit *
find_first (World *world, const DispRoute *route, const DispContainer *container)
{
  Visit *first = NULL;

  for (guint i = 0; i < world->visits->len; i++)
    {
      Visit *visit = world->visits->pdata[i];

      if (is_queued (visit) && visit->waiter.route == route && may_use (visit, container)
          && (first == NULL || is_behind (first, visit)))
        first = visit;
    }
  return first;
}

static guint
count_queued (World *world, const DispRoute *route, gsize *n_bytes)
{
  guint n = 0;

  *n_bytes = 0;
  for (guint i = 0; i < world->visits->len; i++)
    {
      const Visit *visit = world->visits->pdata[i];

      if (!is_queued (visit))
        continue;
      *n_bytes += visit->waiter.n_bytes;
      n += route == NULL || visit->waiter.route == route;
    }
  return n;
}

/* Checks that @visit, which alone has just got a place, was to be next: in its queue, and that by
 * the policy.  It still counts as queued. */
static void
check_next (World *world, Visit *visit)
{
  const DispContainer *container = visit->waiter.place.container;
  gsize n_bytes;

  g_assert_true (find_first (world, visit->waiter.route, container) == visit);
  for (guint i = 0; i < world->n_routes; i++)
    {
      const Visit *other = find_first (world, world->routes[i], container);

      if (other == NULL || other == visit)
        continue;
      if (world->terms.policy == DISP_QUEUE_FIFO)
        g_assert_cmpint (visit->waiter.arrived, <=, other->waiter.arrived);
      if (world->terms.policy == DISP_QUEUE_DEADLINE)
        g_assert_cmpint (visit->waiter.due, <=, other->waiter.due);
      if (world->terms.policy == DISP_QUEUE_LONGEST)
        g_assert_cmpuint (count_queued (world, visit->waiter.route, &n_bytes), >=,
                          count_queued (world, other->waiter.route, &n_bytes));
    }
  world->n_checked++;
}

/* Finds who has got a place by what has just happened. */
static void
settle (World *world)
{
  Visit *placed[MAX_VISITS];
  guint n_placed = 0;

  for (guint i = 0; i < world->visits->len; i++)
    {
      Visit *visit = world->visits->pdata[i];

      if (is_queued (visit) && visit->waiter.place.container != NULL)
        placed[n_placed++] = visit;
    }
  if (n_placed == 1)
    check_next (world, placed[0]);
  while (n_placed > 0)
    placed[--n_placed]->settled = world->n_events;
}

/* No container has more than it may, and none has a free place that somebody waits for; who waits
 * is counted rightly. */
static void
check (World *world)
{
  gsize n_bytes;

  settle (world);
  for (guint i = 0; i < world->n_containers; i++)
    {
      const DispContainer *container = world->containers[i];
      guint in_use = disp_capacity_get_taken (container->capacity);
      guint n_taken = 0;

      for (guint k = 0; k < world->visits->len; k++)
        n_taken += ((Visit *) world->visits->pdata[k])->waiter.place.container == container;
      g_assert_cmpuint (in_use, ==, n_taken);
      g_assert_cmpuint (n_taken, <=, container->max_in_flight);
      for (guint k = 0; k < world->n_routes && n_taken < container->max_in_flight; k++)
        g_assert_null (find_first (world, world->routes[k], container));
    }
  for (guint i = 0; i < world->n_routes; i++)
    {
      gboolean must_queue = disp_waiting_room_must_queue (world->room, world->routes[i]);

      g_assert_true (must_queue == (count_queued (world, world->routes[i], &n_bytes) > 0));
    }
  g_assert_cmpuint (disp_waiting_room_get_length (world->room, NULL), ==,
                    count_queued (world, NULL, &n_bytes));
}

static void
finish (World *world, Visit *visit)
{
  g_assert_true (g_ptr_array_remove_fast (world->visits, visit));
  g_free (visit);
}

static void
enter (World *world, Visit *visit)
{
  gsize n_bytes;
  guint n_queued = count_queued (world, visit->waiter.route, &n_bytes);
  gboolean is_full = n_queued >= world->terms.limit
                     || n_bytes + visit->waiter.n_bytes > world->terms.n_bytes;
  gboolean is_exempt = visit->waiter.again || visit->waiter.n_tried > 0;
  guint retry_after = 0;
  DispWaitResult result;

  visit->settled = 0;
  visit->order = ++world->n_visits;
  result = disp_waiting_room_enter (world->room, &visit->waiter, world->porches[visit->porch],
                                    &world->terms, world->now, &retry_after);
  g_assert_true ((result == DISP_WAIT_FULL) == (is_full && !is_exempt));
  g_assert_cmpuint (retry_after, <=, DISP_WAITING_ROOM_MAX_RETRY_AFTER);
  g_assert_true ((visit->waiter.place.container != NULL) == (result == DISP_WAIT_PLACED));
  visit->waits = result == DISP_WAIT_QUEUED;
  world->n_refused += result == DISP_WAIT_FULL;
  if (result == DISP_WAIT_FULL)
    finish (world, visit);
}

static void
on_called (DispWaiter *waiter, gpointer user_data)
{
  World *world = user_data;
  Visit *visit = (Visit *) waiter;

  g_assert_true (visit->waits);
  g_assert_cmpuint (visit->settled, >=, world->last_settled[visit->porch]);
  g_assert_true (visit->is_called_off == (waiter->place.container == NULL));
  world->last_settled[visit->porch] = visit->settled;
  visit->waits = visit->is_called_off = FALSE;
  if (waiter->place.container == NULL)
    {
      enter (world, visit);
      check (world);
    }
}

static void
arrive (World *world)
{
  Visit *visit;

  if (world->visits->len == MAX_VISITS)
    return;
  visit = g_new0 (Visit, 1);
  visit->porch = pick (N_PORCHES);
  visit->waiter.routing = world->routing;
  visit->waiter.route = world->routes[pick (world->n_routes)];
  visit->waiter.arrived = world->now - (pick (4) == 0 ? pick (20) : 0);
  visit->waiter.due = visit->waiter.arrived + pick (50);
  visit->waiter.n_bytes = pick (10);
  visit->tried = world->containers[pick (world->n_containers)]->capacity;
  visit->waiter.tried = &visit->tried;
  visit->waiter.n_tried = pick (5) == 0;
  g_ptr_array_add (world->visits, visit);
  enter (world, visit);
}

static void
give (World *world, Visit *visit)
{
  DispCapacity *capacity = visit->waiter.place.container->capacity;

  disp_place_give (&visit->waiter.place, visit->waiter.route, DISP_OUTCOME_SUCCESS, 1000,
                   world->now);
  finish (world, visit);
  disp_waiting_room_offer (world->room, capacity, &world->terms, world->now);
}

/* One that runs ends, or now and then one that waits leaves, whether or not it has got a place. */
static void
end_one (World *world)
{
  Visit *visit = world->visits->len > 0 ? world->visits->pdata[pick (world->visits->len)] : NULL;

  if (visit == NULL || (visit->waits && pick (5) > 0))
    return;
  if (visit->waits)
    disp_waiting_room_leave (world->room, &visit->waiter);
  if (visit->waiter.place.container != NULL)
    give (world, visit);
  else
    finish (world, visit);
}

static void
look (World *world)
{
  g_main_context_iteration (world->contexts[pick (N_PORCHES)], FALSE);
}

static void
recall (World *world)
{
  disp_waiting_room_recall (world->room);
  for (guint i = 0; i < world->visits->len; i++)
    {
      Visit *visit = world->visits->pdata[i];

      visit->is_called_off |= is_queued (visit);
      visit->settled = is_queued (visit) ? world->n_events : visit->settled;
    }
}

static void
change_terms (World *world)
{
  world->terms.policy = pick (DISP_N_QUEUE_POLICIES);
  world->terms.limit = pick (12);
  world->terms.n_bytes = pick (150);
}

/* How often which happens; those from N_BEGINNINGS on let requests end. */
static void (*const events[]) (World *world) = {
  arrive, arrive, arrive, arrive, change_terms, end_one, end_one, end_one, look, look, look,
};
#define N_BEGINNINGS 5

static void
happen (World *world, void (*event) (World *world))
{
  world->n_events++;
  world->now += pick (3);
  event (world);
  check (world);
}

static void
world_init (World *world)
{
  static const char *const models[] = { "x", "x", "y", DISP_MODEL_ALL, DISP_MODEL_ALL };
  static const gint64 versions[] = { 1, 2, 1, 1, 1 };
  GPtrArray *containers = g_ptr_array_new ();
  g_autoptr (DispPolicySpec) policy = rig_policy ("random");
  g_autoptr (DispPolicies) policies = disp_policies_new (policy);

  *world = (World){ .visits = g_ptr_array_new (), .now = 1000 };
  for (guint i = 0; i < G_N_ELEMENTS (models); i++)
    {
      g_autofree char *name = g_strdup_printf ("%u", i);
      DispContainer *container = fixture_container (name, models[i], versions[i], DISP_DEVICE_CPU,
                                                    1);

      container->max_in_flight = 1 + i % 3;
      g_ptr_array_add (containers, container);
    }
  world->fleet = fixture_fleet_new (NULL, "x:1 x:2 y:1 z:1", containers);
  world->routes = disp_fleet_get_routes (world->fleet, &world->n_routes);
  world->containers = disp_fleet_get_containers (world->fleet, &world->n_containers);
  world->room = disp_waiting_room_new (g_rand_new_with_seed ((guint32) g_test_rand_int ()));
  world->routing = disp_routing_new (world->fleet, policies, NULL);
  disp_waiting_room_set_routing (world->room, world->routing);
  for (guint i = 0; i < N_PORCHES; i++)
    {
      world->contexts[i] = g_main_context_new ();
      world->porches[i] = disp_waiting_room_open_porch (world->room, world->contexts[i], on_called,
                                                        world);
    }
}

static void
test_random (void)
{
  World world;

  world_init (&world);
  change_terms (&world);
  for (guint i = 0; i < N_EVENTS; i++)
    happen (&world, pick (500) == 0 ? recall : events[pick (G_N_ELEMENTS (events))]);
  g_test_message ("%u visits, %u refused, %u times it was certain who is next", world.n_visits,
                  world.n_refused, world.n_checked);
  g_assert_cmpuint (world.n_refused, >, N_EVENTS / 100);
  g_assert_cmpuint (world.n_checked, >, N_EVENTS / 100);
  while (world.visits->len > 0)
    happen (&world, events[N_BEGINNINGS + pick (G_N_ELEMENTS (events) - N_BEGINNINGS)]);
  for (guint i = 0; i < N_PORCHES; i++)
    {
      disp_waiting_room_close_porch (world.room, world.porches[i]);
      g_main_context_unref (world.contexts[i]);
    }
  disp_waiting_room_unref (world.room);
  disp_routing_unref (world.routing);
  disp_fleet_unref (world.fleet);
  g_ptr_array_unref (world.visits);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/waiting-room/random", test_random);
  return g_test_run ();
}
