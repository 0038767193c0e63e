/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/rig.h"
#include "support/fixtures.h"

#include <stdatomic.h>

/* Workers let requests wait for the places of a few containers, while some leave and the fleet
 * changes: no container has more than it may, and nobody is forgotten. */

#define N_WORKERS 4
#define N_CONTAINERS 3
/* Who has not ended after so many seconds has been forgotten. */
#define PATIENCE 20

static const char *const models[] = { "x", "y" };
static const guint limits[N_CONTAINERS] = { 2, 1, 3 };

/* What the workers do. */
typedef struct
{
  guint n_requests; /* of each worker */
  guint n_at_once;
  guint drained;     /* a bit for each container that is not in use, at first */
  gboolean is_quiet; /* all requests are for the last model, nobody leaves, nothing changes */
} Scenario;

/* Much of everything; and one place for which all wait, where nothing that happens later wakes
 * whom an offer has missed. */
static const Scenario crowd = { 50000, 24, 0, FALSE };
static const Scenario last_place = { 10000, 1, 5, TRUE };

/* What became of requests. */
typedef struct
{
  guint placed;
  guint refused;
  guint left;
  guint recalled;
  guint waited;
} Tally;

typedef struct
{
  const Scenario *scenario;
  FakeSink *sink;                      /* (owned) */
  DispSwitchboard *switchboard;        /* (owned) */
  atomic_uint in_use[N_CONTAINERS];    /* (atomic) places that workers have */
  atomic_uint most_used[N_CONTAINERS]; /* (atomic) at one moment */
  Tally tallies[N_WORKERS];            /* of workers that have ended */
} Shared;

typedef struct
{
  Shared *shared;      /* (unowned) */
  GRand *random;       /* (owned) */
  DispPorch *porch;    /* (owned) */
  GPtrArray *waiting;  /* (owned) (element-type Visit) */
  GPtrArray *running;  /* (owned) (element-type Visit) */
  DispWaitTerms terms; /* the policy changes now and then */
  gint64 now;
  guint n_begun;
  Tally tally;
} Worker;

/* One request. */
typedef struct
{
  DispWaiter waiter;
  Worker *worker; /* (unowned) */
} Visit;

static void look (Worker *worker, Visit *visit);

static guint
number_of (const DispContainer *container)
{
  return (guint) (container->name[0] - '0');
}

static DispWaitingRoom *
room_of (const Worker *worker)
{
  return disp_switchboard_get_waiting_room (worker->shared->switchboard);
}

static void
end (Visit *visit)
{
  g_clear_pointer (&visit->waiter.routing, disp_routing_unref);
  g_free (visit);
}

/* The request has a place. */
static void
run (Worker *worker, Visit *visit)
{
  guint number = number_of (visit->waiter.place.container);
  guint in_use = atomic_fetch_add (&worker->shared->in_use[number], 1) + 1;

  g_assert_cmpuint (in_use, <=, limits[number]);
  if (in_use > atomic_load (&worker->shared->most_used[number]))
    atomic_store (&worker->shared->most_used[number], in_use);
  worker->tally.placed++;
  g_ptr_array_add (worker->running, visit);
}

static void
give (Worker *worker, Visit *visit)
{
  DispPlace *place = &visit->waiter.place;
  g_autoptr (DispContainer) container = disp_container_ref (place->container);

  atomic_fetch_sub (&worker->shared->in_use[number_of (container)], 1);
  disp_place_give (place, visit->waiter.route, DISP_OUTCOME_SUCCESS, 1000, worker->now);
  disp_waiting_room_offer (room_of (worker), container->capacity, &worker->terms, worker->now);
}

static gboolean
take_at_once (Worker *worker, Visit *visit)
{
  const DispPlaceQuery query = { .max_in_flight = worker->terms.max_in_flight,
                                 .now = worker->now,
                                 .random = worker->random };
  const DispRoute *route = visit->waiter.route;
  guint indices[N_CONTAINERS];
  DispPlaceCounts counts;

  if (disp_waiting_room_must_queue (room_of (worker), route))
    return FALSE;
  disp_place_list (route, &query, indices, &counts);
  return counts.n_free > 0 && disp_place_take (&visit->waiter.place, route, indices[0], &query);
}

static void
wait_for_place (Worker *worker, Visit *visit)
{
  guint retry_after;

  switch (disp_waiting_room_enter (room_of (worker), &visit->waiter, worker->porch, &worker->terms,
                                   worker->now, &retry_after))
    {
    case DISP_WAIT_PLACED:
      run (worker, visit);
      return;
    case DISP_WAIT_QUEUED:
      worker->tally.waited++;
      g_ptr_array_add (worker->waiting, visit);
      return;
    case DISP_WAIT_FULL:
    default:
      g_assert_false (visit->waiter.again);
      worker->tally.refused++;
      end (visit);
    }
}

/* What a request does first, and each time that it is called without a place. */
static void
look (Worker *worker, Visit *visit)
{
  g_autoptr (DispEngineSettings) settings = NULL;

  g_clear_pointer (&visit->waiter.routing, disp_routing_unref);
  disp_switchboard_enter (worker->shared->switchboard, &visit->waiter.routing, &settings);
  visit->waiter.route = fixture_find (disp_routing_get_fleet (visit->waiter.routing),
                                      visit->waiter.user_data, 1);
  if (take_at_once (worker, visit))
    run (worker, visit);
  else
    wait_for_place (worker, visit);
}

static void
on_called (DispWaiter *waiter, gpointer user_data)
{
  Worker *worker = user_data;
  Visit *visit = (Visit *) waiter;

  g_assert_true (visit->worker == worker);
  g_assert_true (g_ptr_array_remove_fast (worker->waiting, visit));
  if (waiter->place.container != NULL)
    run (worker, visit);
  else
    {
      worker->tally.recalled++;
      look (worker, visit);
    }
}

static void
begin (Worker *worker)
{
  Visit *visit = g_new0 (Visit, 1);

  worker->n_begun++;
  worker->now += 10;
  visit->worker = worker;
  visit->waiter.arrived = worker->now;
  visit->waiter.due = worker->now + g_rand_int_range (worker->random, 0, 1000);
  visit->waiter.n_bytes = (gsize) g_rand_int_range (worker->random, 0, 10);
  visit->waiter.user_data
      = (gpointer) models[worker->shared->scenario->is_quiet || g_rand_boolean (worker->random)];
  look (worker, visit);
}

/* One that waits hangs up, which may be when it has a place already. */
static void
leave (Worker *worker)
{
  Visit *visit = g_ptr_array_remove_index_fast (
      worker->waiting, (guint) g_rand_int_range (worker->random, 0, (gint32) worker->waiting->len));

  disp_waiting_room_leave (room_of (worker), &visit->waiter);
  if (visit->waiter.place.container != NULL)
    {
      atomic_fetch_add (&worker->shared->in_use[number_of (visit->waiter.place.container)], 1);
      give (worker, visit);
    }
  worker->tally.left++;
  end (visit);
}

static void
finish_one (Worker *worker)
{
  Visit *visit = g_ptr_array_remove_index_fast (
      worker->running, (guint) g_rand_int_range (worker->random, 0, (gint32) worker->running->len));

  give (worker, visit);
  end (visit);
}

/* Puts containers in and out of use; on one thread only. */
static void
change_fleet (Shared *shared, guint drained)
{
  g_autoptr (DispRouting) routing = disp_switchboard_ref_routing (shared->switchboard);
  GPtrArray *containers = g_ptr_array_new ();
  g_autoptr (DispFleet) fleet = NULL;

  for (guint i = 0; i < N_CONTAINERS; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u", i);
      DispContainer *container = fixture_container (name, i < 2 ? models[i] : DISP_MODEL_ALL, 1,
                                                    DISP_DEVICE_CPU,
                                                    (drained >> i) % 2 != 0 ? 0 : 1);

      container->max_in_flight = limits[i];
      g_ptr_array_add (containers, container);
    }
  fleet = fixture_fleet_new (routing != NULL ? disp_routing_get_fleet (routing) : NULL, "x:1 y:1",
                             containers);
  disp_switchboard_set_fleet (shared->switchboard, fleet);
}

static gboolean
on_forgotten (G_GNUC_UNUSED gpointer user_data)
{
  g_error ("somebody waits for ever");
  return G_SOURCE_REMOVE;
}

/* Waits for a callback when there is nothing else to do. */
static void
turn (GMainContext *context, Worker *worker)
{
  const Scenario *scenario = worker->shared->scenario;
  gboolean is_idle = worker->running->len == 0 && worker->waiting->len > 0
                     && (worker->waiting->len == scenario->n_at_once
                         || worker->n_begun == scenario->n_requests);

  g_main_context_iteration (context, is_idle);
}

/* A few things that may happen. */
static void
step (Worker *worker, guint number)
{
  const Scenario *scenario = worker->shared->scenario;

  worker->terms.policy = g_rand_int_range (worker->random, 0, DISP_N_QUEUE_POLICIES);
  for (guint i = 0; i < 4 && worker->n_begun < scenario->n_requests
                    && worker->running->len + worker->waiting->len < scenario->n_at_once;
       i++)
    begin (worker);
  if (!scenario->is_quiet && worker->waiting->len > 0
      && g_rand_int_range (worker->random, 0, 40) == 0)
    leave (worker);
  if (!scenario->is_quiet && number == 0 && g_rand_int_range (worker->random, 0, 50) == 0)
    change_fleet (worker->shared, (guint) g_rand_int_range (worker->random, 0, 4));
  if (scenario->is_quiet)
    g_thread_yield (); /* so that others come to wait meanwhile */
  if (worker->running->len > 0)
    finish_one (worker);
}

static void
work (guint number, gpointer user_data)
{
  Shared *shared = user_data;
  const Scenario *scenario = shared->scenario;
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GSource) alarm = g_timeout_source_new_seconds (PATIENCE);
  Worker worker = {
    .shared = shared,
    .random = g_rand_new_with_seed (number + 1),
    .waiting = g_ptr_array_new (),
    .running = g_ptr_array_new (),
    .terms = { .max_in_flight = 1, .limit = 55, .n_bytes = 400 },
  };

  g_source_set_callback (alarm, on_forgotten, NULL, NULL);
  g_source_attach (alarm, context);
  worker.porch = disp_waiting_room_open_porch (room_of (&worker), context, on_called, &worker);
  while (worker.n_begun < scenario->n_requests || worker.running->len + worker.waiting->len > 0)
    {
      step (&worker, number);
      turn (context, &worker);
    }
  disp_waiting_room_close_porch (room_of (&worker), worker.porch);
  g_source_destroy (alarm);
  g_ptr_array_unref (worker.waiting);
  g_ptr_array_unref (worker.running);
  g_rand_free (worker.random);
  shared->tallies[number] = worker.tally;
}

static void
assert_all_free (Shared *shared)
{
  g_autoptr (DispRouting) routing = disp_switchboard_ref_routing (shared->switchboard);
  guint n_containers;
  DispContainer *const *containers = disp_fleet_get_containers (disp_routing_get_fleet (routing),
                                                                &n_containers);

  g_assert_cmpuint (n_containers, ==, N_CONTAINERS);
  for (guint i = 0; i < n_containers; i++)
    {
      g_assert_cmpuint (disp_capacity_get_taken (containers[i]->capacity), ==, 0);
      g_assert_cmpuint (atomic_load (&shared->in_use[i]), ==, 0);
      g_assert_cmpuint (atomic_load (&shared->most_used[i]), ==,
                        shared->scenario->drained & (1U << i) ? 0 : limits[i]);
    }
}

static Tally
add_up (const Shared *shared)
{
  Tally tally = { 0 };

  for (guint i = 0; i < N_WORKERS; i++)
    {
      tally.placed += shared->tallies[i].placed;
      tally.refused += shared->tallies[i].refused;
      tally.left += shared->tallies[i].left;
      tally.recalled += shared->tallies[i].recalled;
      tally.waited += shared->tallies[i].waited;
    }
  g_test_message ("%u placed, %u left, %u refused; %u waits, of which %u were recalled",
                  tally.placed, tally.left, tally.refused, tally.waited, tally.recalled);
  return tally;
}

static void
test_threads (gconstpointer data)
{
  g_autoptr (FakeClock) clock = fake_clock_new ();
  g_autoptr (DispPolicySpec) policy = rig_policy ("random");
  Shared shared = { .scenario = data, .sink = fake_sink_new () };
  DispWaitCounts counts;
  Tally tally;

  shared.switchboard = disp_switchboard_new (DISP_CLOCK (clock), DISP_RECORD_SINK (shared.sink),
                                             NULL, policy, &rig_settings);
  change_fleet (&shared, shared.scenario->drained);
  fixture_run_threads (N_WORKERS, work, &shared);
  tally = add_up (&shared);
  g_assert_cmpuint (tally.placed + tally.left + tally.refused, ==,
                    N_WORKERS * shared.scenario->n_requests);
  g_assert_cmpuint (tally.waited, >, 0);
  g_assert_true ((tally.refused > 0) == !shared.scenario->is_quiet);
  g_assert_true ((tally.left > 0) == !shared.scenario->is_quiet);
  g_assert_true ((tally.recalled > 0) == !shared.scenario->is_quiet);
  disp_waiting_room_read (disp_switchboard_get_waiting_room (shared.switchboard), NULL, &counts);
  g_assert_cmpuint (counts.n_waiting, ==, 0);
  g_assert_cmpuint (counts.n_refused, ==, tally.refused);
  assert_all_free (&shared);
  g_assert_finalize_object (shared.switchboard);
  g_assert_finalize_object (shared.sink);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/engine/waiting-room/threads/crowd", &crowd, test_threads);
  g_test_add_data_func ("/engine/waiting-room/threads/last-place", &last_place, test_threads);
  return g_test_run ();
}
