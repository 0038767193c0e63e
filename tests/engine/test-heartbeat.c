/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/heartbeat.h"

/* With a context the thread answers in its next turn. */
static void
test_context (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (DispHeartbeat) heartbeat = disp_heartbeat_new ("worker", context);

  g_assert_cmpstr (disp_heartbeat_get_name (heartbeat), ==, "worker");
  g_assert_true (disp_heartbeat_is_well (heartbeat));
  for (guint i = 0; i < 3; i++)
    {
      disp_heartbeat_ask (heartbeat);
      g_assert_false (disp_heartbeat_is_well (heartbeat));
      g_assert_true (g_main_context_iteration (context, FALSE));
      g_assert_true (disp_heartbeat_is_well (heartbeat));
      g_assert_false (g_main_context_pending (context));
    }
  disp_heartbeat_rest (heartbeat);
  disp_heartbeat_ask (heartbeat);
  g_assert_true (disp_heartbeat_is_well (heartbeat));
  g_assert_false (g_main_context_pending (context));
}

/* Without one it says itself what it does. */
static void
test_alone (void)
{
  g_autoptr (DispHeartbeat) heartbeat = disp_heartbeat_new ("log", NULL);

  disp_heartbeat_ask (heartbeat);
  g_assert_false (disp_heartbeat_is_well (heartbeat));
  disp_heartbeat_rest (heartbeat);
  g_assert_true (disp_heartbeat_is_well (heartbeat));
  disp_heartbeat_ask (heartbeat);
  g_assert_true (disp_heartbeat_is_well (heartbeat));
  /* Who worked in between has made progress. */
  disp_heartbeat_answer (heartbeat);
  g_assert_true (disp_heartbeat_is_well (heartbeat));
  disp_heartbeat_ask (heartbeat);
  g_assert_false (disp_heartbeat_is_well (heartbeat));
  disp_heartbeat_answer (heartbeat);
  g_assert_true (disp_heartbeat_is_well (heartbeat));
}

/* However often it was asked, one answer is enough. */
static void
test_many_questions (void)
{
  g_autoptr (DispHeartbeat) heartbeat = disp_heartbeat_new ("log", NULL);

  for (guint i = 0; i < 5; i++)
    disp_heartbeat_ask (heartbeat);
  disp_heartbeat_answer (heartbeat);
  g_assert_true (disp_heartbeat_is_well (heartbeat));
}

static gpointer
run (gpointer data)
{
  GMainLoop *loop = data;

  g_main_loop_run (loop);
  return NULL;
}

static gboolean
quit (gpointer data)
{
  g_main_loop_quit (data);
  return G_SOURCE_REMOVE;
}

/* A thread that runs its loop is well again and again; each answer is seen by another thread. */
static void
test_threads (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GMainLoop) loop = g_main_loop_new (context, FALSE);
  g_autoptr (DispHeartbeat) heartbeat = disp_heartbeat_new ("worker", context);
  g_autoptr (GSource) end = g_idle_source_new ();
  GThread *thread = g_thread_new ("worker", run, loop);

  for (guint i = 0; i < 1000; i++)
    {
      disp_heartbeat_ask (heartbeat);
      while (!disp_heartbeat_is_well (heartbeat))
        g_thread_yield ();
    }
  g_source_set_callback (end, quit, loop, NULL);
  g_source_attach (end, context);
  g_thread_join (thread);
  while (g_main_context_iteration (context, FALSE))
    ;
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/heartbeat/context", test_context);
  g_test_add_func ("/engine/heartbeat/alone", test_alone);
  g_test_add_func ("/engine/heartbeat/many-questions", test_many_questions);
  g_test_add_func ("/engine/heartbeat/threads", test_threads);
  return g_test_run ();
}
