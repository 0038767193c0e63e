/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/rig.h"
#include "support/fixtures.h"

#define CPU(name, model, version, quota)                                                           \
  fixture_container (name, model, version, DISP_DEVICE_CPU, quota)

/* Requests that end otherwise than with what a container computed. */

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

/* A GET that never reaches a container leaves no record either. */
static void
test_no_record_of_error (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  DispRequest *request = disp_request_new (DISP_VERB_STATUS, 0);
  g_autoptr (Ask) ask = NULL;

  use_one_container (rig);
  request->model = g_strdup ("unknown");
  ask = rig_ask (rig, request);
  ask_finish (ask);
  g_assert_cmpuint (ask->reply->answer->status, ==, 404);
  g_assert_cmpuint (rig_count_records (rig), ==, 0);
}

/* Checks how a request ended that no container was asked. */
static void
assert_refused (Rig *rig, Ask *ask, guint status, const char *reason, const char *message)
{
  guint n = rig_count_records (rig);
  g_autofree char *body = g_strdup_printf ("{\"error\":\"%s\"}", message);
  const DispRecord *record;

  ask_finish (ask);
  g_assert_cmpuint (ask->reply->answer->status, ==, status);
  g_assert_cmpstr (ask->reply->answer->content_type, ==, "application/json");
  rig_assert_body (ask->reply->answer->body, body);
  g_assert_cmpstr (ask->reply->reason, ==, reason);
  g_assert_cmpstr (ask->reply->answer->retry_after, ==, status == 503 ? "5" : NULL);
  g_assert_null (ask->reply->container);
  g_assert_cmpint (ask->reply->upstream, ==, 0);
  g_assert_cmpuint (fake_transport_count_calls (rig->transport), ==, 0);
  g_assert_cmpuint (rig_count_records (rig), ==, n);
  g_assert_cmpuint (n % 2, ==, 0);
  rig_assert_created (rig, ask, fake_sink_get (rig->sink, n - 2));
  record = fake_sink_get (rig->sink, n - 1);
  g_assert_cmpstr (record->id, ==, ask->request->id);
  g_assert_cmpint (record->state, ==, DISP_RECORD_ERROR);
  g_assert_cmpuint (record->status, ==, status);
  g_assert_null (record->container);
  g_assert_cmpint (record->ts_wait, ==, 0);
  g_assert_cmpint (record->ts_out, ==, record->ts_in);
  rig_assert_body (record->response.bytes, body);
  g_assert_cmpuint (rig_read_totals (rig).failed, ==, n / 2);
}

static void
test_no_fleet (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Ask) ask = rig_ask_model (rig, "m", 1);

  assert_refused (rig, ask, 503, "no-fleet", "no fleet is known yet");
}

static void
test_unknown (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Ask) model = NULL;
  g_autoptr (Ask) version = NULL;

  use_one_container (rig);
  model = rig_ask_model (rig, "n\\", 1);
  assert_refused (rig, model, 404, "unknown-model", "the fleet has no model \\\"n\\\\\\\"");
  version = rig_ask_model (rig, "m", 2);
  assert_refused (rig, version, 404, "unknown-version",
                  "the fleet has no version 2 of model \\\"m\\\", only 1");
}

static void
test_no_container (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  DispContainer *stopped = CPU ("b", "m", 1, 5);
  g_autoptr (Ask) unusable = NULL;
  g_autoptr (Ask) unserved = NULL;

  stopped->active = FALSE;
  rig_set_fleet (rig, fixture_fleet (NULL, "m:1 n:1", CPU ("a", "m", 1, 0), stopped,
                                     CPU ("c", "m", 1, 0), NULL));
  unusable = rig_ask_model (rig, "m", 1);
  assert_refused (
      rig, unusable, 503, "no-container",
      "no container of model \\\"m\\\" in version 1 may be used: of 3, 1 are not active "
      "and 2 have quota 0");
  unserved = rig_ask_model (rig, "n", 1);
  assert_refused (rig, unserved, 503, "no-container",
                  "no container serves model \\\"n\\\" in version 1");
}

/* What a container answers goes to the client as it is; only 5xx is an error, and of these 503 is
 * none of the container's. */
static void
test_status (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  static const guint statuses[] = { 200, 204, 302, 400, 404, 429, 499, 500, 503, 504, 599 };

  use_one_container (rig);
  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    {
      const gboolean is_error = statuses[i] >= 500;
      const gboolean is_busy = statuses[i] == 429 || statuses[i] == 503;
      const DispStatsValues before = rig_read_stats (rig, "a");
      const DispStatsValues totals = rig_read_totals (rig);
      g_autoptr (Ask) ask = rig_ask_model (rig, "m", 0);
      const DispRecord *record;

      fake_transport_answer (rig->transport, i, statuses[i], "{\"error\":\"its own\"}");
      ask_finish (ask);
      g_assert_cmpuint (ask->reply->answer->status, ==, statuses[i]);
      rig_assert_body (ask->reply->answer->body, "{\"error\":\"its own\"}");
      g_assert_null (ask->reply->reason);
      g_assert_nonnull (ask->reply->container);
      g_assert_cmpuint (rig_count_records (rig), ==, 2 * i + 2);
      record = fake_sink_get (rig->sink, 2 * i + 1);
      g_assert_cmpint (record->state, ==, is_error ? DISP_RECORD_ERROR : DISP_RECORD_COMPLETED);
      g_assert_cmpuint (record->status, ==, statuses[i]);
      g_assert_cmpuint (rig_read_stats (rig, "a").busy - before.busy, ==, is_busy);
      g_assert_cmpuint (rig_read_stats (rig, "a").failed - before.failed, ==, is_error && !is_busy);
      g_assert_cmpuint (rig_read_stats (rig, "a").succeeded - before.succeeded, ==,
                        !is_error && !is_busy);
      g_assert_cmpuint (rig_read_totals (rig).failed - totals.failed, ==, is_error);
      g_assert_cmpuint (rig_read_totals (rig).succeeded - totals.succeeded, ==, !is_error);
      /* One that was busy is left alone for some time. */
      fake_clock_advance (rig->clock, 2 * G_USEC_PER_SEC);
    }
}

static void
test_upstream_failed (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Ask) ask = NULL;
  const DispRecord *record;

  use_one_container (rig);
  ask = rig_ask_model (rig, "m", 1);
  fake_clock_advance (rig->clock, 700);
  fake_transport_fail (rig->transport, 0, "container \"a\" broke");
  ask_finish (ask);
  g_assert_cmpuint (ask->reply->answer->status, ==, 502);
  g_assert_cmpstr (ask->reply->reason, ==, "upstream-failed");
  g_assert_null (ask->reply->answer->retry_after);
  rig_assert_body (ask->reply->answer->body, "{\"error\":\"container \\\"a\\\" broke\"}");
  g_assert_cmpstr (ask->reply->container->name, ==, "a");
  record = fake_sink_get (rig->sink, 1);
  g_assert_cmpint (record->state, ==, DISP_RECORD_ERROR);
  g_assert_cmpuint (record->status, ==, 502);
  g_assert_cmpstr (record->container->name, ==, "a");
  g_assert_cmpint (record->ts_wait, ==, record->ts_in);
  g_assert_cmpint (record->ts_out, ==, record->ts_in + 700);
  g_assert_cmpuint (rig_read_stats (rig, "a").failed, ==, 1);
  g_assert_cmpuint (rig_read_totals (rig).failed, ==, 1);
}

/* An operator hears once that a container fails and once that it works again. */
static void
test_log_changes (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  static const guint statuses[] = { 200, 500, 502, 400, 200, 599, 200 };
  g_autofree char *lines = NULL;

  use_one_container (rig);
  g_free (rig_take_log ());
  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    {
      g_autoptr (Ask) ask = rig_ask_model (rig, "m", 1);

      fake_transport_answer (rig->transport, i, statuses[i], "{}");
      ask_finish (ask);
    }
  lines = rig_take_log ();
  g_assert_cmpstr (lines, ==,
                   "warning: container a fails: it answered 500\n"
                   "message: container a answers again\n"
                   "warning: container a fails: it answered 599\n"
                   "message: container a answers again\n");
}

#define ADD(path, function)                                                                        \
  g_test_add ("/engine/dispatcher/" path, Rig, NULL, set_up, function, rig_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  rig_catch_log ();
  ADD ("no-record-of-error", test_no_record_of_error);
  ADD ("no-fleet", test_no_fleet);
  ADD ("unknown", test_unknown);
  ADD ("no-container", test_no_container);
  ADD ("status", test_status);
  ADD ("upstream-failed", test_upstream_failed);
  ADD ("log-changes", test_log_changes);
  return g_test_run ();
}
