/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/rig.h"
#include "support/fixtures.h"

#include <stdatomic.h>

/* Operators switch policies, of all models and of each, and drain containers, while workers
 * dispatch: nothing is lost, and what was drained before a request began does not get it. */

#define N_WORKERS 3
#define N_CLIENTS 4
/* What each client of each worker asks, one after the other. */
#define N_REQUESTS 4000
#define N_CONTAINERS 5
#define N_ALL (N_WORKERS * N_CLIENTS * N_REQUESTS)

static const char *const models[] = { "m", "n" };

/* What the threads share. */
typedef struct
{
  FakeSink *sink;                    /* (owned) */
  DispSwitchboard *switchboard;      /* (owned) */
  DispContainer *said[N_CONTAINERS]; /* (owned) */
  atomic_uint turns[N_CONTAINERS];   /* (atomic) odd while that container is drained */
  atomic_uint n_ended;               /* (atomic) replies of all workers */
  atomic_uint n_checked;             /* (atomic) requests that began while one was drained */
  guint n_switches;                  /* of the main thread */
} Shared;

typedef struct
{
  Shared *shared;             /* (unowned) */
  DispDispatcher *dispatcher; /* (owned) */
  guint n_left;               /* requests to begin */
  guint n_running;
} Worker;

/* One request, and which containers were drained all the time while it was entered. */
typedef struct
{
  Worker *worker; /* (unowned) */
  gboolean drained[N_CONTAINERS];
} Question;

static void on_reply (GObject *source, GAsyncResult *result, gpointer user_data);

static void
ask (Worker *worker)
{
  Shared *shared = worker->shared;
  Question *question = g_new0 (Question, 1);
  g_autoptr (DispRequest) request = fixture_request (models[worker->n_left % 2], 1, "[]");
  guint before[N_CONTAINERS];
  gboolean is_checked = FALSE;

  question->worker = worker;
  worker->n_left--;
  worker->n_running++;
  for (guint i = 0; i < N_CONTAINERS; i++)
    before[i] = atomic_load (&shared->turns[i]);
  disp_dispatcher_dispatch_async (worker->dispatcher, request, NULL, on_reply, question);
  for (guint i = 0; i < N_CONTAINERS; i++)
    {
      question->drained[i] = before[i] % 2 == 1 && atomic_load (&shared->turns[i]) == before[i];
      is_checked = is_checked || question->drained[i];
    }
  atomic_fetch_add (&shared->n_checked, is_checked ? 1 : 0);
}

static void
on_reply (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Question *question = user_data;
  Worker *worker = question->worker;
  g_autoptr (DispReply) reply = disp_dispatcher_dispatch_finish (DISP_DISPATCHER (source), result);

  g_assert_cmpuint (reply->answer->status, ==, 200);
  for (guint i = 0; i < N_CONTAINERS; i++)
    if (reply->container->stats == worker->shared->said[i]->stats)
      g_assert_false (question->drained[i]);
  worker->n_running--;
  atomic_fetch_add (&worker->shared->n_ended, 1);
  if (worker->n_left > 0)
    ask (worker);
}

static void
work (Shared *shared, guint number)
{
  FakeTransport *transport = fake_transport_new ();
  Worker worker = { .shared = shared, .n_left = N_CLIENTS * N_REQUESTS };
  g_autoptr (GMainContext) context = g_main_context_new ();

  fake_transport_set_immediate (transport, "{\"predictions\":[]}");
  g_main_context_push_thread_default (context);
  worker.dispatcher = disp_dispatcher_new (shared->switchboard, DISP_TRANSPORT (transport),
                                           g_rand_new_with_seed (number));
  for (guint i = 0; i < N_CLIENTS; i++)
    ask (&worker);
  while (worker.n_running > 0)
    g_main_context_iteration (context, TRUE);
  g_assert_finalize_object (worker.dispatcher);
  g_assert_finalize_object (transport);
  g_main_context_pop_thread_default (context);
}

/* Brings a fleet into force in which just those are drained whose bit is set. */
static void
set_fleet (Shared *shared, guint drained)
{
  GPtrArray *containers = g_ptr_array_new ();
  g_autoptr (DispFleet) fleet = NULL;

  for (guint i = 0; i < N_CONTAINERS; i++)
    g_ptr_array_add (containers,
                     disp_container_copy (shared->said[i], NULL, (drained >> i & 1) != 0));
  fleet = fixture_fleet_new (NULL, "m:1 n:1", containers);
  disp_switchboard_set_fleet (shared->switchboard, fleet);
}

/* Drains one container for some requests, then resumes it; it is marked only while it is surely
 * drained. */
static void
drain_and_resume (Shared *shared, guint which)
{
  guint until;

  set_fleet (shared, 1U << which);
  atomic_fetch_add (&shared->turns[which], 1);
  until = MIN (atomic_load (&shared->n_ended) + 2 * N_WORKERS * N_CLIENTS, N_ALL);
  while (atomic_load (&shared->n_ended) < until)
    g_thread_yield ();
  atomic_fetch_add (&shared->turns[which], 1);
  set_fleet (shared, 0);
}

/* The main thread, until all have ended. */
static void
switch_all (Shared *shared)
{
  DispPolicySpec *specs[] = { rig_policy ("round-robin"), rig_policy ("random"),
                              rig_policy ("probabilities") };

  for (guint i = 0; atomic_load (&shared->n_ended) < N_ALL; i++)
    {
      disp_switchboard_set_policy (shared->switchboard, NULL, i % 5 == 0 ? NULL : specs[i % 3]);
      disp_switchboard_set_policy (shared->switchboard, models[i % 2],
                                   i % 7 == 0 ? NULL : specs[i / 2 % 3]);
      drain_and_resume (shared, i % N_CONTAINERS);
      shared->n_switches++;
    }
  for (guint i = 0; i < G_N_ELEMENTS (specs); i++)
    disp_policy_spec_unref (specs[i]);
}

static void
run (guint number, gpointer user_data)
{
  if (number < N_WORKERS)
    work (user_data, number);
  else
    switch_all (user_data);
}

static void
assert_nothing_lost (Shared *shared)
{
  DispRecordSinkValues records;
  DispStatsValues values;
  guint64 n_started = 0;

  disp_record_sink_read (DISP_RECORD_SINK (shared->sink), &records);
  g_assert_cmpuint (records.pushed, ==, 2 * N_ALL);
  disp_stats_read (disp_switchboard_get_totals (shared->switchboard), &values);
  g_assert_cmpuint (values.succeeded, ==, N_ALL);
  for (guint i = 0; i < N_CONTAINERS; i++)
    {
      disp_stats_read (shared->said[i]->stats, &values);
      g_assert_cmpint (values.in_flight, ==, 0);
      g_assert_cmpuint (values.succeeded, ==, values.started);
      n_started += values.started;
    }
  g_assert_cmpuint (n_started, ==, N_ALL);
}

static void
test_switching (void)
{
  g_autoptr (DispClock) clock = disp_system_clock_new ();
  g_autoptr (DispPolicySpec) policy = rig_policy ("round-robin");
  Shared shared = { .sink = fake_sink_new () };

  for (guint i = 0; i < N_CONTAINERS; i++)
    {
      g_autofree char *name = g_strdup_printf ("c%u", i);

      shared.said[i] = fixture_container (name, DISP_MODEL_ALL, 0, DISP_DEVICE_CPU, 1);
    }
  shared.switchboard = disp_switchboard_new (clock, DISP_RECORD_SINK (shared.sink), NULL, policy,
                                             &rig_settings);
  set_fleet (&shared, 0);
  fixture_run_threads (N_WORKERS + 1, run, &shared);
  assert_nothing_lost (&shared);
  g_assert_cmpuint (shared.n_switches, >, 0);
  g_assert_cmpuint (atomic_load (&shared.n_checked), >, 0);
  g_assert_finalize_object (shared.switchboard);
  g_assert_finalize_object (shared.sink);
  for (guint i = 0; i < N_CONTAINERS; i++)
    disp_container_unref (shared.said[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/switching/threads", test_switching);
  return g_test_run ();
}
