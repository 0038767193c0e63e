/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/rig.h"
#include "support/fixtures.h"

/* Requests that wait until a container has a place for them. */

#define CPU(name, model) fixture_container (name, model, 1, DISP_DEVICE_CPU, 1)
#define GPU(name) fixture_container (name, DISP_MODEL_ALL, 0, DISP_DEVICE_GPU, 1)

/* Each container has one place, and no model more than two that wait. */
static void
set_up (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  DispEngineSettings settings = rig_settings;

  settings.max_in_flight = 1;
  settings.queue_limit = 2;
  settings.queue_timeout = 10 * G_USEC_PER_SEC;
  rig_init (rig, &settings);
  rig_set_fleet (rig, fixture_fleet (NULL, "m:1", CPU ("a", "m"), NULL));
}

static guint
count_waiting (Rig *rig)
{
  return disp_waiting_room_get_length (disp_switchboard_get_waiting_room (rig->switchboard), "m");
}

/* Answers a call, and lets whoever waits have its place. */
static void
answer (Rig *rig, guint call, guint n_calls)
{
  fake_transport_answer (rig->transport, call, 200, "{}");
  rig_turn ();
  g_assert_cmpuint (fake_transport_count_calls (rig->transport), ==, n_calls);
}

static void
assert_end (Ask *ask, guint status, const char *reason)
{
  ask_finish (ask);
  g_assert_cmpuint (ask->reply->answer->status, ==, status);
  g_assert_cmpstr (ask->reply->reason, ==, reason);
}

/* In the order in which they came, and each says how long it waited. */
static void
test_order (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Ask) first = rig_ask_model (rig, "m", 1);
  g_autoptr (Ask) second = rig_ask_model (rig, "m", 1);
  g_autoptr (Ask) third = rig_ask_model (rig, "m", 1);

  rig_turn ();
  g_assert_cmpuint (fake_transport_count_calls (rig->transport), ==, 1);
  g_assert_cmpuint (count_waiting (rig), ==, 2);
  fake_clock_advance (rig->clock, 1000);
  answer (rig, 0, 2);
  g_assert_true (fake_transport_get_call (rig->transport, 1)->request == second->request);
  fake_clock_advance (rig->clock, 500);
  answer (rig, 1, 3);
  g_assert_true (fake_transport_get_call (rig->transport, 2)->request == third->request);
  fake_clock_advance (rig->clock, 20);
  answer (rig, 2, 3);
  assert_end (first, 200, NULL);
  assert_end (second, 200, NULL);
  assert_end (third, 200, NULL);
  g_assert_cmpint (first->reply->queued, ==, 0);
  g_assert_cmpint (first->reply->upstream, ==, 1000);
  g_assert_cmpint (second->reply->queued, ==, 1000);
  g_assert_cmpint (second->reply->upstream, ==, 500);
  g_assert_cmpint (third->reply->queued, ==, 1500);
  g_assert_cmpint (third->reply->upstream, ==, 20);
  g_assert_cmpuint (third->reply->n_attempts, ==, 1);
}

static void
test_full (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Ask) first = rig_ask_model (rig, "m", 1);
  g_autoptr (Ask) second = rig_ask_model (rig, "m", 1);
  g_autoptr (Ask) third = rig_ask_model (rig, "m", 1);
  g_autoptr (Ask) fourth = rig_ask_model (rig, "m", 1);

  assert_end (fourth, 429, "queue-full");
  g_assert_cmpuint (fourth->reply->n_attempts, ==, 0);
  answer (rig, 0, 2);
  answer (rig, 1, 3);
  answer (rig, 2, 3);
  assert_end (first, 200, NULL);
  assert_end (second, 200, NULL);
  assert_end (third, 200, NULL);
}

/* Who hangs up, or waits too long, or has no more time, leaves the queue at once. */
static void
test_leaves (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (DispRequest) hurried = fixture_request ("m", 1, "[]");
  g_autoptr (Ask) first = rig_ask_model (rig, "m", 1);
  g_autoptr (Ask) gone = rig_ask_model (rig, "m", 1);
  g_autoptr (Ask) late = NULL;
  g_autoptr (Ask) patient = NULL;

  g_cancellable_cancel (gone->cancellable);
  g_assert_cmpuint (count_waiting (rig), ==, 0);
  g_assert_cmpuint (gone->n_replies, ==, 0);
  assert_end (gone, 499, "client-gone");

  patient = rig_ask_model (rig, "m", 1);
  hurried->timeout = 3000;
  late = rig_ask (rig, disp_request_ref (hurried));
  fake_clock_advance (rig->clock, 2999);
  rig_turn ();
  g_assert_cmpuint (late->n_replies, ==, 0);
  fake_clock_advance (rig->clock, 1);
  assert_end (late, 504, "deadline");
  g_assert_cmpint (late->reply->queued, ==, 3000);
  g_assert_cmpuint (count_waiting (rig), ==, 1);

  fake_clock_advance (rig->clock, 10 * G_USEC_PER_SEC);
  assert_end (patient, 503, "queue-timeout");
  g_assert_cmpuint (count_waiting (rig), ==, 0);
  answer (rig, 0, 1);
  assert_end (first, 200, NULL);
  g_assert_cmpuint (rig_count_records (rig), ==, 8);
}

/* The only container is busy, so that nobody gives a place back: who waits gets one as it may be
 * used again. */
static void
test_stranded (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Ask) first = rig_ask_model (rig, "m", 1);
  g_autoptr (Ask) second = rig_ask_model (rig, "m", 1);
  g_autoptr (Ask) third = rig_ask_model (rig, "m", 1);

  rig_turn ();
  g_assert_cmpuint (count_waiting (rig), ==, 2);
  fake_transport_answer (rig->transport, 0, 503, "{}");
  rig_turn ();
  g_assert_cmpuint (count_waiting (rig), ==, 2);
  g_assert_cmpuint (second->n_replies + third->n_replies, ==, 0);
  for (guint i = 0; i < 100 && fake_transport_count_calls (rig->transport) == 1; i++)
    {
      fake_clock_advance (rig->clock, G_USEC_PER_SEC / 20);
      rig_turn ();
    }
  g_assert_true (fake_transport_get_call (rig->transport, 1)->request == second->request);
  answer (rig, 1, 3);
  answer (rig, 2, 3);
  assert_end (first, 503, NULL);
  assert_end (second, 200, NULL);
  assert_end (third, 200, NULL);
}

/* One of two containers was busy, and nobody gives back its places: they are offered as it may be
 * used again. */
static void
test_cooled (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Ask) first = NULL;
  g_autoptr (Ask) second = NULL;
  g_autoptr (Ask) third = NULL;

  rig_set_fleet (rig, fixture_fleet (NULL, "m:1", CPU ("a", "m"), CPU ("b", "m"), NULL));
  first = rig_ask_model (rig, "m", 1);
  second = rig_ask_model (rig, "m", 1);
  rig_turn ();
  fake_transport_answer (rig->transport, 0, 503, "{}");
  assert_end (first, 503, NULL);
  third = rig_ask_model (rig, "m", 1);
  rig_turn ();
  g_assert_cmpuint (count_waiting (rig), ==, 1);
  for (guint i = 0; i < 100 && fake_transport_count_calls (rig->transport) == 2; i++)
    {
      fake_clock_advance (rig->clock, G_USEC_PER_SEC / 20);
      rig_turn ();
    }
  answer (rig, 2, 3);
  assert_end (third, 200, NULL);
  answer (rig, 1, 3);
  assert_end (second, 200, NULL);
}

/* Whose place was found already when they hung up leave it to the next. */
static void
test_leaves_place (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Ask) first = rig_ask_model (rig, "m", 1);
  g_autoptr (Ask) second = rig_ask_model (rig, "m", 1);
  g_autoptr (Ask) third = rig_ask_model (rig, "m", 1);

  fake_transport_answer (rig->transport, 0, 200, "{}");
  while (first->n_replies == 0)
    g_main_context_iteration (NULL, FALSE);
  g_cancellable_cancel (second->cancellable);
  assert_end (second, 499, "client-gone");
  g_assert_cmpuint (fake_transport_count_calls (rig->transport), ==, 2);
  g_assert_true (fake_transport_get_call (rig->transport, 1)->request == third->request);
  answer (rig, 1, 2);
  assert_end (third, 200, NULL);
}

static void
test_abort (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Ask) first = rig_ask_model (rig, "m", 1);
  g_autoptr (Ask) second = rig_ask_model (rig, "m", 1);

  disp_dispatcher_abort (rig->dispatcher);
  disp_dispatcher_abort (rig->dispatcher);
  g_assert_cmpuint (first->n_replies + second->n_replies, ==, 0);
  assert_end (first, 503, "draining");
  assert_end (second, 503, "draining");
}

/* A change of the fleet is in force at once for those that wait. */
static void
test_fleet_changes (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Ask) first = rig_ask_model (rig, "m", 1);
  g_autoptr (Ask) second = rig_ask_model (rig, "m", 1);
  g_autoptr (Ask) third = rig_ask_model (rig, "m", 1);

  rig_set_fleet (rig, fixture_fleet (NULL, "m:1", CPU ("b", "m"), NULL));
  rig_turn ();
  g_assert_cmpuint (fake_transport_count_calls (rig->transport), ==, 2);
  g_assert_cmpstr (fake_transport_get_call (rig->transport, 1)->container->name, ==, "b");
  g_assert_true (fake_transport_get_call (rig->transport, 1)->request == second->request);
  g_assert_cmpuint (count_waiting (rig), ==, 1);
  rig_set_fleet (rig, fixture_fleet (NULL, "n:1", CPU ("b", "n"), NULL));
  assert_end (third, 404, "unknown-model");
  answer (rig, 0, 2);
  answer (rig, 1, 2);
  assert_end (first, 200, NULL);
  assert_end (second, 200, NULL);
}

/* A place that several models may use goes to the one whose request should be answered first. */
static void
test_shared (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (DispRequest) hurried = fixture_request ("n", 1, "[]");
  g_autoptr (Ask) first = NULL;
  g_autoptr (Ask) slow = NULL;
  g_autoptr (Ask) fast = NULL;

  hurried->timeout = G_USEC_PER_SEC;
  rig_set_fleet (rig, fixture_fleet (NULL, "m:1 n:1", GPU ("g"), NULL));
  first = rig_ask_model (rig, "m", 1);
  slow = rig_ask_model (rig, "m", 1);
  fast = rig_ask (rig, disp_request_ref (hurried));
  answer (rig, 0, 2);
  g_assert_true (fake_transport_get_call (rig->transport, 1)->request == fast->request);
  answer (rig, 1, 3);
  answer (rig, 2, 3);
  assert_end (first, 200, NULL);
  assert_end (slow, 200, NULL);
  assert_end (fast, 200, NULL);
}

#define ADD(path, function)                                                                        \
  g_test_add ("/engine/dispatcher/queue/" path, Rig, NULL, set_up, function, rig_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  rig_catch_log ();
  ADD ("order", test_order);
  ADD ("full", test_full);
  ADD ("leaves", test_leaves);
  ADD ("stranded", test_stranded);
  ADD ("cooled", test_cooled);
  ADD ("leaves-place", test_leaves_place);
  ADD ("abort", test_abort);
  ADD ("fleet-changes", test_fleet_changes);
  ADD ("shared", test_shared);
  return g_test_run ();
}
