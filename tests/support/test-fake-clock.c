/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/fake-clock.h"

typedef struct
{
  FakeClock *fake;  /* (owned) */
  DispClock *clock; /* (unowned) the same */
  GString *log;     /* (owned) what rang, and when, in milliseconds after the start */
  gint64 start;
  GSource *timer; /* (owned) (nullable) for the callbacks */
} Fixture;

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->fake = fake_clock_new ();
  fixture->clock = DISP_CLOCK (fixture->fake);
  fixture->log = g_string_new (NULL);
  fixture->start = disp_clock_now (fixture->clock);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  disp_clock_clear_timer (&fixture->timer);
  g_assert_finalize_object (fixture->fake);
  g_string_free (fixture->log, TRUE);
}

static void
write_log (Fixture *fixture, char name)
{
  g_string_append_printf (fixture->log, "%c%d ", name,
                          (int) ((disp_clock_now (fixture->clock) - fixture->start) / 1000));
}

static gboolean
on_a (gpointer user_data)
{
  write_log (user_data, 'a');
  return G_SOURCE_REMOVE;
}

static gboolean
on_b (gpointer user_data)
{
  write_log (user_data, 'b');
  return G_SOURCE_CONTINUE;
}

static GSource *
add (Fixture *fixture, int milliseconds, GSourceFunc callback)
{
  return disp_clock_add_timer (fixture->clock, fixture->start + milliseconds * 1000, "test",
                               callback, fixture);
}

static void
test_stands (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  gint64 real = disp_clock_now_real (fixture->clock);

  g_assert_cmpint (disp_clock_now (fixture->clock), ==, fixture->start);
  fake_clock_advance (fixture->fake, 77);
  g_assert_cmpint (disp_clock_now (fixture->clock), ==, fixture->start + 77);
  g_assert_cmpint (disp_clock_now_real (fixture->clock), ==, real + 77);
}

static void
test_order (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  GSource *timers[] = {
    add (fixture, 30, on_a), add (fixture, 10, on_b), add (fixture, 20, on_a),
    add (fixture, 20, on_b), add (fixture, 41, on_a),
  };

  g_assert_cmpuint (fake_clock_count_timers (fixture->fake), ==, 5);
  fake_clock_advance (fixture->fake, 9999);
  g_assert_cmpstr (fixture->log->str, ==, "");
  fake_clock_advance (fixture->fake, 1);
  g_assert_cmpstr (fixture->log->str, ==, "b10 ");
  fake_clock_advance (fixture->fake, 30000);
  g_assert_cmpstr (fixture->log->str, ==, "b10 a20 b20 a30 ");
  g_assert_cmpint (disp_clock_now (fixture->clock), ==, fixture->start + 40000);
  g_assert_cmpuint (fake_clock_count_timers (fixture->fake), ==, 1);
  for (guint i = 0; i < G_N_ELEMENTS (timers); i++)
    disp_clock_clear_timer (&timers[i]);
  g_assert_cmpuint (fake_clock_count_timers (fixture->fake), ==, 0);
}

static void
test_past (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->timer = add (fixture, -500, on_a);
  g_assert_cmpstr (fixture->log->str, ==, "");
  fake_clock_advance (fixture->fake, 0);
  g_assert_cmpstr (fixture->log->str, ==, "a0 ");
}

static void
test_clear (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->timer = add (fixture, 10, on_a);
  disp_clock_clear_timer (&fixture->timer);
  g_assert_cmpuint (fake_clock_count_timers (fixture->fake), ==, 0);
  fake_clock_advance (fixture->fake, G_USEC_PER_SEC);
  g_assert_cmpstr (fixture->log->str, ==, "");
}

static gboolean
on_chain (gpointer user_data)
{
  Fixture *fixture = user_data;

  write_log (fixture, 'c');
  disp_clock_clear_timer (&fixture->timer);
  fixture->timer = disp_clock_add_timer (fixture->clock, disp_clock_now (fixture->clock) + 10000,
                                         "chain", on_chain, fixture);
  return G_SOURCE_REMOVE;
}

/* Timers that a callback adds ring too, when they fall due on the way. */
static void
test_chain (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->timer = add (fixture, 10, on_chain);
  fake_clock_advance (fixture->fake, 35000);
  g_assert_cmpstr (fixture->log->str, ==, "c10 c20 c30 ");
  g_assert_cmpuint (fake_clock_count_timers (fixture->fake), ==, 1);
}

static gboolean
on_clear (gpointer user_data)
{
  Fixture *fixture = user_data;

  write_log (fixture, 'x');
  disp_clock_clear_timer (&fixture->timer);
  return G_SOURCE_REMOVE;
}

/* A callback may clear a timer that is due at the same moment. */
static void
test_clear_other (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  GSource *clearing = add (fixture, 10, on_clear);

  fixture->timer = add (fixture, 10, on_a);
  fake_clock_advance (fixture->fake, 20000);
  g_assert_cmpstr (fixture->log->str, ==, "x10 ");
  disp_clock_clear_timer (&clearing);
}

/* A timer of test_many(). */
typedef struct
{
  Fixture *fixture;
  gint64 at;
  guint number;
  GSource *timer; /* (owned) (nullable) */
  guint n_rung;
} Many;

static gint64 last_at;
static guint last_number;

static gboolean
on_many (gpointer user_data)
{
  Many *many = user_data;

  g_assert_cmpint (disp_clock_now (many->fixture->clock), ==, many->at);
  g_assert_true (many->at > last_at || (many->at == last_at && many->number > last_number));
  last_at = many->at;
  last_number = many->number;
  many->n_rung++;
  return G_SOURCE_REMOVE;
}

/* Many timers, most of which are cleared: the others ring one by one, in order; of those that are
 * due at once the one that was added first. */
static void
test_many (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static Many many[5000];
  guint n_left = 0;
  guint n_steps = 0;
  gint64 end = fixture->start + 1000;

  last_at = 0;
  for (guint i = 0; i < G_N_ELEMENTS (many); i++)
    {
      many[i] = (Many){ fixture, fixture->start + g_test_rand_int_range (0, 1000), i, NULL, 0 };
      many[i].timer = disp_clock_add_timer (fixture->clock, many[i].at, "many", on_many, &many[i]);
      if (i % 3 != 0)
        disp_clock_clear_timer (&many[i - g_test_rand_int_range (0, 2)].timer);
    }
  for (guint i = 0; i < G_N_ELEMENTS (many); i++)
    n_left += many[i].timer != NULL ? 1 : 0;
  g_assert_cmpuint (fake_clock_count_timers (fixture->fake), ==, n_left);
  while (fake_clock_step (fixture->fake, end))
    n_steps++;
  g_assert_cmpint (disp_clock_now (fixture->clock), ==, end);
  g_assert_cmpuint (n_steps, ==, n_left);
  for (guint i = 0; i < G_N_ELEMENTS (many); i++)
    {
      g_assert_cmpuint (many[i].n_rung, ==, many[i].timer != NULL ? 1 : 0);
      disp_clock_clear_timer (&many[i].timer);
    }
}

#define ADD(path, function)                                                                        \
  g_test_add ("/support/fake-clock/" path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("stands", test_stands);
  ADD ("order", test_order);
  ADD ("past", test_past);
  ADD ("clear", test_clear);
  ADD ("chain", test_chain);
  ADD ("clear-other", test_clear_other);
  ADD ("many", test_many);
  return g_test_run ();
}
