/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/rig.h"
#include "support/fixtures.h"

#include <string.h>

#define CPU(name, model, version, quota)                                                           \
  fixture_container (name, model, version, DISP_DEVICE_CPU, quota)
#define GPU(name, quota) fixture_container (name, DISP_MODEL_ALL, 0, DISP_DEVICE_GPU, quota)
#define ANSWER "{\"predictions\":[2.5,NaN]}"

static void
set_up (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  rig_init (rig, &rig_settings);
}

static void
use_one_container (Rig *rig)
{
  rig_set_fleet (rig, fixture_fleet (NULL, "m:1", CPU ("a", "m", 1, 1), NULL));
}

/* The whole life of a request that goes well. */
static void
test_success (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  DispRequest *request = fixture_request ("m", 1, "[1.0,NaN]");
  const gint64 real = disp_clock_now_real (DISP_CLOCK (rig->clock));
  g_autoptr (Ask) ask = NULL;
  const FakeCall *call;
  const DispRecord *record;

  use_one_container (rig);
  disp_request_set_request_id (request, "of-the-client");
  ask = rig_ask (rig, request);
  g_assert_cmpuint (rig_count_records (rig), ==, 1);
  rig_assert_created (rig, ask, fake_sink_get (rig->sink, 0));
  g_assert_cmpint (fake_sink_get (rig->sink, 0)->version, ==, 1);
  g_assert_cmpint (rig_read_totals (rig).in_flight, ==, 1);
  g_assert_cmpint (rig_read_stats (rig, "a").in_flight, ==, 1);

  call = fake_transport_get_call (rig->transport, 0);
  g_assert_true (call->request == request);
  g_assert_cmpstr (call->container->name, ==, "a");
  g_assert_cmpstr (call->path, ==, "/v1/models/m/versions/1:predict");
  rig_turn ();
  g_assert_cmpuint (ask->n_replies, ==, 0);
  fake_clock_advance (rig->clock, 2000);
  fake_transport_answer (rig->transport, 0, 200, ANSWER);
  ask_finish (ask);

  g_assert_cmpuint (ask->reply->answer->status, ==, 200);
  g_assert_cmpstr (ask->reply->answer->content_type, ==, "application/json");
  rig_assert_body (ask->reply->answer->body, ANSWER);
  g_assert_cmpstr (ask->reply->container->name, ==, "a");
  g_assert_null (ask->reply->reason);
  g_assert_cmpint (ask->reply->queued, ==, 0);
  g_assert_cmpint (ask->reply->upstream, ==, 2000);

  g_assert_cmpuint (rig_count_records (rig), ==, 2);
  record = fake_sink_get (rig->sink, 1);
  g_assert_cmpstr (record->id, ==, request->id);
  g_assert_cmpstr (record->request_id, ==, "of-the-client");
  g_assert_cmpstr (record->model, ==, "m");
  g_assert_cmpint (record->version, ==, 1);
  rig_assert_body (record->instances.bytes, "[1.0,NaN]");
  rig_assert_body (record->response.bytes, ANSWER);
  g_assert_cmpstr (record->container->name, ==, "a");
  g_assert_cmpint (record->ts_in, ==, real);
  g_assert_cmpint (record->ts_wait, ==, real);
  g_assert_cmpint (record->ts_out, ==, real + 2000);
  g_assert_cmpint (record->queue_time, ==, 0);
  g_assert_cmpint (record->n_attempts, ==, 1);
  g_assert_cmpint (record->state, ==, DISP_RECORD_COMPLETED);
  g_assert_cmpuint (record->status, ==, 200);
  g_assert_cmpint (fake_sink_get (rig->sink, 0)->state, ==, DISP_RECORD_CREATED);
  g_assert_cmpint (fake_sink_get (rig->sink, 0)->queue_time, ==, DISP_RECORD_UNKNOWN);
  g_assert_cmpint (fake_sink_get (rig->sink, 0)->n_attempts, ==, DISP_RECORD_UNKNOWN);

  g_assert_cmpuint (rig_read_totals (rig).succeeded, ==, 1);
  g_assert_cmpuint (rig_read_stats (rig, "a").succeeded, ==, 1);
  g_assert_cmpuint (rig_read_stats (rig, "a").latency, ==, 2000);
}

/* A request keeps the settings that it began with, to its end. */
static void
test_settings_change (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (DispPolicySpec) policy = rig_policy ("round-robin");
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, "m:1", CPU ("a", "m", 1, 1), NULL);
  DispEngineSettings changed = rig_settings;
  g_autoptr (Ask) before = NULL;
  g_autoptr (Ask) after = NULL;

  changed.timeout = 1000;
  changed.payload_limit = 0;
  use_one_container (rig);
  before = rig_ask_model (rig, "m", 1);
  disp_switchboard_change (rig->switchboard, fleet, policy, &changed);
  after = rig_ask_model (rig, "m", 1);
  g_assert_nonnull (fake_sink_get (rig->sink, 0)->instances.bytes);
  g_assert_null (fake_sink_get (rig->sink, 1)->instances.bytes);
  fake_clock_advance (rig->clock, 1000);
  ask_finish (after);
  g_assert_cmpuint (after->reply->answer->status, ==, 504);
  g_assert_cmpuint (before->n_replies, ==, 0);
  fake_transport_answer (rig->transport, 0, 200, ANSWER);
  ask_finish (before);
  g_assert_cmpuint (before->reply->answer->status, ==, 200);
  rig_assert_body (fake_sink_get (rig->sink, 3)->response.bytes, ANSWER);
}

/* Which path a container is asked for, by rule and by what the client wrote. */
typedef struct
{
  const char *name;
  DispVersionPath rule;
  DispVersion version;
  const char *path;
  gint64 recorded; /* the version in the second record */
} PathCase;

static const PathCase path_cases[] = {
  { "exact-number",
    DISP_VERSION_PATH_EXACT,
    { DISP_VERSION_NUMBER, 1, NULL },
    "/v1/models/m/versions/1:predict",
    1 },
  { "exact-latest",
    DISP_VERSION_PATH_EXACT,
    { DISP_VERSION_LATEST, 0, NULL },
    "/v1/models/m/versions/3:predict",
    3 },
  { "exact-label",
    DISP_VERSION_PATH_EXACT,
    { DISP_VERSION_LABEL, 0, (char *) "stable one" },
    "/v1/models/m/labels/stable%20one:predict",
    0 },
  { "latest-number",
    DISP_VERSION_PATH_LATEST,
    { DISP_VERSION_NUMBER, 1, NULL },
    "/v1/models/m:predict",
    1 },
  { "latest-latest",
    DISP_VERSION_PATH_LATEST,
    { DISP_VERSION_LATEST, 0, NULL },
    "/v1/models/m:predict",
    3 },
  { "original-number",
    DISP_VERSION_PATH_ORIGINAL,
    { DISP_VERSION_NUMBER, 2, NULL },
    "/v2/models/m:predict",
    2 },
  { "original-latest",
    DISP_VERSION_PATH_ORIGINAL,
    { DISP_VERSION_LATEST, 0, NULL },
    "/v3/models/m:predict",
    3 },
  { "original-label",
    DISP_VERSION_PATH_ORIGINAL,
    { DISP_VERSION_LABEL, 0, (char *) "stable" },
    "/v1/models/m/labels/stable:predict",
    0 },
};

static void
test_path (gconstpointer data)
{
  const PathCase *row = data;
  DispEngineSettings settings = rig_settings;
  DispRequest *request = fixture_request ("m", 0, "[]");
  g_autoptr (Ask) ask = NULL;
  Rig rig;

  settings.version_path = row->rule;
  rig_init (&rig, &settings);
  rig_set_fleet (&rig, fixture_fleet (NULL, "m:1 m:2 m:3", GPU ("g", 1), NULL));
  request->version = row->version;
  request->version.label = g_strdup (row->version.label);
  ask = rig_ask (&rig, request);
  g_assert_cmpstr (fake_transport_get_call (rig.transport, 0)->path, ==, row->path);
  fake_transport_answer (rig.transport, 0, 200, "{}");
  ask_finish (ask);
  g_assert_cmpint (fake_sink_get (rig.sink, 0)->version, ==, row->version.number);
  g_assert_cmpint (fake_sink_get (rig.sink, 1)->version, ==, row->recorded);
  rig_clear (&rig);
}

/* What is asked with a GET is forwarded and counted, and leaves no record. */
static void
test_no_record (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  static const DispVerb verbs[] = { DISP_VERB_STATUS, DISP_VERB_METADATA };
  static const char *const paths[] = { "/v1/models/m/versions/1",
                                       "/v1/models/m/versions/1/metadata" };

  use_one_container (rig);
  for (guint i = 0; i < G_N_ELEMENTS (verbs); i++)
    {
      DispRequest *request = disp_request_new (verbs[i], 0);
      g_autoptr (Ask) ask = NULL;

      request->model = g_strdup ("m");
      ask = rig_ask (rig, request);
      g_assert_cmpstr (fake_transport_get_call (rig->transport, i)->path, ==, paths[i]);
      fake_transport_answer (rig->transport, i, 200, "{}");
      ask_finish (ask);
      g_assert_cmpuint (ask->reply->answer->status, ==, 200);
      g_assert_cmpuint (rig_read_totals (rig).succeeded, ==, i + 1);
      g_assert_cmpuint (rig_read_stats (rig, "a").succeeded, ==, i + 1);
    }
  g_assert_cmpuint (rig_count_records (rig), ==, 0);
}

/* Bodies above the limit are recorded by their length alone. */
static void
test_payload_limit (G_GNUC_UNUSED gconstpointer data)
{
  static const gssize limits[] = { -1, 0, 1, 8, 9, 10, 22, 23, 24, 1000 };

  for (guint i = 0; i < G_N_ELEMENTS (limits); i++)
    {
      DispEngineSettings settings = rig_settings;
      g_autoptr (Ask) ask = NULL;
      Rig rig;

      settings.payload_limit = limits[i];
      rig_init (&rig, &settings);
      use_one_container (&rig);
      ask = rig_ask_model (&rig, "m", 1);
      fake_transport_answer (rig.transport, 0, 200, ANSWER);
      ask_finish (ask);
      rig_assert_body (ask->reply->answer->body, ANSWER);
      for (guint j = 0; j < 2; j++)
        {
          const DispRecord *record = fake_sink_get (rig.sink, j);
          const gsize response = j == 1 ? strlen (ANSWER) : 0;

          g_assert_cmpuint (record->instances.length, ==, 9);
          g_assert_cmpint (record->instances.bytes != NULL, ==, limits[i] < 0 || limits[i] >= 9);
          g_assert_cmpuint (record->response.length, ==, response);
          g_assert_cmpint (record->response.bytes != NULL, ==,
                           j == 1 && (limits[i] < 0 || limits[i] >= (gssize) response));
        }
      rig_clear (&rig);
    }
}

/* Answers that come in another order than their requests find them. */
static void
test_many (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  enum
  {
    N = 1000
  };
  g_autofree Ask **asks = g_new (Ask *, N);

  rig_set_fleet (rig, fixture_fleet (NULL, "m:1", CPU ("a", "m", 1, 1), CPU ("b", "m", 1, 1),
                                     GPU ("c", 1), GPU ("d", 1), NULL));
  for (guint i = 0; i < N; i++)
    asks[i] = rig_ask_model (rig, "m", 1);
  g_assert_cmpint (rig_read_totals (rig).in_flight, ==, N);
  g_assert_cmpuint (rig_count_records (rig), ==, N);
  g_assert_cmpuint (fake_clock_count_timers (rig->clock), ==, N);
  for (guint i = 0; i < N; i++)
    {
      const guint at = (i * 7 + 3) % N;
      g_autofree char *body = g_strdup_printf ("{\"predictions\":[%u]}", at);

      fake_transport_answer (rig->transport, at, 200, body);
    }
  for (guint i = 0; i < N; i++)
    {
      g_autofree char *body = g_strdup_printf ("{\"predictions\":[%u]}", i);

      ask_finish (asks[i]);
      rig_assert_body (asks[i]->reply->answer->body, body);
      g_assert_cmpstr (asks[i]->reply->container->name, ==,
                       fake_transport_get_call (rig->transport, i)->container->name);
      ask_free (asks[i]);
    }
  g_assert_cmpuint (rig_count_records (rig), ==, 2 * N);
  for (guint i = 0; i < 4; i++)
    {
      const char name[] = { (char) ('a' + i), '\0' };

      g_assert_cmpuint (rig_read_stats (rig, name).succeeded, ==, N / 4);
    }
}

/* Each request leaves a line, if the operator wants that. */
static void
test_log_requests (G_GNUC_UNUSED gconstpointer data)
{
  DispEngineSettings settings = rig_settings;
  g_autoptr (Ask) forwarded = NULL;
  g_autoptr (Ask) refused = NULL;
  g_autofree char *lines = NULL;
  g_autofree char *expected = NULL;
  Rig rig;

  settings.log_requests = TRUE;
  rig_init (&rig, &settings);
  use_one_container (&rig);
  g_free (rig_take_log ());
  forwarded = rig_ask_model (&rig, "m", 1);
  fake_clock_advance (rig.clock, 1234);
  fake_transport_answer (rig.transport, 0, 400, "{}");
  ask_finish (forwarded);
  refused = rig_ask_model (&rig, "n", 1);
  ask_finish (refused);
  lines = rig_take_log ();
  expected = g_strdup_printf ("info: %s predict of m at a: 400 in 1.234 ms\n"
                              "info: %s predict of n at -: 404 in 0.000 ms\n",
                              forwarded->request->id, refused->request->id);
  g_assert_cmpstr (lines, ==, expected);
  rig_clear (&rig);
}

#define ADD(path, function)                                                                        \
  g_test_add ("/engine/dispatcher/" path, Rig, NULL, set_up, function, rig_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  rig_catch_log ();
  ADD ("success", test_success);
  ADD ("settings-change", test_settings_change);
  for (guint i = 0; i < G_N_ELEMENTS (path_cases); i++)
    {
      g_autofree char *path = g_strconcat ("/engine/dispatcher/path/", path_cases[i].name, NULL);

      g_test_add_data_func (path, &path_cases[i], test_path);
    }
  ADD ("no-record", test_no_record);
  g_test_add_data_func ("/engine/dispatcher/payload-limit", NULL, test_payload_limit);
  ADD ("many", test_many);
  g_test_add_data_func ("/engine/dispatcher/log-requests", NULL, test_log_requests);
  return g_test_run ();
}
