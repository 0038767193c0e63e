/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/watchdog.h"

#include "control/supervisor.h"
#include "support/fake-clock.h"
#include "support/news.h"

#include <string.h>

#define LIMIT (10 * G_USEC_PER_SEC)
#define ALIVE "WATCHDOG=1"

enum
{
  WORKER,
  LOG,
  N_THREADS,
};

typedef struct
{
  Supervisor *supervisor; /* (owned) */
  DispNotify *notify;     /* (owned) */
  FakeClock *clock;       /* (owned) */
  GMainContext *context;  /* (owned) of the worker, which this thread runs */
  GPtrArray *heartbeats;  /* (owned) */
  DispWatchdog *watchdog; /* (owned) */
} Fixture;

/* What the log said since it was looked at last. */
static GString *said;

static void
assert_said (const char *expected)
{
  g_assert_cmpstr (said->str, ==, expected);
  g_string_truncate (said, 0);
}

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->supervisor = supervisor_new (FALSE);
  fixture->notify = disp_notify_new (fixture->supervisor->address, &error);
  g_assert_no_error (error);
  fixture->clock = fake_clock_new ();
  fixture->context = g_main_context_new ();
  fixture->heartbeats = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_heartbeat_unref);
  g_ptr_array_add (fixture->heartbeats, disp_heartbeat_new ("worker-0", fixture->context));
  g_ptr_array_add (fixture->heartbeats, disp_heartbeat_new ("request-log", NULL));
  fixture->watchdog = disp_watchdog_new (fixture->notify, DISP_CLOCK (fixture->clock), LIMIT,
                                         fixture->heartbeats);
  g_string_truncate (said, 0);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  disp_watchdog_free (fixture->watchdog);
  g_assert_cmpuint (fake_clock_count_timers (fixture->clock), ==, 0);
  while (g_main_context_iteration (fixture->context, FALSE))
    ;
  supervisor_assert_silent (fixture->supervisor);
  g_ptr_array_unref (fixture->heartbeats);
  g_main_context_unref (fixture->context);
  g_assert_finalize_object (fixture->clock);
  disp_notify_free (fixture->notify);
  supervisor_free (fixture->supervisor);
  assert_said ("");
}

static DispHeartbeat *
get (Fixture *fixture, guint which)
{
  return g_ptr_array_index (fixture->heartbeats, which);
}

static void
run_worker (Fixture *fixture)
{
  g_assert_true (g_main_context_iteration (fixture->context, FALSE));
}

static void
work (Fixture *fixture)
{
  run_worker (fixture);
  disp_heartbeat_answer (get (fixture, LOG));
}

/* It is fed at half of the time, and nothing is said. */
static void
test_fed (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  for (guint i = 0; i < 10; i++)
    {
      work (fixture);
      fake_clock_advance (fixture->clock, LIMIT / 2 - 1);
      supervisor_assert_silent (fixture->supervisor);
      fake_clock_advance (fixture->clock, 1);
      supervisor_assert_next (fixture->supervisor, ALIVE);
      supervisor_assert_silent (fixture->supervisor);
    }
}

/* Any single thread that hangs is enough; the log names it once, however long it hangs. */
static void
test_stalled (Fixture *fixture, gconstpointer data)
{
  guint which = GPOINTER_TO_UINT (data);
  const char *name = disp_heartbeat_get_name (get (fixture, which));
  g_autofree char *stalled = g_strdup_printf (
      "the thread %s makes no progress; the watchdog is not fed until it does\n", name);
  g_autofree char *again = g_strdup_printf ("the thread %s makes progress again\n", name);

  work (fixture);
  fake_clock_advance (fixture->clock, LIMIT / 2);
  supervisor_assert_next (fixture->supervisor, ALIVE);
  if (which == LOG)
    run_worker (fixture);
  else
    disp_heartbeat_answer (get (fixture, LOG));
  fake_clock_advance (fixture->clock, LIMIT / 2);
  assert_said (stalled);
  fake_clock_advance (fixture->clock, 2 * LIMIT);
  assert_said ("");
  supervisor_assert_silent (fixture->supervisor);

  if (which == LOG)
    disp_heartbeat_answer (get (fixture, LOG));
  else
    run_worker (fixture);
  /* Well before the supervisor would lose its patience. */
  fake_clock_advance (fixture->clock, LIMIT / 10);
  assert_said (again);
  supervisor_assert_next (fixture->supervisor, ALIVE);
  work (fixture);
  fake_clock_advance (fixture->clock, LIMIT / 2);
  supervisor_assert_next (fixture->supervisor, ALIVE);
}

/* Threads that wait, or that have ended, are well, without being woken. */
static void
test_resting (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  run_worker (fixture);
  disp_heartbeat_rest (get (fixture, WORKER));
  disp_heartbeat_rest (get (fixture, LOG));
  for (guint i = 0; i < 5; i++)
    {
      fake_clock_advance (fixture->clock, LIMIT / 2);
      supervisor_assert_next (fixture->supervisor, ALIVE);
      g_assert_false (g_main_context_pending (fixture->context));
    }
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
  said = g_string_new (NULL);
  news_keep_in (said);
  g_test_add ("/control/watchdog/fed", Fixture, NULL, set_up, test_fed, tear_down);
  g_test_add ("/control/watchdog/stalled/worker", Fixture, GUINT_TO_POINTER (WORKER), set_up,
              test_stalled, tear_down);
  g_test_add ("/control/watchdog/stalled/log", Fixture, GUINT_TO_POINTER (LOG), set_up,
              test_stalled, tear_down);
  g_test_add ("/control/watchdog/resting", Fixture, NULL, set_up, test_resting, tear_down);
  status = g_test_run ();
  g_string_free (said, TRUE);
  return status;
}
