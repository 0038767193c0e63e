/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/container.h"
#include "support/fixtures.h"

#include <math.h>

static void
test_new (void)
{
  g_autoptr (DispContainer) container = disp_container_new ();
  DispStatsValues values;

  g_assert_true (container->active);
  g_assert_cmpint (container->device, ==, DISP_DEVICE_CPU);
  g_assert_cmpfloat (container->quota, ==, 0);
  g_assert_null (container->name);
  g_assert_null (container->model);
  disp_stats_read (container->stats, &values);
  g_assert_cmpuint (values.started, ==, 0);
  g_assert_false (disp_container_is_eligible (container));
}

static void
test_copy (void)
{
  g_autoptr (DispContainer) container = fixture_container ("c", "m", 3, DISP_DEVICE_GPU, 7);
  g_autoptr (DispContainer) copy = NULL;

  container->active = FALSE;
  container->max_in_flight = 5;
  copy = disp_container_copy (container, &(double){ 0.5 }, FALSE);
  g_assert_cmpstr (copy->name, ==, "c");
  g_assert_cmpstr (copy->id, ==, "id-of-c");
  g_assert_cmpstr (copy->model, ==, "m");
  g_assert_cmpint (copy->version, ==, 3);
  g_assert_cmpint (copy->device, ==, DISP_DEVICE_GPU);
  g_assert_false (copy->active);
  g_assert_cmpstr (copy->node, ==, "127.0.0.1");
  g_assert_cmpuint (copy->port, ==, 1);
  g_assert_cmpstr (copy->endpoint, ==, "http://127.0.0.1:1");
  g_assert_cmpfloat (copy->quota, ==, 0.5);
  g_assert_cmpfloat (container->quota, ==, 7);
  g_assert_cmpuint (copy->max_in_flight, ==, 5);
  g_assert_true (copy->stats == container->stats);
  g_assert_true (copy->capacity == container->capacity);
  g_assert_true (copy->own_quota);
  g_assert_false (copy->drained);
  g_assert_cmpfloat (disp_container_get_source_quota (copy), ==, 7);
  g_assert_false (container->own_quota);
  g_assert_cmpfloat (disp_container_get_source_quota (container), ==, 7);

  g_clear_pointer (&container, disp_container_unref);
  g_assert_cmpstr (copy->name, ==, "c");
}

static void
test_eligible (void)
{
  static const struct
  {
    gboolean active;
    double quota;
    gboolean eligible;
  } cases[] = {
    { TRUE, 100000, TRUE }, { TRUE, 1e-300, TRUE }, { TRUE, 0, FALSE },       { TRUE, -0.0, FALSE },
    { TRUE, -1, FALSE },    { TRUE, NAN, FALSE },   { FALSE, 100000, FALSE }, { FALSE, 0, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (DispContainer) container = fixture_container ("c", "m", 1, DISP_DEVICE_CPU,
                                                               cases[i].quota);

      g_test_message ("active %d, quota %g", cases[i].active, cases[i].quota);
      container->active = cases[i].active;
      g_assert_cmpint (disp_container_is_eligible (container), ==, cases[i].eligible);
    }
}

/* What an operator decides takes the place of what the source says, which stays known. */
static void
test_drained (void)
{
  g_autoptr (DispContainer) said = fixture_container ("c", "m", 1, DISP_DEVICE_CPU, 3);
  g_autoptr (DispContainer) quota = disp_container_copy (said, &(double){ 2 }, FALSE);
  g_autoptr (DispContainer) drained = disp_container_copy (said, NULL, TRUE);

  g_assert_true (disp_container_is_eligible (quota));
  g_assert_true (quota->own_quota);
  g_assert_cmpfloat (quota->quota, ==, 2);
  g_assert_cmpfloat (disp_container_get_source_quota (quota), ==, 3);
  g_assert_false (disp_container_is_eligible (drained));
  g_assert_false (drained->own_quota);
  g_assert_cmpfloat (drained->quota, ==, 3);
  g_assert_cmpfloat (disp_container_get_source_quota (drained), ==, 3);
}

/* What a container says itself counts more than what is configured for all. */
static void
test_max_in_flight (void)
{
  g_autoptr (DispContainer) container = fixture_container ("c", "m", 1, DISP_DEVICE_CPU, 1);

  g_assert_cmpuint (disp_container_get_max_in_flight (container, DISP_CAPACITY_AUTO), ==,
                    DISP_CAPACITY_AUTO);
  g_assert_cmpuint (disp_container_get_max_in_flight (container, 4), ==, 4);
  container->max_in_flight = 2;
  g_assert_cmpuint (disp_container_get_max_in_flight (container, DISP_CAPACITY_AUTO), ==, 2);
  g_assert_cmpuint (disp_container_get_max_in_flight (container, 4), ==, 2);
  g_assert_cmpuint (disp_container_get_max_in_flight (container, 1), ==, 2);
}

/* A server stays the same when it is restarted, and when its quota changes. */
static void
test_same (void)
{
  g_autoptr (DispContainer) one = fixture_container ("c", "m", 1, DISP_DEVICE_CPU, 1);
  g_autoptr (DispContainer) same = fixture_container ("c", "other", 2, DISP_DEVICE_GPU, 0);
  g_autoptr (DispContainer) other_name = fixture_container ("d", "m", 1, DISP_DEVICE_CPU, 1);
  g_autoptr (DispContainer) other_port = fixture_container ("c", "m", 1, DISP_DEVICE_CPU, 1);

  g_clear_pointer (&same->id, g_free);
  same->active = FALSE;
  fixture_container_set_port (other_port, 2);

  g_assert_true (disp_container_is_same (one, one));
  g_assert_true (disp_container_is_same (one, same));
  g_assert_true (disp_container_is_same (same, one));
  g_assert_cmpuint (disp_container_hash (one), ==, disp_container_hash (same));
  g_assert_false (disp_container_is_same (one, other_name));
  g_assert_false (disp_container_is_same (one, other_port));
  g_assert_cmpuint (disp_container_hash (one), !=, disp_container_hash (other_name));
  g_assert_cmpuint (disp_container_hash (one), !=, disp_container_hash (other_port));
}

static void
test_device (void)
{
  g_assert_cmpstr (disp_device_to_string (DISP_DEVICE_CPU), ==, "cpu");
  g_assert_cmpstr (disp_device_to_string (DISP_DEVICE_GPU), ==, "gpu");
  g_assert_cmpint (DISP_DEVICE_CPU, ==, 0);
  g_assert_cmpint (DISP_DEVICE_GPU, ==, 1);
}

static void
read_and_release (G_GNUC_UNUSED guint number, gpointer user_data)
{
  DispContainer *container = user_data;

  for (guint i = 0; i < 1000; i++)
    {
      g_autoptr (DispContainer) reference = disp_container_ref (container);

      disp_stats_begin (reference->stats);
      disp_stats_end (reference->stats, DISP_OUTCOME_SUCCESS, 1);
      g_assert_cmpstr (reference->name, ==, "c");
    }
  disp_container_unref (container);
}

/* Whichever thread comes last frees it: a sanitizer tells if none does, or one too early. */
static void
test_references (void)
{
  for (guint i = 0; i < 20; i++)
    {
      DispContainer *container = fixture_container ("c", "m", 1, DISP_DEVICE_CPU, 1);
      g_autoptr (DispStats) stats = disp_stats_ref (container->stats);
      DispStatsValues values;

      for (guint j = 1; j < 8; j++)
        disp_container_ref (container);
      fixture_run_threads (8, read_and_release, container);
      disp_stats_read (stats, &values);
      g_assert_cmpuint (values.succeeded, ==, 8000);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/container/new", test_new);
  g_test_add_func ("/core/container/copy", test_copy);
  g_test_add_func ("/core/container/eligible", test_eligible);
  g_test_add_func ("/core/container/drained", test_drained);
  g_test_add_func ("/core/container/max-in-flight", test_max_in_flight);
  g_test_add_func ("/core/container/same", test_same);
  g_test_add_func ("/core/container/device", test_device);
  g_test_add_func ("/core/container/references", test_references);
  return g_test_run ();
}
