/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/clock.h"

#define HOUR (G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC)

typedef struct
{
  GMainContext *context; /* (owned) thread-default while the test runs */
  DispClock *clock;      /* (owned) */
} Fixture;

/* A timer that tells what became of it. */
typedef struct
{
  DispClock *clock; /* (unowned) */
  GSource *timer;   /* (owned) (nullable) */
  GSource **victim; /* (unowned) (nullable) another timer, which this one clears when it rings */
  gint64 at;
  gint64 rang_at; /* when it rang last */
  guint n_rings;
  gboolean result;
  GThread *thread; /* (unowned) where it rang */
} Alarm;

static gboolean
on_ring (gpointer user_data)
{
  Alarm *alarm = user_data;

  alarm->n_rings++;
  alarm->rang_at = disp_clock_now (alarm->clock);
  alarm->thread = g_thread_self ();
  if (alarm->victim != NULL)
    disp_clock_clear_timer (alarm->victim);
  return alarm->result;
}

static void
set_alarm (Alarm *alarm, DispClock *clock, gint64 at)
{
  *alarm = (Alarm){ .clock = clock, .at = at, .result = G_SOURCE_REMOVE };
  alarm->timer = disp_clock_add_timer (clock, at, "alarm", on_ring, alarm);
}

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->context = g_main_context_new ();
  g_main_context_push_thread_default (fixture->context);
  fixture->clock = disp_system_clock_new ();
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_assert_finalize_object (fixture->clock);
  g_main_context_pop_thread_default (fixture->context);
  g_main_context_unref (fixture->context);
}

/* Lets ring what is due now. */
static void
turn (GMainContext *context)
{
  for (guint i = 0; i < 10; i++)
    g_main_context_iteration (context, FALSE);
}

static void
test_now (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  gint64 last = g_get_monotonic_time ();

  for (guint i = 0; i < 1000; i++)
    {
      gint64 now = disp_clock_now (fixture->clock);

      g_assert_cmpint (now, >=, last);
      last = now;
    }
  g_assert_cmpint (g_get_monotonic_time (), >=, last);
}

/* The two scales are not mixed up: the time since the epoch is past 2020. */
static void
test_now_real (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  gint64 expected = g_get_real_time ();
  gint64 now = disp_clock_now_real (fixture->clock);

  g_assert_cmpint (ABS (now - expected), <, HOUR);
  g_assert_cmpint (now, >, G_GINT64_CONSTANT (1577836800) * G_USEC_PER_SEC);
}

/* What is due rings once, from the context and not before; its source then wakes nobody. */
static void
test_once (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  const gint64 now = disp_clock_now (fixture->clock);
  const gint64 due[] = { now, now - 1, 1, 0, -1, -2, G_MININT64 };

  for (guint i = 0; i < G_N_ELEMENTS (due); i++)
    {
      Alarm alarm;

      set_alarm (&alarm, fixture->clock, due[i]);
      g_assert_cmpuint (alarm.n_rings, ==, 0);
      turn (fixture->context);
      g_assert_cmpuint (alarm.n_rings, ==, 1);
      g_assert_cmpint (g_source_get_ready_time (alarm.timer), ==, -1);
      disp_clock_clear_timer (&alarm.timer);
      g_assert_null (alarm.timer);
    }
}

static void
test_result (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  Alarm stops;
  Alarm goes_on;

  set_alarm (&stops, fixture->clock, 0);
  set_alarm (&goes_on, fixture->clock, 0);
  goes_on.result = G_SOURCE_CONTINUE;
  turn (fixture->context);
  g_assert_cmpuint (stops.n_rings, ==, 1);
  g_assert_cmpuint (goes_on.n_rings, ==, 1);
  disp_clock_clear_timer (&stops.timer);
  disp_clock_clear_timer (&goes_on.timer);
}

static void
test_not_early (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  for (guint i = 0; i < 20; i++)
    {
      gint64 wait = g_test_rand_int_range (1, 3000);
      Alarm alarm;

      set_alarm (&alarm, fixture->clock, disp_clock_now (fixture->clock) + wait);
      while (alarm.n_rings == 0)
        g_main_context_iteration (fixture->context, TRUE);
      g_assert_cmpint (alarm.rang_at, >=, alarm.at);
      disp_clock_clear_timer (&alarm.timer);
    }
}

static void
test_far (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  Alarm due;
  Alarm far;
  Alarm never;

  set_alarm (&never, fixture->clock, G_MAXINT64);
  set_alarm (&far, fixture->clock, disp_clock_now (fixture->clock) + HOUR);
  set_alarm (&due, fixture->clock, disp_clock_now (fixture->clock));
  turn (fixture->context);
  g_assert_cmpuint (due.n_rings, ==, 1);
  g_assert_cmpuint (far.n_rings, ==, 0);
  g_assert_cmpuint (never.n_rings, ==, 0);
  disp_clock_clear_timer (&due.timer);
  disp_clock_clear_timer (&far.timer);
  disp_clock_clear_timer (&never.timer);
}

/* Whether three timers, @gap microseconds apart and added in another order, rang one by one, each
 * before the next was due. */
static gboolean
ring_one_by_one (Fixture *fixture, gint64 gap)
{
  gint64 start = disp_clock_now (fixture->clock);
  Alarm first;
  Alarm second;
  Alarm third;

  set_alarm (&third, fixture->clock, start + 3 * gap);
  set_alarm (&first, fixture->clock, start + gap);
  set_alarm (&second, fixture->clock, start + 2 * gap);
  while (first.n_rings + second.n_rings + third.n_rings < 3)
    g_main_context_iteration (fixture->context, TRUE);
  g_assert_cmpuint (first.n_rings, ==, 1);
  g_assert_cmpuint (second.n_rings, ==, 1);
  disp_clock_clear_timer (&first.timer);
  disp_clock_clear_timer (&second.timer);
  disp_clock_clear_timer (&third.timer);
  return first.rang_at < second.at && second.rang_at < third.at;
}

/* On a machine that is too busy to tell them apart, they are set further apart. */
static void
test_order (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  gboolean is_ordered = FALSE;

  for (gint64 gap = 1000; !is_ordered && gap < 2 * G_USEC_PER_SEC; gap *= 2)
    is_ordered = ring_one_by_one (fixture, gap);
  g_assert_true (is_ordered);
}

static void
test_clear (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  Alarm alarm;
  g_autoptr (GSource) kept = NULL;

  set_alarm (&alarm, fixture->clock, 0);
  kept = g_source_ref (alarm.timer);
  disp_clock_clear_timer (&alarm.timer);
  g_assert_null (alarm.timer);
  g_assert_true (g_source_is_destroyed (kept));
  turn (fixture->context);
  g_assert_cmpuint (alarm.n_rings, ==, 0);
  disp_clock_clear_timer (&alarm.timer);
}

static void
test_clear_itself (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  Alarm alarm;

  set_alarm (&alarm, fixture->clock, 0);
  alarm.victim = &alarm.timer;
  alarm.result = G_SOURCE_CONTINUE;
  turn (fixture->context);
  g_assert_cmpuint (alarm.n_rings, ==, 1);
  g_assert_null (alarm.timer);
}

/* Two timers are due in the same turn of the loop; whichever comes first clears the other. */
static void
test_clear_each_other (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  Alarm one;
  Alarm other;

  set_alarm (&one, fixture->clock, 0);
  set_alarm (&other, fixture->clock, 0);
  one.victim = &other.timer;
  other.victim = &one.timer;
  turn (fixture->context);
  g_assert_cmpuint (one.n_rings + other.n_rings, ==, 1);
  g_assert_true ((one.timer == NULL) != (other.timer == NULL));
  disp_clock_clear_timer (&one.timer);
  disp_clock_clear_timer (&other.timer);
}

/* A timer belongs to the context that was thread-default when it was added. */
static void
test_context (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GMainContext) inner = g_main_context_new ();
  Alarm outside;
  Alarm inside;

  set_alarm (&outside, fixture->clock, 0);
  g_main_context_push_thread_default (inner);
  set_alarm (&inside, fixture->clock, 0);
  g_main_context_pop_thread_default (inner);
  g_assert_true (g_source_get_context (outside.timer) == fixture->context);
  g_assert_true (g_source_get_context (inside.timer) == inner);

  turn (NULL);
  g_assert_cmpuint (outside.n_rings + inside.n_rings, ==, 0);
  turn (inner);
  g_assert_cmpuint (outside.n_rings, ==, 0);
  g_assert_cmpuint (inside.n_rings, ==, 1);
  turn (fixture->context);
  g_assert_cmpuint (outside.n_rings, ==, 1);
  disp_clock_clear_timer (&outside.timer);
  disp_clock_clear_timer (&inside.timer);
}

/* Without one it is the default context. */
static void
test_default_context (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  Alarm alarm;

  g_main_context_pop_thread_default (fixture->context);
  set_alarm (&alarm, fixture->clock, 0);
  g_main_context_push_thread_default (fixture->context);
  turn (fixture->context);
  g_assert_cmpuint (alarm.n_rings, ==, 0);
  turn (NULL);
  g_assert_cmpuint (alarm.n_rings, ==, 1);
  disp_clock_clear_timer (&alarm.timer);
}

static gpointer
ring_in_thread (gpointer user_data)
{
  DispClock *clock = user_data;
  g_autoptr (GMainContext) context = g_main_context_new ();
  Alarm alarm;

  g_main_context_push_thread_default (context);
  set_alarm (&alarm, clock, disp_clock_now (clock) + 1000);
  while (alarm.n_rings == 0)
    g_main_context_iteration (context, TRUE);
  g_assert_true (alarm.thread == g_thread_self ());
  disp_clock_clear_timer (&alarm.timer);
  g_main_context_pop_thread_default (context);
  return NULL;
}

/* All workers share one clock. */
static void
test_threads (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  GThread *threads[8];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("worker", ring_in_thread, fixture->clock);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

static void
test_name (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  Alarm alarm;

  set_alarm (&alarm, fixture->clock, G_MAXINT64);
  g_assert_cmpstr (g_source_get_name (alarm.timer), ==, "alarm");
  disp_clock_clear_timer (&alarm.timer);
}

#define ADD(path, function)                                                                        \
  g_test_add ("/engine/clock/" path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("now", test_now);
  ADD ("now-real", test_now_real);
  ADD ("once", test_once);
  ADD ("result", test_result);
  ADD ("not-early", test_not_early);
  ADD ("far", test_far);
  ADD ("order", test_order);
  ADD ("clear", test_clear);
  ADD ("clear-itself", test_clear_itself);
  ADD ("clear-each-other", test_clear_each_other);
  ADD ("context", test_context);
  ADD ("default-context", test_default_context);
  ADD ("threads", test_threads);
  ADD ("name", test_name);
  return g_test_run ();
}
