/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/standing.h"

#include "support/fixtures.h"

#define SECOND G_USEC_PER_SEC
#define N_THREADS 8

typedef struct
{
  DispStanding *whole; /* (owned) */
  DispStanding *a;     /* (unowned) that of a model there */
  DispStanding *b;     /* (unowned) and of another */
} Fixture;

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->whole = disp_standing_new ();
  fixture->a = disp_standing_for_model (fixture->whole, "a");
  fixture->b = disp_standing_for_model (fixture->whole, "b");
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  disp_standing_unref (fixture->whole);
}

static DispHealthState
get_state (Fixture *fixture, gint64 now)
{
  gint64 next_change = G_MAXINT64;

  return disp_standing_get_state (fixture->whole, now, &next_change);
}

static gint64
get_next_change (Fixture *fixture, gint64 now)
{
  gint64 next_change = G_MAXINT64;

  disp_standing_get_state (fixture->whole, now, &next_change);
  return next_change;
}

static void
eject (DispStanding *standing, gint64 now)
{
  for (guint i = 0; i < DISP_HEALTH_MAX_FAILURES; i++)
    disp_health_fail (&standing->health, 0, now);
  g_assert_cmpint (disp_health_eject (&standing->health, now).kind, ==, DISP_VERDICT_EJECTED);
}

/* Each model has one. */
static void
test_models (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_assert_true (fixture->a != fixture->b);
  g_assert_true (fixture->a != fixture->whole);
  g_assert_true (disp_standing_for_model (fixture->whole, "a") == fixture->a);
  disp_baseline_learn (&fixture->a->baseline, 5);
  g_assert_cmpfloat (disp_baseline_get (&fixture->a->baseline), ==, 5);
  g_assert_cmpfloat (disp_baseline_get (&fixture->b->baseline), ==, 0);
}

/* A container does as well as the best of its models, and no better than as a whole. */
static void
test_state (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_assert_cmpint (get_state (fixture, 1), ==, DISP_HEALTH_WELL);
  g_assert_cmpint (get_next_change (fixture, 1), ==, G_MAXINT64);
  eject (fixture->a, SECOND);
  g_assert_cmpint (get_state (fixture, SECOND), ==, DISP_HEALTH_WELL);
  g_assert_cmpint (get_next_change (fixture, SECOND), ==, 31 * SECOND);
  g_assert_true (disp_standing_set_available (fixture->b, FALSE, SECOND));
  g_assert_cmpint (get_state (fixture, SECOND), ==, DISP_HEALTH_EJECTED);
  g_assert_true (disp_standing_set_available (fixture->a, FALSE, SECOND));
  g_assert_cmpint (get_state (fixture, SECOND), ==, DISP_HEALTH_UNAVAILABLE);
  g_assert_true (disp_standing_set_available (fixture->a, TRUE, 2 * SECOND));
  g_assert_cmpint (get_state (fixture, 2 * SECOND), ==, DISP_HEALTH_SLOW_START);
  disp_cooling_begin (&fixture->whole->cooling, FALSE, 2 * SECOND, 0);
  g_assert_cmpint (get_state (fixture, 2 * SECOND), ==, DISP_HEALTH_BUSY);
  g_assert_cmpint (get_next_change (fixture, 2 * SECOND), ==,
                   disp_cooling_get_end (&fixture->whole->cooling));
  eject (fixture->whole, 2 * SECOND);
  g_assert_cmpint (get_state (fixture, 2 * SECOND), ==, DISP_HEALTH_EJECTED);
  g_assert_cmpint (get_state (fixture, 32 * SECOND), ==, DISP_HEALTH_PROBING);
}

static void
test_no_models (void)
{
  g_autoptr (DispStanding) standing = disp_standing_new ();
  gint64 next_change = G_MAXINT64;

  g_assert_cmpint (disp_standing_get_state (standing, 1, &next_change), ==, DISP_HEALTH_WELL);
  eject (standing, 1000);
  g_assert_cmpint (disp_standing_get_state (standing, 1, &next_change), ==, DISP_HEALTH_EJECTED);
  g_assert_cmpint (next_change, ==, 1000 + 30 * SECOND);
}

/* What serves a model again is no longer ejected, nor busy, nor fails. */
static void
test_available (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  eject (fixture->whole, 0);
  disp_cooling_begin (&fixture->whole->cooling, FALSE, 0, 0);
  g_assert_false (disp_standing_set_available (fixture->a, TRUE, SECOND));
  g_assert_cmpint (get_state (fixture, SECOND), ==, DISP_HEALTH_EJECTED);
  g_assert_true (disp_standing_set_available (fixture->a, FALSE, SECOND));
  g_assert_false (disp_standing_set_available (fixture->a, FALSE, SECOND));
  g_assert_cmpint (get_state (fixture, SECOND), ==, DISP_HEALTH_EJECTED);
  g_assert_true (disp_standing_set_available (fixture->a, TRUE, 3 * SECOND));
  g_assert_cmpint (get_state (fixture, 3 * SECOND), ==, DISP_HEALTH_SLOW_START);
  g_assert_true (disp_cooling_is_plain (&fixture->whole->cooling));
  g_assert_cmpint (get_state (fixture, 13 * SECOND), ==, DISP_HEALTH_WELL);
  for (guint i = 0; i < DISP_HEALTH_MAX_FAILURES; i++)
    disp_health_fail (&fixture->whole->health, 0, 13 * SECOND);
  g_assert_cmpint (get_state (fixture, 13 * SECOND), ==, DISP_HEALTH_FAILING);
  disp_standing_set_available (fixture->a, FALSE, 14 * SECOND);
  disp_standing_set_available (fixture->a, TRUE, 14 * SECOND);
  g_assert_cmpint (get_state (fixture, 14 * SECOND), ==, DISP_HEALTH_WELL);
}

static void
look_in_thread (guint number, gpointer user_data)
{
  Fixture *fixture = user_data;
  gint64 next_change = G_MAXINT64;

  for (guint i = 0; i < 500; i++)
    {
      g_autofree char *model = g_strdup_printf ("%u", i);
      DispStanding *standing = disp_standing_for_model (fixture->whole, model);

      g_assert_true (disp_standing_for_model (fixture->whole, model) == standing);
      disp_standing_set_available (standing, (i + number) % 2 == 0, SECOND);
      disp_standing_get_state (fixture->whole, SECOND, &next_change);
    }
}

/* Any thread may ask for any model. */
static void
test_threads (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture_run_threads (N_THREADS, look_in_thread, fixture);
  g_assert_cmpuint (g_hash_table_size (fixture->whole->models), ==, 502);
}

#define ADD(path, function)                                                                        \
  g_test_add ("/core/standing/" path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("models", test_models);
  ADD ("state", test_state);
  g_test_add_func ("/core/standing/no-models", test_no_models);
  ADD ("available", test_available);
  ADD ("threads", test_threads);
  return g_test_run ();
}
