/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/error.h"
#include "engine/rig.h"
#include "support/fixtures.h"

#define CPU(name, model, version, quota)                                                           \
  fixture_container (name, model, version, DISP_DEVICE_CPU, quota)

/* Requests whose records have no room, and answers that wait for their records. */

static void
set_up (Rig *rig, gconstpointer hold_answers)
{
  DispEngineSettings settings = rig_settings;

  settings.hold_answers = GPOINTER_TO_INT (hold_answers);
  rig_init (rig, &settings);
  rig_set_fleet (rig, fixture_fleet (NULL, "m:1", CPU ("a", "m", 1, 1), NULL));
}

/* Dispatches a prediction that the container has answered, so that only its record is missing. */
static Ask *
ask_and_answer (Rig *rig)
{
  guint n = fake_transport_count_calls (rig->transport);
  Ask *ask = rig_ask_model (rig, "m", 1);

  fake_transport_answer (rig->transport, n, 200, "{\"predictions\":[1]}");
  rig_turn ();
  return ask;
}

static void
assert_reply (const Ask *ask, guint status, const char *reason, const char *retry_after,
              const char *body)
{
  g_assert_cmpuint (ask->n_replies, ==, 1);
  g_assert_cmpuint (ask->reply->answer->status, ==, status);
  g_assert_cmpstr (ask->reply->reason, ==, reason);
  g_assert_cmpstr (ask->reply->answer->retry_after, ==, retry_after);
  rig_assert_body (ask->reply->answer->body, body);
}

static void
assert_answered (const Ask *ask)
{
  assert_reply (ask, 200, NULL, NULL, "{\"predictions\":[1]}");
}

static void
test_refused (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Ask) refused = NULL;
  g_autoptr (Ask) later = NULL;

  fake_sink_set_admission (rig->sink, DISP_ADMISSION_REFUSED);
  refused = rig_ask_model (rig, "m", 1);
  ask_finish (refused);
  assert_reply (refused, 503, "records-full", "5",
                "{\"error\":\"there is no room for more records\"}");
  g_assert_null (refused->reply->container);
  g_assert_cmpuint (fake_transport_count_calls (rig->transport), ==, 0);
  g_assert_cmpuint (rig_count_records (rig), ==, 0);
  g_assert_cmpuint (rig_read_totals (rig).failed, ==, 1);

  fake_sink_set_admission (rig->sink, DISP_ADMISSION_RECORDED);
  later = ask_and_answer (rig);
  assert_answered (later);
  g_assert_cmpuint (rig_count_records (rig), ==, 2);
}

/* What was admitted keeps its room, whatever there is left for others. */
static void
test_refused_meanwhile (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Ask) ask = rig_ask_model (rig, "m", 1);

  fake_sink_set_admission (rig->sink, DISP_ADMISSION_REFUSED);
  fake_transport_answer (rig->transport, 0, 200, "{\"predictions\":[1]}");
  ask_finish (ask);
  assert_answered (ask);
  g_assert_cmpuint (rig_count_records (rig), ==, 2);
  g_assert_cmpint (fake_sink_get (rig->sink, 1)->state, ==, DISP_RECORD_COMPLETED);
}

static void
test_dropped (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Ask) answered = NULL;
  g_autoptr (Ask) unknown = NULL;

  fake_sink_set_admission (rig->sink, DISP_ADMISSION_DROPPED);
  answered = rig_ask_model (rig, "m", 1);
  /* Room that comes meanwhile is not for half a request. */
  fake_sink_set_admission (rig->sink, DISP_ADMISSION_RECORDED);
  fake_transport_answer (rig->transport, 0, 200, "{\"predictions\":[1]}");
  ask_finish (answered);
  assert_answered (answered);
  g_assert_cmpstr (answered->reply->container->name, ==, "a");

  fake_sink_set_admission (rig->sink, DISP_ADMISSION_DROPPED);
  unknown = rig_ask_model (rig, "n", 1);
  ask_finish (unknown);
  g_assert_cmpuint (unknown->reply->answer->status, ==, 404);
  g_assert_cmpuint (rig_count_records (rig), ==, 0);
}

/* What leaves no record needs no room. */
static void
test_unrecorded (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  DispRequest *request = disp_request_new (DISP_VERB_STATUS, 0);
  g_autoptr (Ask) ask = NULL;

  fake_sink_set_admission (rig->sink, DISP_ADMISSION_REFUSED);
  fake_sink_hold (rig->sink);
  request->model = g_strdup ("m");
  ask = rig_ask (rig, request);
  fake_transport_answer (rig->transport, 0, 200, "{}");
  ask_finish (ask);
  assert_reply (ask, 200, NULL, NULL, "{}");
  g_assert_cmpuint (rig_count_records (rig), ==, 0);
  g_assert_cmpuint (fake_sink_count_held (rig->sink), ==, 0);
}

static void
test_held (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Ask) ask = NULL;
  const DispRecord *record;

  fake_sink_hold (rig->sink);
  ask = ask_and_answer (rig);
  g_assert_cmpuint (ask->n_replies, ==, 0);
  g_assert_cmpuint (fake_sink_count_held (rig->sink), ==, 1);
  g_assert_cmpuint (rig_count_records (rig), ==, 2);
  record = fake_sink_get (rig->sink, 1);
  g_assert_cmpint (record->state, ==, DISP_RECORD_COMPLETED);
  g_assert_cmpint (rig_read_totals (rig).in_flight, ==, 1);
  /* The container has done its part. */
  g_assert_cmpint (rig_read_stats (rig, "a").in_flight, ==, 0);

  fake_clock_advance (rig->clock, 1000);
  fake_sink_release (rig->sink, NULL);
  ask_finish (ask);
  assert_answered (ask);
  /* Waiting for the record is not the container's time. */
  g_assert_cmpint (ask->reply->upstream, ==, 0);
  g_assert_cmpint (record->ts_out, ==, record->ts_in);
}

/* One write is enough for many. */
static void
test_held_together (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GPtrArray) asks = g_ptr_array_new_with_free_func ((GDestroyNotify) ask_free);

  fake_sink_hold (rig->sink);
  for (guint i = 0; i < 100; i++)
    g_ptr_array_add (asks, ask_and_answer (rig));
  g_assert_cmpuint (fake_sink_count_held (rig->sink), ==, asks->len);
  fake_sink_release (rig->sink, NULL);
  rig_turn ();
  for (guint i = 0; i < asks->len; i++)
    assert_answered (g_ptr_array_index (asks, i));
}

static void
test_not_stored (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GError) error = g_error_new_literal (DISP_ERROR, DISP_ERROR_STORE,
                                                  "cannot write /var/lib/secret");
  g_autoptr (Ask) ask = NULL;

  fake_sink_hold (rig->sink);
  ask = ask_and_answer (rig);
  fake_sink_release (rig->sink, error);
  ask_finish (ask);
  assert_reply (ask, 503, "not-recorded", "5",
                "{\"error\":\"the record of the answer could not be stored\"}");
  g_assert_cmpstr (ask->reply->container->name, ==, "a");
  g_assert_cmpuint (rig_read_totals (rig).failed, ==, 1);
  g_assert_cmpuint (rig_read_stats (rig, "a").succeeded, ==, 1);
}

/* A failing store does not hold a client for ever; what it says later is nobody's any more. */
static void
test_deadline (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Ask) ask = NULL;

  fake_sink_hold (rig->sink);
  ask = ask_and_answer (rig);
  fake_clock_advance (rig->clock, RIG_TIMEOUT - 1);
  rig_turn ();
  g_assert_cmpuint (ask->n_replies, ==, 0);
  fake_clock_advance (rig->clock, 1);
  ask_finish (ask);
  assert_reply (ask, 503, "not-recorded", "5",
                "{\"error\":\"the record of the answer was not stored within 30 s\"}");
  fake_sink_release (rig->sink, NULL);
  rig_turn ();
  g_assert_cmpuint (ask->n_replies, ==, 1);
}

static void
test_client_gone (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Ask) ask = NULL;

  fake_sink_hold (rig->sink);
  ask = ask_and_answer (rig);
  g_cancellable_cancel (ask->cancellable);
  g_assert_cmpuint (ask->n_replies, ==, 0);
  ask_finish (ask);
  g_assert_cmpstr (ask->reply->reason, ==, "client-gone");
  g_assert_cmpuint (rig_read_totals (rig).cancelled, ==, 1);
  /* The record tells of the container's answer, which came. */
  g_assert_cmpint (fake_sink_get (rig->sink, 1)->state, ==, DISP_RECORD_COMPLETED);
  fake_sink_release (rig->sink, NULL);
}

static void
test_abort (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Ask) waiting = NULL;
  g_autoptr (Ask) held = NULL;

  fake_sink_hold (rig->sink);
  held = ask_and_answer (rig);
  waiting = rig_ask_model (rig, "m", 1);
  disp_dispatcher_abort (rig->dispatcher);
  disp_dispatcher_abort (rig->dispatcher);
  ask_finish (held);
  ask_finish (waiting);
  assert_reply (held, 503, "draining", NULL,
                "{\"error\":\"the daemon stopped before its record was stored\"}");
  assert_reply (waiting, 503, "draining", NULL,
                "{\"error\":\"the daemon stopped before the answer came\"}");
  fake_sink_release (rig->sink, NULL);
}

/* The client hangs up, and then its record is stored, before either is told: the first wins. */
static void
test_gone_and_stored (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Ask) ask = NULL;

  fake_sink_hold (rig->sink);
  ask = ask_and_answer (rig);
  g_cancellable_cancel (ask->cancellable);
  fake_sink_release (rig->sink, NULL);
  ask_finish (ask);
  rig_turn ();
  g_assert_cmpstr (ask->reply->reason, ==, "client-gone");
  g_assert_cmpuint (ask->n_replies, ==, 1);
}

/* The same the other way round. */
static void
test_stored_and_gone (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Ask) ask = NULL;

  fake_sink_hold (rig->sink);
  ask = ask_and_answer (rig);
  fake_sink_release (rig->sink, NULL);
  g_cancellable_cancel (ask->cancellable);
  g_assert_cmpuint (ask->n_replies, ==, 0);
  ask_finish (ask);
  assert_answered (ask);
  rig_turn ();
  g_assert_cmpuint (ask->n_replies, ==, 1);
}

/* Only what a container answered is worth waiting for. */
static void
test_errors_not_held (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Ask) broken = NULL;
  g_autoptr (Ask) unknown = NULL;

  fake_sink_hold (rig->sink);
  broken = rig_ask_model (rig, "m", 1);
  fake_transport_fail (rig->transport, 0, "it broke");
  ask_finish (broken);
  assert_reply (broken, 502, "upstream-failed", NULL, "{\"error\":\"it broke\"}");
  unknown = rig_ask_model (rig, "n", 1);
  ask_finish (unknown);
  g_assert_cmpuint (unknown->reply->answer->status, ==, 404);
  g_assert_cmpuint (fake_sink_count_held (rig->sink), ==, 0);
  g_assert_cmpuint (rig_count_records (rig), ==, 4);
}

#define ADD(path, held, function)                                                                  \
  g_test_add ("/engine/dispatcher-records/" path, Rig, GINT_TO_POINTER (held), set_up, function,   \
              rig_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  rig_catch_log ();
  ADD ("refused", FALSE, test_refused);
  ADD ("refused-meanwhile", FALSE, test_refused_meanwhile);
  ADD ("dropped", FALSE, test_dropped);
  ADD ("dropped-not-held", TRUE, test_dropped);
  ADD ("unrecorded", TRUE, test_unrecorded);
  ADD ("held", TRUE, test_held);
  ADD ("held-together", TRUE, test_held_together);
  ADD ("not-stored", TRUE, test_not_stored);
  ADD ("deadline", TRUE, test_deadline);
  ADD ("client-gone", TRUE, test_client_gone);
  ADD ("abort", TRUE, test_abort);
  ADD ("gone-and-stored", TRUE, test_gone_and_stored);
  ADD ("stored-and-gone", TRUE, test_stored_and_gone);
  ADD ("errors-not-held", TRUE, test_errors_not_held);
  return g_test_run ();
}
