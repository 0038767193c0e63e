/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/baseline.h"

static void
learn (DispBaseline *baseline, gint64 duration, guint n)
{
  for (guint i = 0; i < n; i++)
    disp_baseline_learn (baseline, duration);
}

static void
test_first (void)
{
  DispBaseline baseline = { 0 };

  g_assert_cmpfloat (disp_baseline_get (&baseline), ==, 0);
  disp_baseline_learn (&baseline, 1000);
  g_assert_cmpfloat_with_epsilon (disp_baseline_get (&baseline), 1000, 1e-6);
  /* The first one may have been anything: the second weighs as much. */
  disp_baseline_learn (&baseline, 4000);
  g_assert_cmpfloat_with_epsilon (disp_baseline_get (&baseline), 2000, 1e-6);
  /* No time at all is as good as the shortest. */
  disp_baseline_correct (&baseline, 0);
  g_assert_cmpfloat (disp_baseline_get (&baseline), >, 1);
}

/* It follows slowly, unless something is known to have changed. */
static void
test_follows (void)
{
  DispBaseline baseline = { 0 };

  learn (&baseline, 1000, 100);
  g_assert_cmpfloat_with_epsilon (disp_baseline_get (&baseline), 1000, 1);
  disp_baseline_learn (&baseline, 4000);
  g_assert_cmpfloat (disp_baseline_get (&baseline), <, 1100);
  learn (&baseline, 4000, 100);
  g_assert_cmpfloat_with_epsilon (disp_baseline_get (&baseline), 4000, 10);
  disp_baseline_correct (&baseline, 1000);
  g_assert_cmpfloat_with_epsilon (disp_baseline_get (&baseline), 2000, 10);
}

static void
test_spread (void)
{
  DispBaseline steady = { 0 };
  DispBaseline varying = { 0 };

  learn (&steady, 1000, 100);
  g_assert_cmpfloat (disp_baseline_get_spread (&steady), <, 0.01);
  for (guint i = 0; i < 200; i++)
    learn (&varying, i % 2 == 0 ? 1000 : 4000, 1);
  /* The logarithm of 2, to both sides. */
  g_assert_cmpfloat_with_epsilon (disp_baseline_get_spread (&varying), 0.69, 0.1);
  g_assert_cmpfloat_with_epsilon (disp_baseline_get (&varying), 2000, 200);
}

/* Attempts with company are slower because of that, which says nothing; when they are quicker, the
 * container is. */
static void
test_crowded (void)
{
  DispBaseline baseline = { 0 };

  disp_baseline_learn_crowded (&baseline, 500);
  g_assert_cmpfloat (disp_baseline_get (&baseline), ==, 0);
  learn (&baseline, 1000, 100);
  for (guint i = 0; i < 1000; i++)
    disp_baseline_learn_crowded (&baseline, 2000);
  g_assert_cmpfloat_with_epsilon (disp_baseline_get (&baseline), 1000, 1);
  for (guint i = 0; i < 1000; i++)
    disp_baseline_learn_crowded (&baseline, i % 2 == 0 ? 900 : 1200);
  g_assert_cmpfloat_with_epsilon (disp_baseline_get (&baseline), 1000, 1);
  for (guint i = 0; i < 200; i++)
    disp_baseline_learn_crowded (&baseline, 300);
  g_assert_cmpfloat_with_epsilon (disp_baseline_get (&baseline), 300, 30);
  for (guint i = 0; i < 1000; i++)
    disp_baseline_learn_crowded (&baseline, 900);
  g_assert_cmpfloat (disp_baseline_get (&baseline), <, 500);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/baseline/first", test_first);
  g_test_add_func ("/core/baseline/follows", test_follows);
  g_test_add_func ("/core/baseline/spread", test_spread);
  g_test_add_func ("/core/baseline/crowded", test_crowded);
  return g_test_run ();
}
