/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/timer-wheel.h"

#define TICK DISP_TIMER_WHEEL_TICK
/* When the wheels of the tests begin. */
#define START (7 * G_USEC_PER_SEC + 12345)
/* More than one round of the wheel. */
#define FAR (3600 * (gint64) G_USEC_PER_SEC)
#define N_ALARMS 60

typedef struct _Scene Scene;

/* A deadline and what a naive model holds of it. */
typedef struct
{
  DispDeadline deadline;
  Scene *scene;  /* (unowned) */
  gint64 at;     /* -1: not set */
  guint n_calls; /* how often it came */
} Alarm;

struct _Scene
{
  DispTimerWheel *wheel; /* (owned) */
  gint64 now;
  Alarm *alarms[N_ALARMS]; /* (owned) */
  gint64 set_inside[N_ALARMS];
  guint n_called;
  gboolean is_restless; /* alarms change others when they come */
};

static void on_due (DispDeadline *deadline);

static Alarm *
alarm_new (Scene *scene)
{
  Alarm *self = g_new0 (Alarm, 1);

  self->deadline.due = on_due;
  self->scene = scene;
  self->at = -1;
  return self;
}

static void
set (Alarm *alarm, gint64 at)
{
  disp_timer_wheel_set (alarm->scene->wheel, &alarm->deadline, at);
  alarm->at = at;
}

static void
clear (Alarm *alarm)
{
  disp_deadline_clear (&alarm->deadline);
  alarm->at = -1;
}

static gint64
random_time (Scene *scene)
{
  static const gint64 spans[] = { 1, TICK, 10 * TICK, 60 * G_USEC_PER_SEC, FAR };
  gint64 span = spans[g_test_rand_int_range (0, G_N_ELEMENTS (spans))];

  return scene->now + (gint64) (g_test_rand_double () * (double) span)
         - (g_test_rand_bit () ? 0 : TICK / 2);
}

/* Does something to an alarm, the one that just came perhaps. */
static void
disturb (Scene *scene)
{
  guint i = (guint) g_test_rand_int_range (0, N_ALARMS);

  switch (g_test_rand_int_range (0, 4))
    {
    case 0:
      clear (scene->alarms[i]);
      break;
    case 1:
      clear (scene->alarms[i]);
      g_free (scene->alarms[i]);
      scene->alarms[i] = alarm_new (scene);
      break;
    default:
      set (scene->alarms[i], random_time (scene));
      scene->set_inside[i] = scene->alarms[i]->at;
    }
}

static void
on_due (DispDeadline *deadline)
{
  Alarm *self = (Alarm *) deadline;
  Scene *scene = self->scene;

  g_assert_cmpint (self->at, !=, -1);
  g_assert_cmpint (self->at, <=, scene->now);
  g_assert_false (disp_deadline_is_set (deadline));
  self->at = -1;
  self->n_calls++;
  scene->n_called++;
  if (scene->is_restless)
    disturb (scene);
}

static void
scene_init (Scene *scene)
{
  *scene = (Scene){ .now = START, .wheel = disp_timer_wheel_new (START) };
  for (guint i = 0; i < N_ALARMS; i++)
    scene->alarms[i] = alarm_new (scene);
}

static void
scene_clear (Scene *scene)
{
  disp_timer_wheel_free (scene->wheel);
  for (guint i = 0; i < N_ALARMS; i++)
    {
      g_assert_false (disp_deadline_is_set (&scene->alarms[i]->deadline));
      g_free (scene->alarms[i]);
    }
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Scene, scene_clear)

static void
advance (Scene *scene, gint64 now)
{
  scene->now = now;
  disp_timer_wheel_advance (scene->wheel, now);
}

static gint64
next_of_model (Scene *scene)
{
  gint64 next = G_MAXINT64;

  for (guint i = 0; i < N_ALARMS; i++)
    {
      g_assert_cmpint (disp_deadline_is_set (&scene->alarms[i]->deadline), ==,
                       scene->alarms[i]->at != -1);
      if (scene->alarms[i]->at != -1)
        next = MIN (next, scene->alarms[i]->at);
    }
  return next;
}

/* After the wheel has advanced nothing that was set before is due. */
static void
assert_none_due (Scene *scene)
{
  for (guint i = 0; i < N_ALARMS; i++)
    if (scene->alarms[i]->at != scene->set_inside[i])
      g_assert_true (scene->alarms[i]->at == -1 || scene->alarms[i]->at > scene->now);
}

static void
test_exact (void)
{
  g_auto (Scene) scene;
  Alarm *alarm;

  scene_init (&scene);
  alarm = scene.alarms[0];
  g_assert_cmpint (disp_timer_wheel_get_next (scene.wheel), ==, G_MAXINT64);
  for (gint64 after = 1; after < FAR; after = after * 3 + 1)
    {
      gint64 at = scene.now + after;

      alarm->n_calls = 0;
      set (alarm, at);
      g_assert_cmpint (disp_timer_wheel_get_next (scene.wheel), ==, at);
      advance (&scene, at - 1);
      g_assert_cmpuint (alarm->n_calls, ==, 0);
      g_assert_cmpint (disp_timer_wheel_get_next (scene.wheel), ==, at);
      advance (&scene, at);
      g_assert_cmpuint (alarm->n_calls, ==, 1);
      g_assert_cmpint (disp_timer_wheel_get_next (scene.wheel), ==, G_MAXINT64);
      advance (&scene, at + FAR);
      g_assert_cmpuint (alarm->n_calls, ==, 1);
    }
}

static void
test_moved (void)
{
  g_auto (Scene) scene;
  Alarm *alarm;

  scene_init (&scene);
  alarm = scene.alarms[0];
  set (alarm, START + 5 * TICK);
  set (alarm, START + 9 * TICK);
  advance (&scene, START + 9 * TICK - 1);
  g_assert_cmpuint (alarm->n_calls, ==, 0);
  set (alarm, START + 10 * TICK);
  set (alarm, START + 9 * TICK);
  advance (&scene, START + 9 * TICK);
  g_assert_cmpuint (alarm->n_calls, ==, 1);
  set (alarm, START + FAR);
  clear (alarm);
  clear (alarm);
  g_assert_cmpint (disp_timer_wheel_get_next (scene.wheel), ==, G_MAXINT64);
  advance (&scene, START + 2 * FAR);
  g_assert_cmpuint (alarm->n_calls, ==, 1);
}

/* What comes already over is called when the wheel advances, even if the time stands still, or runs
 * backwards. */
static void
test_over (void)
{
  g_auto (Scene) scene;
  Alarm *alarm;

  scene_init (&scene);
  alarm = scene.alarms[0];
  set (alarm, 0);
  g_assert_cmpuint (alarm->n_calls, ==, 0);
  g_assert_cmpint (disp_timer_wheel_get_next (scene.wheel), <=, START);
  advance (&scene, START);
  g_assert_cmpuint (alarm->n_calls, ==, 1);
  set (alarm, START - 5 * TICK);
  advance (&scene, START - 2 * TICK);
  g_assert_cmpuint (alarm->n_calls, ==, 2);
}

static void
on_due_again (DispDeadline *deadline)
{
  Alarm *self = (Alarm *) deadline;

  self->n_calls++;
  disp_timer_wheel_set (self->scene->wheel, deadline, self->scene->now);
}

/* One that sets itself to a time which is over comes once each time. */
static void
test_again (void)
{
  g_auto (Scene) scene;
  Alarm *alarm;

  scene_init (&scene);
  alarm = scene.alarms[0];
  alarm->deadline.due = on_due_again;
  set (alarm, START);
  for (guint i = 1; i < 5; i++)
    {
      advance (&scene, START + i * TICK);
      g_assert_cmpuint (alarm->n_calls, ==, i);
    }
}

static void
on_due_nested (DispDeadline *deadline)
{
  Alarm *self = (Alarm *) deadline;

  self->n_calls++;
  disp_timer_wheel_advance (self->scene->wheel, self->scene->now);
  for (guint i = 0; i < N_ALARMS; i++)
    g_assert_cmpuint (self->scene->alarms[i]->n_calls, ==, 1);
}

/* In a loop that runs inside of a callback the others come. */
static void
test_nested (void)
{
  g_auto (Scene) scene;

  scene_init (&scene);
  for (guint i = 0; i < N_ALARMS; i++)
    set (scene.alarms[i], START + i);
  scene.alarms[0]->deadline.due = on_due_nested;
  advance (&scene, START + TICK);
  for (guint i = 0; i < N_ALARMS; i++)
    g_assert_cmpuint (scene.alarms[i]->n_calls, ==, 1);
}

/* Random operations, against a model that looks at all; --seed of GTest repeats them. */
static void
test_random (gconstpointer is_restless)
{
  g_auto (Scene) scene;

  scene_init (&scene);
  scene.is_restless = GPOINTER_TO_INT (is_restless);
  for (guint i = 0; i < 100000; i++)
    {
      gint64 next, first;

      for (guint j = 0; j < N_ALARMS; j++)
        scene.set_inside[j] = -1;
      if (g_test_rand_int_range (0, 3) > 0)
        {
          disturb (&scene);
          continue;
        }
      first = next_of_model (&scene);
      next = disp_timer_wheel_get_next (scene.wheel);
      g_assert_cmpint (next, <=, first);
      if (first == G_MAXINT64)
        g_assert_cmpint (next, ==, G_MAXINT64);
      /* As a clock would do it: to the next time, or a bit later. */
      if (next != G_MAXINT64)
        advance (&scene, MAX (scene.now, next + g_test_rand_int_range (0, (int) TICK)));
      else
        advance (&scene, scene.now + TICK);
      assert_none_due (&scene);
    }
  g_assert_cmpuint (scene.n_called, >, 1000);
}

/* A wheel on which all was cleared finds that out, one look for each time that was cleared. */
static void
test_get_next_ends (void)
{
  g_auto (Scene) scene;
  guint n_looks = 0;
  gint64 next;

  scene_init (&scene);
  for (guint i = 0; i < N_ALARMS; i++)
    {
      set (scene.alarms[i], START + (gint64) i * 2 * TICK);
      set (scene.alarms[i], START + FAR + (gint64) i * 51 * TICK);
    }
  while ((next = disp_timer_wheel_get_next (scene.wheel)) < START + FAR)
    {
      g_assert_cmpint (next, >=, scene.now);
      advance (&scene, next);
      g_assert_cmpuint (++n_looks, <=, N_ALARMS);
    }
  g_assert_cmpuint (scene.n_called, ==, 0);
  g_assert_cmpint (next, ==, START + FAR);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/net/timer-wheel/exact", test_exact);
  g_test_add_func ("/net/timer-wheel/moved", test_moved);
  g_test_add_func ("/net/timer-wheel/over", test_over);
  g_test_add_func ("/net/timer-wheel/again", test_again);
  g_test_add_func ("/net/timer-wheel/nested", test_nested);
  g_test_add_func ("/net/timer-wheel/get-next-ends", test_get_next_ends);
  g_test_add_data_func ("/net/timer-wheel/random", GINT_TO_POINTER (FALSE), test_random);
  g_test_add_data_func ("/net/timer-wheel/random-restless", GINT_TO_POINTER (TRUE), test_random);
  return g_test_run ();
}
