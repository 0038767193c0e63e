/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/rig.h"
#include "support/fixtures.h"

#define CPU(name, quota) fixture_container (name, "m", 1, DISP_DEVICE_CPU, quota)

static void
set_up (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (DispPolicySpec) shadow = rig_policy ("least-loaded");

  rig_init (rig, &rig_settings);
  disp_switchboard_configure_shadow (rig->switchboard, shadow);
  rig_set_fleet (rig, fixture_fleet (NULL, "m:1", CPU ("a", 2), CPU ("b", 1), NULL));
}

/* One request, which the round robin sends to @container. */
static void
serve (Rig *rig, guint index, const char *container, gint64 duration, guint status)
{
  g_autoptr (Ask) ask = rig_ask_model (rig, "m", 1);

  fake_clock_advance (rig->clock, duration);
  fake_transport_answer (rig->transport, index, status, "{}");
  ask_finish (ask);
  g_assert_cmpstr (ask->reply->container->name, ==, container);
}

static void
assert_counts (Rig *rig, guint64 decisions, guint64 disagreements, guint64 unknown, guint64 gain)
{
  g_autoptr (DispRouting) routing = disp_switchboard_ref_routing (rig->switchboard);
  DispShadowCounts counts;

  disp_routing_count_shadow (routing, "m", &counts);
  g_assert_cmpuint (counts.decisions, ==, decisions);
  g_assert_cmpuint (counts.disagreements, ==, disagreements);
  g_assert_cmpuint (counts.unknown, ==, unknown);
  g_assert_cmpuint (counts.gain, ==, gain);
  g_assert_cmpuint (counts.loss, ==, 0);
}

/* The shadow decides once for each request, hears what really happens, and changes nothing. */
static void
test_shadow (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  serve (rig, 0, "a", 1000, 200);
  assert_counts (rig, 1, 0, 0, 0);
  serve (rig, 1, "b", 3000, 200);
  assert_counts (rig, 2, 1, 1, 0);
  serve (rig, 2, "a", 1000, 200);
  assert_counts (rig, 3, 1, 1, 0);
  serve (rig, 3, "b", 3000, 200);
  assert_counts (rig, 4, 2, 1, 2000);
}

/* A bad answer says nothing of the time. */
static void
test_bad_answers (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  serve (rig, 0, "a", 1000, 200);
  serve (rig, 1, "b", 5, 500);
  serve (rig, 2, "a", 1000, 200);
  serve (rig, 3, "b", 3000, 200);
  assert_counts (rig, 4, 2, 2, 0);
  serve (rig, 4, "a", 1000, 200);
  serve (rig, 5, "b", 3000, 200);
  assert_counts (rig, 6, 3, 2, 2000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  rig_catch_log ();
  g_test_add ("/engine/dispatcher/shadow", Rig, NULL, set_up, test_shadow, rig_tear_down);
  g_test_add ("/engine/dispatcher/shadow-bad-answers", Rig, NULL, set_up, test_bad_answers,
              rig_tear_down);
  return g_test_run ();
}
