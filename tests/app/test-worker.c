/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/worker.h"

#include "core/policy-registry.h"
#include "front/listener-sockets.h"
#include "front/predictions-site.h"
#include "front/raw-client.h"
#include "support/fake-sink.h"
#include "support/fixtures.h"
#include "upstream/soup-transport.h"

#include <netinet/in.h>

/* A worker whose one container lets clients connect and never answers. */
typedef struct
{
  GSocket *silent;              /* (owned) the container */
  DispSwitchboard *switchboard; /* (owned) */
  DispWorker *worker;           /* (owned) (nullable) */
  char *address;                /* (owned) */
  GThread *main_thread;         /* (unowned) */
  guint n_ended;
} Fixture;

static gboolean
on_ended (gpointer user_data)
{
  Fixture *fixture = user_data;

  g_assert_true (g_thread_self () == fixture->main_thread);
  fixture->n_ended++;
  return G_SOURCE_REMOVE;
}

static GPtrArray *
open_sockets (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *sockets = disp_listener_open ("127.0.0.1:0", 1, &error);

  g_assert_no_error (error);
  fixture->address = disp_listener_describe (g_ptr_array_index (sockets, 0));
  return sockets;
}

static DispFleet *
make_fleet (Fixture *fixture)
{
  DispContainer *container = fixture_container ("cpu-0", "half", 1, DISP_DEVICE_CPU, 1);
  g_autoptr (GPtrArray) sockets = disp_listener_open ("127.0.0.1:0", 1, NULL);
  g_autoptr (GSocketAddress) address = NULL;

  fixture->silent = g_object_ref (g_ptr_array_index (sockets, 0));
  address = g_socket_get_local_address (fixture->silent, NULL);
  fixture_container_set_port (container,
                              g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address)));
  return fixture_fleet (NULL, NULL, container, NULL);
}

static DispSite *
make_site (gpointer user_data)
{
  static const DispUpstreamSettings upstream = {
    .connect_timeout = 10 * G_USEC_PER_SEC,
    .idle_timeout = 10,
    .answer_limit = 1000,
  };
  Fixture *fixture = user_data;
  DispClock *clock = disp_switchboard_get_clock (fixture->switchboard);
  g_autoptr (DispUpstreamLimits) limits = disp_upstream_limits_new (&upstream);
  g_autoptr (DispTransport) transport = disp_soup_transport_new (clock, limits);
  g_autoptr (DispDispatcher) dispatcher = disp_dispatcher_new (fixture->switchboard, transport,
                                                               g_rand_new ());

  g_assert_true (g_thread_self () != fixture->main_thread);
  return disp_predictions_site_new (dispatcher);
}

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  const DispEngineSettings engine = { .timeout = G_TIME_SPAN_HOUR };
  g_autoptr (DispClock) clock = disp_system_clock_new ();
  g_autoptr (DispReception) reception = disp_reception_new ();
  g_autoptr (DispCrew) crew = disp_crew_new ();
  g_autoptr (DispRateLimit) rate_limit = disp_rate_limit_new ();
  g_autoptr (DispTerms) terms = disp_terms_new ();
  const DispWorkerSettings settings = {
    .clock = clock,
    .reception = reception,
    .crew = crew,
    .rate_limit = rate_limit,
    .terms = terms,
    .make_site = make_site,
    .ended = on_ended,
    .user_data = fixture,
  };
  g_autoptr (FakeSink) sink = fake_sink_new ();
  g_autoptr (DispPolicySpec) policy = disp_policy_spec_new ("random", NULL, NULL);
  g_autoptr (DispFleet) fleet = make_fleet (fixture);

  fixture->main_thread = g_thread_self ();
  fixture->switchboard = disp_switchboard_new (clock, DISP_RECORD_SINK (sink), NULL, policy,
                                               &engine);
  disp_switchboard_set_fleet (fixture->switchboard, fleet);
  disp_switchboard_set_serving (fixture->switchboard, 1);
  fixture->worker = disp_worker_new ("worker-0", open_sockets (fixture), &settings);
}

static void
wait_ended (Fixture *fixture)
{
  while (fixture->n_ended == 0)
    g_main_context_iteration (NULL, TRUE);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (fixture->n_ended, ==, 1);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  wait_ended (fixture);
  disp_worker_free (fixture->worker);
  g_assert_finalize_object (fixture->switchboard);
  g_object_unref (fixture->silent);
  g_free (fixture->address);
}

static void
drain (Fixture *fixture)
{
  disp_switchboard_set_draining (fixture->switchboard);
  disp_worker_drain (fixture->worker);
}

static void
test_serves (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (RawClient) client = raw_client_new (fixture->address);

  for (guint i = 0; i < 10; i++)
    {
      g_autoptr (RawAnswer) answer = NULL;

      raw_client_send (client, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", -1);
      answer = raw_client_read (client);
      g_assert_cmpuint (answer->status, ==, 200);
    }
  drain (fixture);
  wait_ended (fixture);
  raw_client_assert_end (client);
}

/* Requests that begin after new terms came are served on these. */
static void
test_set_terms (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (DispTerms) terms = disp_terms_new ();
  guint status = 0;

  terms->tokens = disp_tokens_parse ("alice alices-token-0001", NULL);
  disp_worker_set_terms (fixture->worker, terms);
  for (guint i = 0; i < 100000 && status != 401; i++)
    {
      g_autoptr (RawClient) client = raw_client_new (fixture->address);
      g_autoptr (RawAnswer) answer = NULL;

      raw_client_send (client, "GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n", -1);
      answer = raw_client_read (client);
      status = answer->status;
      g_assert_true (status == 200 || status == 401);
    }
  g_assert_cmpuint (status, ==, 401);
  drain (fixture);
}

static void
test_drains_at_once (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  drain (fixture);
}

/* What is given up is answered, and the worker ends. */
static void
test_abort (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (RawClient) client = raw_client_new (fixture->address);
  g_autoptr (RawAnswer) answer = NULL;
  DispStatsValues totals = { 0 };

  raw_client_post (client, "/v1/models/half:predict", "{}");
  while (totals.in_flight == 0)
    {
      g_thread_yield ();
      disp_stats_read (disp_switchboard_get_totals (fixture->switchboard), &totals);
    }
  drain (fixture);
  disp_worker_abort (fixture->worker);
  answer = raw_client_read (client);
  raw_answer_assert_error (answer, 503, "the daemon stopped");
  raw_answer_assert_field (answer, "Connection", "close");
  raw_client_assert_end (client);
}

/* Half a request keeps a worker from draining, but not from ending. */
static void
test_quit (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (RawClient) client = raw_client_new (fixture->address);
  g_autoptr (RawClient) idle = raw_client_new (fixture->address);
  g_autoptr (RawAnswer) go_on = NULL;

  raw_client_send (client,
                   "POST /predict HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                   "Content-Length: 5\r\n\r\n",
                   -1);
  go_on = raw_client_read_head (client);
  g_assert_cmpuint (go_on->status, ==, 100);
  drain (fixture);
  disp_worker_abort (fixture->worker);
  raw_client_assert_end (idle); /* it drains, and still has the other one */
  disp_worker_quit (fixture->worker);
  wait_ended (fixture);
  while (!client->at_end)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_quit_while_dispatching (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (RawClient) client = raw_client_new (fixture->address);
  DispStatsValues totals = { 0 };

  raw_client_post (client, "/v1/models/half:predict", "{}");
  while (totals.in_flight == 0)
    {
      g_thread_yield ();
      disp_stats_read (disp_switchboard_get_totals (fixture->switchboard), &totals);
    }
  disp_worker_quit (fixture->worker);
  wait_ended (fixture);
  disp_stats_read (disp_switchboard_get_totals (fixture->switchboard), &totals);
  g_assert_cmpuint (totals.in_flight, ==, 0);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *path;
    void (*test) (Fixture *fixture, gconstpointer data);
  } tests[] = {
    { "/app/worker/serves", test_serves },
    { "/app/worker/set-terms", test_set_terms },
    { "/app/worker/drains-at-once", test_drains_at_once },
    { "/app/worker/abort", test_abort },
    { "/app/worker/quit", test_quit },
    { "/app/worker/quit-while-dispatching", test_quit_while_dispatching },
  };

  g_test_init (&argc, &argv, NULL);
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, NULL, set_up, tests[i].test, tear_down);
  return g_test_run ();
}
