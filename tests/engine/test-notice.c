/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/notice.h"

#include "support/fixtures.h"
#include "support/watcher.h"

#include <stdatomic.h>
#include <stdbool.h>

#define N_THREADS 4
#define N_TOUCHES 20000

/* However often it is touched, there is one call for all of it. */
static void
test_coalesced (void)
{
  Watcher watcher;

  watcher_init (&watcher, NULL);
  g_assert_cmpuint (watcher_take (&watcher), ==, 0);
  for (guint i = 0; i < 5; i++)
    {
      for (guint j = 0; j < 100; j++)
        disp_notice_touch (watcher.notice);
      g_assert_cmpuint (watcher.n_calls, ==, 0);
      g_assert_cmpuint (watcher_take (&watcher), ==, 1);
      g_assert_cmpuint (watcher_take (&watcher), ==, 0);
    }
  watcher_clear (&watcher);
}

static gboolean
touch_once (gpointer user_data)
{
  Watcher *watcher = user_data;

  if (++watcher->n_calls == 1)
    disp_notice_touch (watcher->notice);
  return G_SOURCE_CONTINUE;
}

/* What changes while one looks is looked at too. */
static void
test_touch_in_callback (void)
{
  g_autoptr (DispNotice) notice = disp_notice_new ();
  Watcher watcher = { .notice = notice };

  disp_notice_watch (notice, touch_once, &watcher);
  disp_notice_touch (notice);
  g_assert_cmpuint (watcher_take (&watcher), ==, 2);
  disp_notice_unwatch (notice, &watcher);
}

static void
test_unwatch (void)
{
  g_autoptr (DispNotice) notice = disp_notice_new ();
  Watcher watcher;

  /* Nobody hears of that. */
  disp_notice_touch (notice);
  watcher_init (&watcher, notice);
  g_assert_cmpuint (watcher_take (&watcher), ==, 0);
  /* It was due, and does not come any more. */
  disp_notice_touch (notice);
  disp_notice_unwatch (notice, &watcher);
  disp_notice_unwatch (notice, &watcher);
  disp_notice_touch (notice);
  g_assert_cmpuint (watcher_take (&watcher), ==, 0);
  watcher_clear (&watcher);
  watcher_init (&watcher, notice);
  disp_notice_touch (notice);
  g_assert_cmpuint (watcher_take (&watcher), ==, 1);
  watcher_clear (&watcher);
}

/* Each hears of it, and goes without the others noticing. */
static void
test_two (void)
{
  g_autoptr (DispNotice) notice = disp_notice_new ();
  Watcher one;
  Watcher two;

  watcher_init (&one, notice);
  watcher_init (&two, notice);
  disp_notice_touch (notice);
  g_assert_cmpuint (watcher_take (&one), ==, 1);
  g_assert_cmpuint (watcher_take (&two), ==, 1);
  disp_notice_touch (notice);
  watcher_clear (&one);
  g_assert_cmpuint (watcher_take (&two), ==, 1);
  g_assert_cmpuint (one.n_calls, ==, 0);
  watcher_clear (&two);
}

typedef struct
{
  DispNotice *notice;  /* (owned) */
  atomic_uint n_ended; /* (atomic) threads that touch no more */
  atomic_uint changes; /* (atomic) what is looked at */
  guint seen;          /* of the watching thread */
} Touching;

static gboolean
look (gpointer user_data)
{
  Touching *touching = user_data;

  touching->seen = atomic_load (&touching->changes);
  return G_SOURCE_CONTINUE;
}

static void
touch_or_look (guint number, gpointer user_data)
{
  Touching *touching = user_data;

  if (number < N_THREADS)
    {
      for (guint i = 0; i < N_TOUCHES; i++)
        {
          atomic_fetch_add (&touching->changes, 1);
          disp_notice_touch (touching->notice);
        }
      atomic_fetch_add (&touching->n_ended, 1);
      return;
    }
  {
    g_autoptr (GMainContext) context = g_main_context_new ();

    g_main_context_push_thread_default (context);
    disp_notice_watch (touching->notice, look, touching);
    /* Now and then nobody watches. */
    for (guint i = 0; atomic_load (&touching->n_ended) < N_THREADS; i++)
      {
        g_main_context_iteration (context, FALSE);
        if (i % 16 != 0)
          continue;
        disp_notice_unwatch (touching->notice, touching);
        disp_notice_watch (touching->notice, look, touching);
      }
    disp_notice_touch (touching->notice);
    while (touching->seen != N_THREADS * N_TOUCHES)
      g_main_context_iteration (context, TRUE);
    disp_notice_unwatch (touching->notice, touching);
    g_main_context_pop_thread_default (context);
  }
}

/* Any thread touches; the last change is seen. */
static void
test_threads (void)
{
  Touching touching = { .notice = disp_notice_new () };

  fixture_run_threads (N_THREADS + 1, touch_or_look, &touching);
  g_assert_cmpuint (touching.seen, ==, N_THREADS * N_TOUCHES);
  disp_notice_unref (touching.notice);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/notice/coalesced", test_coalesced);
  g_test_add_func ("/engine/notice/touch-in-callback", test_touch_in_callback);
  g_test_add_func ("/engine/notice/unwatch", test_unwatch);
  g_test_add_func ("/engine/notice/two", test_two);
  g_test_add_func ("/engine/notice/threads", test_threads);
  return g_test_run ();
}
