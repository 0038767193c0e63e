/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/error.h"
#include "engine/rig.h"
#include "support/fixtures.h"

/* Requests whose attempt fails, and that are tried again at another container. */

#define CPU(name) fixture_container (name, "m", 1, DISP_DEVICE_CPU, 1)
/* The longest pause before an attempt, in microseconds. */
#define MAX_PAUSE (250 * 1000)

/* What a test may be run with. */
static const char with_attempt_timeout[] = "attempt-timeout";
static const char where_first_answers[] = "first-answers";

static void
set_up (Rig *rig, gconstpointer data)
{
  DispEngineSettings settings = rig_settings;

  settings.n_retries = 1;
  settings.attempt_timeout = 0;
  settings.max_in_flight = 4;
  if (data == with_attempt_timeout)
    settings.attempt_timeout = G_USEC_PER_SEC;
  rig_init (rig, &settings);
  rig_set_fleet (rig, fixture_fleet (NULL, "m:1", CPU ("a"), CPU ("b"), CPU ("c"), NULL));
}

static void
change (Rig *rig, const DispEngineSettings *settings)
{
  g_autoptr (DispPolicySpec) policy = rig_policy ("round-robin");
  g_autoptr (DispRouting) routing = disp_switchboard_ref_routing (rig->switchboard);

  disp_switchboard_change (rig->switchboard, disp_routing_get_fleet (routing), policy, settings);
}

static const char *
get_container (Rig *rig, guint call)
{
  return fake_transport_get_call (rig->transport, call)->container->name;
}

static void
assert_calls (Rig *rig, guint n_calls)
{
  rig_turn ();
  g_assert_cmpuint (fake_transport_count_calls (rig->transport), ==, n_calls);
}

static void
assert_end (Ask *ask, guint status, const char *reason, guint n_attempts)
{
  ask_finish (ask);
  g_assert_cmpuint (ask->reply->answer->status, ==, status);
  g_assert_cmpstr (ask->reply->reason, ==, reason);
  g_assert_cmpuint (ask->reply->n_attempts, ==, n_attempts);
}

static guint64
count_failed (Rig *rig)
{
  return rig_read_stats (rig, "a").failed + rig_read_stats (rig, "b").failed
         + rig_read_stats (rig, "c").failed;
}

static void
test_broken (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Ask) ask = rig_ask_model (rig, "m", 1);

  fake_clock_advance (rig->clock, 7);
  fake_transport_fail (rig->transport, 0, "broken");
  assert_calls (rig, 2);
  g_assert_cmpstr (get_container (rig, 0), !=, get_container (rig, 1));
  fake_clock_advance (rig->clock, 5);
  fake_transport_answer (rig->transport, 1, 200, "{}");
  assert_end (ask, 200, NULL, 2);
  g_assert_cmpstr (ask->reply->container->name, ==, get_container (rig, 1));
  g_assert_cmpint (ask->reply->queued, ==, 0);
  g_assert_cmpint (ask->reply->upstream, ==, 12);
  g_assert_cmpuint (rig_count_records (rig), ==, 2);
  g_assert_cmpuint (rig_read_stats (rig, get_container (rig, 0)).failed, ==, 1);
  g_assert_cmpuint (rig_read_totals (rig).succeeded, ==, 1);
}

/* The client gets what the last one said. */
static void
test_both_fail (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Ask) ask = rig_ask_model (rig, "m", 1);

  fake_transport_fail (rig->transport, 0, "broken");
  assert_calls (rig, 2);
  fake_transport_fail_with (rig->transport, 1, DISP_ERROR_UNREACHABLE, "not there");
  assert_end (ask, 503, "unreachable", 2);
  g_assert_cmpstr (ask->reply->answer->retry_after, ==, "1");
  rig_assert_body (ask->reply->answer->body, "{\"error\":\"not there\"}");
}

/* Busy, or a gateway that could not: another may do better. */
static void
test_answers (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  static const guint again[] = { 429, 502, 503 };
  static const guint final[] = { 200, 400, 404, 500, 501, 504 };
  guint call = 0;

  for (guint i = 0; i < G_N_ELEMENTS (again); i++)
    {
      g_autoptr (Ask) ask = rig_ask_model (rig, "m", 1);

      fake_transport_answer (rig->transport, call++, again[i], "{}");
      assert_calls (rig, call + 1);
      fake_transport_answer (rig->transport, call++, 200, "{}");
      assert_end (ask, 200, NULL, 2);
      /* What was busy is left alone for some time. */
      fake_clock_advance (rig->clock, G_USEC_PER_SEC);
    }
  for (guint i = 0; i < G_N_ELEMENTS (final); i++)
    {
      g_autoptr (Ask) ask = rig_ask_model (rig, "m", 1);

      fake_transport_answer (rig->transport, call++, final[i], "{}");
      assert_end (ask, final[i], NULL, 1);
      fake_clock_advance (rig->clock, G_USEC_PER_SEC);
    }
}

/* What cannot be passed on would be no better from another. */
static void
test_bad_answer (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Ask) ask = rig_ask_model (rig, "m", 1);

  fake_transport_fail_with (rig->transport, 0, DISP_ERROR_BAD_ANSWER, "too long");
  assert_end (ask, 502, "bad-answer", 1);
}

/* Asks for a prediction that changes something. */
static Ask *
ask_once (Rig *rig)
{
  DispRequest *request = fixture_request ("m", 1, "[]");

  request->once = TRUE;
  return rig_ask (rig, request);
}

/* What must not be done twice is sent again only if it was not sent at all. */
static void
test_not_idempotent (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  Ask *ask;

  ask = ask_once (rig);
  fake_transport_fail (rig->transport, 0, "broken");
  assert_end (ask, 502, "upstream-failed", 1);
  ask_free (ask);
  ask = ask_once (rig);
  fake_transport_answer (rig->transport, 1, 502, "{}");
  assert_end (ask, 502, NULL, 1);
  ask_free (ask);
  ask = ask_once (rig);
  fake_transport_fail_with (rig->transport, 2, DISP_ERROR_UNREACHABLE, "not there");
  assert_calls (rig, 4);
  /* Nor is a second attempt begun beside one that takes long. */
  fake_clock_advance (rig->clock, RIG_TIMEOUT * 3 / 4);
  assert_calls (rig, 4);
  fake_transport_answer (rig->transport, 3, 200, "{}");
  assert_end (ask, 200, NULL, 2);
  ask_free (ask);
}

static void
test_no_retries (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Ask) ask = NULL;

  change (rig, &rig_settings);
  ask = rig_ask_model (rig, "m", 1);
  fake_transport_fail (rig->transport, 0, "broken");
  assert_end (ask, 502, "upstream-failed", 1);
}

static void
test_one_container (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Ask) ask = NULL;

  rig_set_fleet (rig, fixture_fleet (NULL, "m:1", CPU ("a"), NULL));
  ask = rig_ask_model (rig, "m", 1);
  fake_transport_fail (rig->transport, 0, "broken");
  assert_end (ask, 502, "upstream-failed", 1);
}

/* With attempt-timeout each attempt has its own time, and the request still the time in all. */
static void
test_attempt_timeout (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Ask) ask = rig_ask_model (rig, "m", 1);

  fake_clock_advance (rig->clock, G_USEC_PER_SEC - 1);
  assert_calls (rig, 1);
  fake_clock_advance (rig->clock, 1);
  assert_calls (rig, 2);
  g_assert_cmpuint (fake_transport_count_open (rig->transport), ==, 1);
  g_assert_cmpuint (rig_read_stats (rig, get_container (rig, 0)).failed, ==, 1);
  fake_clock_advance (rig->clock, G_USEC_PER_SEC);
  assert_end (ask, 504, "deadline", 2);
  g_assert_cmpint (ask->reply->upstream, ==, 2 * G_USEC_PER_SEC);
}

/* Without one, a second attempt begins beside the first when half of the time is over, and whoever
 * answers first answers. */
static void
test_late (Rig *rig, gconstpointer data)
{
  const gboolean first_answers = data == where_first_answers;
  g_autoptr (Ask) ask = rig_ask_model (rig, "m", 1);
  const char *first = get_container (rig, 0);

  fake_clock_advance (rig->clock, RIG_TIMEOUT / 2 - 1);
  assert_calls (rig, 1);
  fake_clock_advance (rig->clock, 1);
  assert_calls (rig, 2);
  g_assert_cmpuint (fake_transport_count_open (rig->transport), ==, 2);
  fake_clock_advance (rig->clock, 10);
  fake_transport_answer (rig->transport, first_answers ? 0 : 1, 200, "{}");
  assert_end (ask, 200, NULL, 2);
  g_assert_cmpstr (ask->reply->container->name, ==, get_container (rig, first_answers ? 0 : 1));
  g_assert_cmpuint (fake_transport_count_open (rig->transport), ==, 0);
  /* One that never answered is as bad as one that broke. */
  g_assert_cmpuint (rig_read_stats (rig, first).failed, ==, first_answers ? 0 : 1);
  g_assert_cmpuint (rig_read_stats (rig, get_container (rig, 1)).cancelled, ==,
                    first_answers ? 1 : 0);
}

/* Both are given up when the time is over. */
static void
test_late_in_vain (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Ask) ask = rig_ask_model (rig, "m", 1);

  fake_clock_advance (rig->clock, RIG_TIMEOUT / 2);
  assert_calls (rig, 2);
  fake_clock_advance (rig->clock, RIG_TIMEOUT / 2);
  assert_end (ask, 504, "deadline", 2);
}

/* One fails while the other runs on: that one decides. */
static void
test_late_fails (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Ask) ask = rig_ask_model (rig, "m", 1);

  fake_clock_advance (rig->clock, RIG_TIMEOUT / 2);
  assert_calls (rig, 2);
  fake_transport_fail (rig->transport, 0, "broken");
  assert_calls (rig, 2);
  g_assert_cmpuint (ask->n_replies, ==, 0);
  fake_transport_answer (rig->transport, 1, 500, "{}");
  assert_end (ask, 500, NULL, 2);
}

static void
test_gone (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Ask) ask = rig_ask_model (rig, "m", 1);

  fake_clock_advance (rig->clock, RIG_TIMEOUT / 2);
  assert_calls (rig, 2);
  g_cancellable_cancel (ask->cancellable);
  assert_end (ask, 499, "client-gone", 2);
  g_assert_cmpuint (count_failed (rig), ==, 0);
}

/* When the others are full it is paused, and then waits for a place there. */
static void
test_waits (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  DispEngineSettings settings = rig_settings;
  Ask *asks[3];

  settings.n_retries = 1;
  settings.attempt_timeout = 0;
  settings.max_in_flight = 1;
  change (rig, &settings);
  rig_set_fleet (rig, fixture_fleet (NULL, "m:1", CPU ("x"), CPU ("y"), NULL));
  for (guint i = 0; i < 3; i++)
    asks[i] = rig_ask_model (rig, "m", 1);
  assert_calls (rig, 2);
  /* The place that is free now goes to who waits. */
  fake_transport_fail (rig->transport, 0, "broken");
  assert_calls (rig, 3);
  g_assert_true (fake_transport_get_call (rig->transport, 2)->request == asks[2]->request);
  fake_clock_advance (rig->clock, MAX_PAUSE);
  assert_calls (rig, 3);
  fake_transport_answer (rig->transport, 1, 200, "{}");
  assert_calls (rig, 4);
  g_assert_true (fake_transport_get_call (rig->transport, 3)->request == asks[0]->request);
  g_assert_cmpstr (get_container (rig, 3), ==, get_container (rig, 1));
  fake_transport_answer (rig->transport, 3, 200, "{}");
  fake_transport_answer (rig->transport, 2, 200, "{}");
  assert_end (asks[0], 200, NULL, 2);
  g_assert_cmpint (asks[0]->reply->queued, ==, MAX_PAUSE);
  assert_end (asks[1], 200, NULL, 1);
  assert_end (asks[2], 200, NULL, 1);
  for (guint i = 0; i < 3; i++)
    ask_free (asks[i]);
}

/* Of four that fail together three may be tried again at once; the fourth waits until one of these
 * is done, which is better than to fail. */
static void
test_budget (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  Ask *asks[4];

  for (guint i = 0; i < 4; i++)
    asks[i] = rig_ask_model (rig, "m", 1);
  for (guint i = 0; i < 4; i++)
    fake_transport_fail (rig->transport, i, "broken");
  assert_calls (rig, 7);
  fake_clock_advance (rig->clock, MAX_PAUSE);
  assert_calls (rig, 7);
  fake_transport_answer (rig->transport, 4, 200, "{}");
  assert_calls (rig, 7);
  fake_clock_advance (rig->clock, MAX_PAUSE);
  assert_calls (rig, 8);
  for (guint i = 5; i < 8; i++)
    fake_transport_answer (rig->transport, i, 200, "{}");
  for (guint i = 0; i < 4; i++)
    {
      assert_end (asks[i], 200, NULL, 2);
      ask_free (asks[i]);
    }
}

/* Who hangs up while it is paused leaves its share of the budget. */
static void
test_gone_while_paused (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  Ask *asks[4];

  for (guint i = 0; i < 4; i++)
    asks[i] = rig_ask_model (rig, "m", 1);
  for (guint i = 0; i < 4; i++)
    fake_transport_fail (rig->transport, i, "broken");
  assert_calls (rig, 7);
  g_cancellable_cancel (asks[3]->cancellable);
  g_assert_cmpuint (asks[3]->n_replies, ==, 0);
  assert_end (asks[3], 499, "client-gone", 1);
  for (guint i = 4; i < 7; i++)
    fake_transport_answer (rig->transport, i, 200, "{}");
  for (guint i = 0; i < 3; i++)
    assert_end (asks[i], 200, NULL, 2);
  for (guint i = 0; i < 4; i++)
    ask_free (asks[i]);
}

static void
test_client_timeout (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (DispRequest) hurried = fixture_request ("m", 1, "[]");
  g_autoptr (DispRequest) patient = fixture_request ("m", 1, "[]");
  g_autoptr (Ask) first = NULL;
  g_autoptr (Ask) second = NULL;

  hurried->timeout = 1000;
  patient->timeout = 2 * RIG_TIMEOUT;
  first = rig_ask (rig, disp_request_ref (hurried));
  second = rig_ask (rig, disp_request_ref (patient));
  fake_clock_advance (rig->clock, 1000);
  assert_end (first, 504, "deadline", 2);
  /* That a client gave little time is not the fault of those containers. */
  g_assert_cmpuint (count_failed (rig), ==, 0);
  fake_clock_advance (rig->clock, RIG_TIMEOUT - 1000);
  assert_end (second, 504, "deadline", 2);
  g_assert_cmpuint (count_failed (rig), ==, 2);
}

#define ADD_WITH(path, data, function)                                                             \
  g_test_add ("/engine/dispatcher/retries/" path, Rig, data, set_up, function, rig_tear_down)
#define ADD(path, function) ADD_WITH (path, NULL, function)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  rig_catch_log ();
  ADD ("broken", test_broken);
  ADD ("both-fail", test_both_fail);
  ADD ("answers", test_answers);
  ADD ("bad-answer", test_bad_answer);
  ADD ("not-idempotent", test_not_idempotent);
  ADD ("no-retries", test_no_retries);
  ADD ("one-container", test_one_container);
  ADD_WITH ("attempt-timeout", with_attempt_timeout, test_attempt_timeout);
  ADD_WITH ("late/first-answers", where_first_answers, test_late);
  ADD ("late/second-answers", test_late);
  ADD ("late/in-vain", test_late_in_vain);
  ADD ("late/fails", test_late_fails);
  ADD ("gone", test_gone);
  ADD ("waits", test_waits);
  ADD ("budget", test_budget);
  ADD ("gone-while-paused", test_gone_while_paused);
  ADD ("client-timeout", test_client_timeout);
  return g_test_run ();
}
