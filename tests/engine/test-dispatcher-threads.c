/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/rig.h"
#include "support/fixtures.h"

#include <stdatomic.h>

#define CPU(name, model, version, quota)                                                           \
  fixture_container (name, model, version, DISP_DEVICE_CPU, quota)
#define N_WORKERS 2
#define N_CLIENTS 4
/* What each client of each worker asks, one after the other. */
#define N_REQUESTS 5000
#define N_CONTAINERS 5
#define N_ALL (N_WORKERS * N_CLIENTS * N_REQUESTS)

/* What the workers share. */
typedef struct
{
  FakeSink *sink;               /* (owned) */
  DispSwitchboard *switchboard; /* (owned) */
  gboolean swaps;               /* whether the fleet changes under them */
  atomic_uint n_ended;          /* (atomic) replies of all workers */
} Shared;

/* One worker: a loop, a transport and a dispatcher of its own. */
typedef struct
{
  Shared *shared;             /* (unowned) */
  GMainContext *context;      /* (owned) */
  DispDispatcher *dispatcher; /* (owned) */
  guint n_left;               /* requests to begin */
  guint n_running;
} Worker;

static void on_reply (GObject *source, GAsyncResult *result, gpointer user_data);

static void
ask (Worker *worker)
{
  g_autoptr (DispRequest) request = fixture_request ("m", 1, "[]");

  worker->n_left--;
  worker->n_running++;
  disp_dispatcher_dispatch_async (worker->dispatcher, request, NULL, on_reply, worker);
}

static void
on_reply (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Worker *worker = user_data;
  g_autoptr (DispReply) reply = disp_dispatcher_dispatch_finish (DISP_DISPATCHER (source), result);

  g_assert_cmpuint (reply->answer->status, ==, 200);
  worker->n_running--;
  atomic_fetch_add (&worker->shared->n_ended, 1);
  if (worker->n_left > 0)
    ask (worker);
}

static void
work (Shared *shared)
{
  FakeTransport *transport = fake_transport_new ();
  Worker worker = { .shared = shared, .n_left = N_CLIENTS * N_REQUESTS };

  fake_transport_set_immediate (transport, "{\"predictions\":[]}");
  worker.context = g_main_context_new ();
  g_main_context_push_thread_default (worker.context);
  worker.dispatcher = disp_dispatcher_new (shared->switchboard, DISP_TRANSPORT (transport),
                                           g_rand_new_with_seed (1));
  for (guint i = 0; i < N_CLIENTS; i++)
    ask (&worker);
  while (worker.n_running > 0)
    g_main_context_iteration (worker.context, TRUE);
  g_assert_cmpuint (fake_transport_count_calls (transport), ==, N_CLIENTS * N_REQUESTS);
  g_assert_finalize_object (worker.dispatcher);
  g_assert_finalize_object (transport);
  g_main_context_pop_thread_default (worker.context);
  g_main_context_unref (worker.context);
}

static DispFleet *
make_fleet (DispFleet *previous)
{
  GPtrArray *containers = g_ptr_array_new ();

  for (guint i = 0; i < N_CONTAINERS; i++)
    {
      g_autofree char *name = g_strdup_printf ("c%u", i);

      g_ptr_array_add (containers, CPU (name, "m", 1, 1));
    }
  return fixture_fleet_new (previous, "m:1", containers);
}

/* The main thread, which changes the fleet for an equal one until all have ended. */
static void
swap_fleets (Shared *shared)
{
  while (atomic_load (&shared->n_ended) < N_ALL)
    {
      g_autoptr (DispRouting) routing = disp_switchboard_ref_routing (shared->switchboard);
      g_autoptr (DispFleet) fleet = make_fleet (disp_routing_get_fleet (routing));

      disp_switchboard_set_fleet (shared->switchboard, fleet);
      g_thread_yield ();
    }
}

static void
run (guint number, gpointer user_data)
{
  Shared *shared = user_data;

  if (number < N_WORKERS)
    work (shared);
  else if (shared->swaps)
    swap_fleets (shared);
}

/* Each request has its two records, whichever worker pushed them. */
static void
assert_records (FakeSink *sink)
{
  g_autoptr (GHashTable) created = g_hash_table_new (g_str_hash, g_str_equal);
  DispRecordSinkValues values;
  guint n = 0;

  disp_record_sink_read (DISP_RECORD_SINK (sink), &values);
  g_assert_cmpuint (values.pushed, ==, 2 * N_ALL);
  for (guint i = 0; i < 2 * N_ALL; i++)
    {
      DispRecord *record = fake_sink_get (sink, i);

      if (record->state == DISP_RECORD_CREATED)
        {
          g_assert_true (g_hash_table_add (created, record->id));
          continue;
        }
      g_assert_cmpint (record->state, ==, DISP_RECORD_COMPLETED);
      g_assert_true (g_hash_table_remove (created, record->id));
      n++;
    }
  g_assert_cmpuint (n, ==, N_ALL);
  g_assert_cmpuint (g_hash_table_size (created), ==, 0);
}

static void
assert_stats (DispStats *stats, guint n)
{
  DispStatsValues values;

  disp_stats_read (stats, &values);
  g_assert_cmpint (values.in_flight, ==, 0);
  g_assert_cmpuint (values.started, ==, n);
  g_assert_cmpuint (values.succeeded, ==, n);
}

/* Round robin is exact over all workers, also while the fleet is replaced by an equal one. */
static void
test_exact (gconstpointer data)
{
  g_autoptr (DispClock) clock = disp_system_clock_new ();
  g_autoptr (DispPolicySpec) policy = rig_policy ("round-robin");
  g_autoptr (DispFleet) fleet = make_fleet (NULL);
  Shared shared = { .sink = fake_sink_new (), .swaps = data != NULL };
  DispContainer *const *containers;
  guint n;

  shared.switchboard = disp_switchboard_new (clock, DISP_RECORD_SINK (shared.sink), NULL, policy,
                                             &rig_settings);
  disp_switchboard_set_fleet (shared.switchboard, fleet);
  fixture_run_threads (N_WORKERS + 1, run, &shared);
  assert_records (shared.sink);
  assert_stats (disp_switchboard_get_totals (shared.switchboard), N_ALL);
  containers = disp_fleet_get_containers (fleet, &n);
  for (guint i = 0; i < n; i++)
    assert_stats (containers[i]->stats, N_ALL / N_CONTAINERS);
  g_assert_finalize_object (shared.switchboard);
  g_assert_finalize_object (shared.sink);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/engine/dispatcher/exact", NULL, test_exact);
  g_test_add_data_func ("/engine/dispatcher/exact-with-swaps", "swaps", test_exact);
  return g_test_run ();
}
