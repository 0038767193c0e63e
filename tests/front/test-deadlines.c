/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/deadlines.h"

#include "support/fake-clock.h"

#define TICK DISP_TIMER_WHEEL_TICK

typedef struct
{
  DispDeadline deadline;
  DispDeadlines *deadlines; /* (unowned) */
  gint64 at;
  guint n_calls;
} Alarm;

typedef struct
{
  FakeClock *clock;         /* (owned) */
  DispDeadlines *deadlines; /* (owned) */
} Fixture;

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->clock = fake_clock_new ();
  fixture->deadlines = disp_deadlines_new (DISP_CLOCK (fixture->clock));
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_clear_pointer (&fixture->deadlines, disp_deadlines_free);
  g_assert_cmpuint (fake_clock_count_timers (fixture->clock), ==, 0);
  g_assert_finalize_object (fixture->clock);
}

static void
on_due (DispDeadline *deadline)
{
  Alarm *self = (Alarm *) deadline;
  gint64 now = disp_deadlines_now (self->deadlines);

  g_assert_cmpint (now, >=, self->at);
  g_assert_cmpint (now, <=, self->at + TICK);
  self->n_calls++;
}

static void
set (Fixture *fixture, Alarm *alarm, gint64 after)
{
  alarm->deadline.due = on_due;
  alarm->deadlines = fixture->deadlines;
  alarm->at = disp_deadlines_now (fixture->deadlines) + after;
  disp_deadlines_set (fixture->deadlines, &alarm->deadline, alarm->at);
}

static void
test_one (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  Alarm alarm = { .n_calls = 0 };

  g_assert_cmpuint (fake_clock_count_timers (fixture->clock), ==, 0);
  set (fixture, &alarm, 75 * G_USEC_PER_SEC);
  g_assert_cmpuint (fake_clock_count_timers (fixture->clock), ==, 1);
  fake_clock_advance (fixture->clock, 75 * G_USEC_PER_SEC - 1);
  g_assert_cmpuint (alarm.n_calls, ==, 0);
  fake_clock_advance (fixture->clock, 1);
  g_assert_cmpuint (alarm.n_calls, ==, 1);
  g_assert_cmpuint (fake_clock_count_timers (fixture->clock), ==, 0);
}

/* An earlier one moves the timer, a later one does not. */
static void
test_order (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  Alarm late = { .n_calls = 0 }, early = { .n_calls = 0 };

  set (fixture, &late, 10 * G_USEC_PER_SEC);
  set (fixture, &early, 5 * G_USEC_PER_SEC);
  g_assert_cmpuint (fake_clock_count_timers (fixture->clock), ==, 1);
  fake_clock_advance (fixture->clock, 5 * G_USEC_PER_SEC);
  g_assert_cmpuint (early.n_calls, ==, 1);
  g_assert_cmpuint (late.n_calls, ==, 0);
  fake_clock_advance (fixture->clock, 5 * G_USEC_PER_SEC);
  g_assert_cmpuint (late.n_calls, ==, 1);
  g_assert_cmpuint (fake_clock_count_timers (fixture->clock), ==, 0);
}

/* What is set anew for each of many requests costs one timer in a while, and ends with none. */
static void
test_moved (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  Alarm alarm = { .n_calls = 0 };

  for (guint i = 0; i < 1000; i++)
    {
      set (fixture, &alarm, 10 * G_USEC_PER_SEC);
      g_assert_cmpuint (fake_clock_count_timers (fixture->clock), ==, 1);
      fake_clock_advance (fixture->clock, G_USEC_PER_SEC);
    }
  g_assert_cmpuint (alarm.n_calls, ==, 0);
  disp_deadline_clear (&alarm.deadline);
  fake_clock_advance (fixture->clock, 10 * G_USEC_PER_SEC);
  g_assert_cmpuint (alarm.n_calls, ==, 0);
  g_assert_cmpuint (fake_clock_count_timers (fixture->clock), ==, 0);
}

static guint
count_wake_ups (GPtrArray *alarms)
{
  g_autoptr (GHashTable) times = g_hash_table_new (g_int64_hash, g_int64_equal);

  for (guint i = 0; i < alarms->len; i++)
    g_hash_table_add (times, g_ptr_array_index (alarms, i));
  return g_hash_table_size (times);
}

static void
on_due_note (DispDeadline *deadline)
{
  Alarm *self = (Alarm *) deadline;

  on_due (deadline);
  self->at = disp_deadlines_now (self->deadlines); /* for count_wake_ups() */
}

/* Many that come close together share a wake-up. */
static void
test_many (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  Alarm alarms[1000] = { 0 };
  g_autoptr (GPtrArray) times = g_ptr_array_new ();

  for (guint i = 0; i < G_N_ELEMENTS (alarms); i++)
    {
      set (fixture, &alarms[i], g_test_rand_int_range (0, 10 * TICK));
      alarms[i].deadline.due = on_due_note;
      g_ptr_array_add (times, &alarms[i].at);
    }
  fake_clock_advance (fixture->clock, 11 * TICK);
  for (guint i = 0; i < G_N_ELEMENTS (alarms); i++)
    g_assert_cmpuint (alarms[i].n_calls, ==, 1);
  g_assert_cmpuint (count_wake_ups (times), <=, 11);
  g_assert_cmpuint (fake_clock_count_timers (fixture->clock), ==, 0);
}

static void
on_due_repeat (DispDeadline *deadline)
{
  Alarm *self = (Alarm *) deadline;

  self->n_calls++;
  disp_deadlines_set (self->deadlines, deadline, 0);
}

/* One that is set again and again to a time which is over does not take the loop for itself. */
static void
test_repeated (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  Alarm alarm = { .n_calls = 0 };

  set (fixture, &alarm, 0);
  alarm.deadline.due = on_due_repeat;
  fake_clock_advance (fixture->clock, 10 * TICK);
  g_assert_cmpuint (alarm.n_calls, ==, 11);
  g_assert_cmpuint (fake_clock_count_timers (fixture->clock), ==, 1);
  disp_deadline_clear (&alarm.deadline);
}

static void
test_freed (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  Alarm alarm = { .n_calls = 0 };

  set (fixture, &alarm, TICK);
  g_clear_pointer (&fixture->deadlines, disp_deadlines_free);
  g_assert_null (alarm.deadline.wheel);
  fake_clock_advance (fixture->clock, 2 * TICK);
  g_assert_cmpuint (alarm.n_calls, ==, 0);
}

/* By the clock of the system, in the thread-default context. */
static void
test_system_clock (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (DispClock) clock = disp_system_clock_new ();
  g_autoptr (DispDeadlines) deadlines = NULL;
  Alarm alarm = { .deadline.due = on_due_repeat };
  gint64 start;

  g_main_context_push_thread_default (context);
  deadlines = disp_deadlines_new (clock);
  alarm.deadlines = deadlines;
  start = disp_deadlines_now (deadlines);
  disp_deadlines_set (deadlines, &alarm.deadline, start + 1000);
  while (alarm.n_calls < 3)
    g_main_context_iteration (context, TRUE);
  g_assert_cmpint (disp_deadlines_now (deadlines), >=, start + 1000 + 2 * TICK);
  g_clear_pointer (&deadlines, disp_deadlines_free);
  g_assert_false (g_main_context_pending (context));
  g_main_context_pop_thread_default (context);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, test)                                                                            \
  g_test_add ("/front/deadlines/" path, Fixture, NULL, set_up, test, tear_down)
  ADD ("one", test_one);
  ADD ("order", test_order);
  ADD ("moved", test_moved);
  ADD ("many", test_many);
  ADD ("repeated", test_repeated);
  ADD ("freed", test_freed);
#undef ADD
  g_test_add_func ("/front/deadlines/system-clock", test_system_clock);
  return g_test_run ();
}
