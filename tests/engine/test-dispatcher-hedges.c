/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/error.h"
#include "engine/rig.h"
#include "support/fixtures.h"

/* Requests whose attempt takes longer than nearly all, so that another is begun beside it. */

#define CPU(name) fixture_container (name, "m", 1, DISP_DEVICE_CPU, 1)
/* How long the answers take from which the dispatcher learns, in microseconds, and how many. */
#define USUAL 1000
#define N_USUAL 100
/* By then an attempt has taken longer than nearly all. */
#define LONG (2 * USUAL)

static void
set_up (Rig *rig, gconstpointer data)
{
  static const char *const models[] = { "m", NULL };
  DispEngineSettings settings = rig_settings;

  settings.n_retries = 1;
  settings.hedged = data == NULL ? (char **) (gpointer) models : NULL;
  rig_init (rig, &settings);
  rig_set_fleet (rig, fixture_fleet (NULL, "m:1", CPU ("a"), CPU ("b"), NULL));
}

/* Lets the dispatcher learn how long answers take. */
static void
teach (Rig *rig)
{
  for (guint i = 0; i < N_USUAL; i++)
    {
      g_autoptr (Ask) ask = rig_ask_model (rig, "m", 1);

      fake_clock_advance (rig->clock, USUAL);
      fake_transport_answer (rig->transport, i, 200, "{}");
      ask_finish (ask);
      g_assert_cmpuint (ask->reply->n_attempts, ==, 1);
    }
}

static void
assert_calls (Rig *rig, guint n_calls, guint n_open)
{
  rig_turn ();
  g_assert_cmpuint (fake_transport_count_calls (rig->transport), ==, n_calls);
  g_assert_cmpuint (fake_transport_count_open (rig->transport), ==, n_open);
}

static void
assert_end (Ask *ask, guint status, guint n_attempts)
{
  ask_finish (ask);
  g_assert_cmpuint (ask->reply->answer->status, ==, status);
  g_assert_cmpuint (ask->reply->n_attempts, ==, n_attempts);
}

/* The second answers first; the other is given up, and that says nothing about its container. */
static void
test_second (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Ask) ask = NULL;
  const char *slow;

  teach (rig);
  ask = rig_ask_model (rig, "m", 1);
  slow = fake_transport_get_call (rig->transport, N_USUAL)->container->name;
  fake_clock_advance (rig->clock, USUAL / 2);
  assert_calls (rig, N_USUAL + 1, 1);
  fake_clock_advance (rig->clock, LONG);
  assert_calls (rig, N_USUAL + 2, 2);
  fake_transport_answer (rig->transport, N_USUAL + 1, 200, "{\"b\":2}");
  assert_end (ask, 200, 2);
  rig_assert_body (ask->reply->answer->body, "{\"b\":2}");
  g_assert_cmpstr (ask->reply->container->name, !=, slow);
  g_assert_cmpuint (rig_read_stats (rig, slow).cancelled, ==, 1);
  g_assert_cmpuint (rig_read_stats (rig, slow).failed, ==, 0);
}

static void
test_first (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Ask) ask = NULL;

  teach (rig);
  ask = rig_ask_model (rig, "m", 1);
  fake_clock_advance (rig->clock, LONG);
  assert_calls (rig, N_USUAL + 2, 2);
  fake_transport_answer (rig->transport, N_USUAL, 200, "{\"a\":1}");
  assert_end (ask, 200, 2);
  rig_assert_body (ask->reply->answer->body, "{\"a\":1}");
}

/* A hedge that breaks leaves the first attempt to answer, and is no retry. */
static void
test_fails (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Ask) ask = NULL;

  teach (rig);
  ask = rig_ask_model (rig, "m", 1);
  fake_clock_advance (rig->clock, LONG);
  assert_calls (rig, N_USUAL + 2, 2);
  fake_transport_fail (rig->transport, N_USUAL + 1, "broken");
  assert_calls (rig, N_USUAL + 2, 1);
  g_assert_cmpuint (ask->n_replies, ==, 0);
  fake_transport_answer (rig->transport, N_USUAL, 200, "{}");
  assert_end (ask, 200, 2);
}

/* Only a container that has nothing else to do gets one. */
static void
test_not_idle (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Ask) first = NULL;
  g_autoptr (Ask) second = NULL;

  teach (rig);
  first = rig_ask_model (rig, "m", 1);
  second = rig_ask_model (rig, "m", 1);
  fake_clock_advance (rig->clock, LONG);
  assert_calls (rig, N_USUAL + 2, 2);
  fake_transport_answer (rig->transport, N_USUAL, 200, "{}");
  fake_transport_answer (rig->transport, N_USUAL + 1, 200, "{}");
  assert_end (first, 200, 1);
  assert_end (second, 200, 1);
}

/* As long as it is not known how long answers take there is none, nor for other models. */
static void
test_none (Rig *rig, gconstpointer data)
{
  g_autoptr (Ask) ask = NULL;
  const guint n = data != NULL ? N_USUAL : 0;

  if (n > 0)
    teach (rig);
  ask = rig_ask_model (rig, "m", 1);
  fake_clock_advance (rig->clock, LONG);
  assert_calls (rig, n + 1, 1);
  fake_transport_answer (rig->transport, n, 200, "{}");
  assert_end (ask, 200, 1);
}

/* Of many that are slow only one in twenty gets a second attempt, and those that were saved up.
 * Their clients hang up, so that nothing is learned from them. */
static void
test_budget (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  const guint n_slow = 400;
  guint n_hedges;

  teach (rig);
  for (guint i = 0; i < n_slow; i++)
    {
      g_autoptr (Ask) ask = rig_ask_model (rig, "m", 1);

      fake_clock_advance (rig->clock, LONG);
      g_cancellable_cancel (ask->cancellable);
      ask_finish (ask);
    }
  n_hedges = fake_transport_count_calls (rig->transport) - N_USUAL - n_slow;
  g_assert_cmpuint (n_hedges, <=, (n_slow + N_USUAL) * DISP_RETRY_BUDGET_HEDGES / 100);
  g_assert_cmpuint (n_hedges, >=, n_slow * DISP_RETRY_BUDGET_HEDGES / 100);
}

#define ADD_WITH(path, data, function)                                                             \
  g_test_add ("/engine/dispatcher/hedges/" path, Rig, data, set_up, function, rig_tear_down)
#define ADD(path, function) ADD_WITH (path, NULL, function)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  rig_catch_log ();
  ADD ("second", test_second);
  ADD ("first", test_first);
  ADD ("fails", test_fails);
  ADD ("not-idle", test_not_idle);
  ADD ("none/unknown", test_none);
  ADD_WITH ("none/not-wanted", "not-wanted", test_none);
  ADD ("budget", test_budget);
  return g_test_run ();
}
