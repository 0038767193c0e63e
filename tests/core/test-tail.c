/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/tail.h"
#include "support/fixtures.h"

#include <math.h>

#define N_THREADS 8
#define MAX_SAMPLES 400

static void
add_many (DispTail *tail, guint n, gint64 duration)
{
  for (guint i = 0; i < n; i++)
    disp_tail_add (tail, duration);
}

static void
assert_about (gint64 estimate, gint64 duration)
{
  g_assert_cmpint (estimate, >=, duration);
  g_assert_cmpint (estimate, <=, duration + duration / 8);
}

static void
test_few (void)
{
  g_autoptr (DispTail) tail = disp_tail_new ();

  g_assert_cmpint (disp_tail_get (tail), ==, 0);
  add_many (tail, 19, 1000);
  g_assert_cmpint (disp_tail_get (tail), ==, 0);
  disp_tail_add (tail, 1000);
  assert_about (disp_tail_get (tail), 1000);
}

/* Whatever the size of what is measured; what cannot be is the least or the most. */
static void
test_sizes (void)
{
  const gint64 longest = (G_GINT64_CONSTANT (1) << 36) - 1;

  for (gint64 duration = 1; duration <= longest; duration += 1 + duration / 50)
    {
      g_autoptr (DispTail) tail = disp_tail_new ();

      add_many (tail, 20, duration);
      assert_about (disp_tail_get (tail), duration);
    }
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (DispTail) tail = disp_tail_new ();

      add_many (tail, 20, i == 0 ? -5 : G_MAXINT64);
      g_assert_cmpint (disp_tail_get (tail), ==, i == 0 ? 1 : longest);
    }
}

static int
compare (gconstpointer a, gconstpointer b)
{
  const gint64 *one = a;
  const gint64 *other = b;

  return (*one > *other) - (*one < *other);
}

/* Beside the quantile of the samples themselves, before any of them fades. */
static void
test_exact (void)
{
  for (guint round = 0; round < 500; round++)
    {
      g_autoptr (DispTail) tail = disp_tail_new ();
      gint64 samples[MAX_SAMPLES];
      guint n = (guint) g_test_rand_int_range (20, MAX_SAMPLES);

      for (guint i = 0; i < n; i++)
        {
          samples[i] = (gint64) exp (g_test_rand_double_range (0, 20));
          disp_tail_add (tail, samples[i]);
        }
      qsort (samples, n, sizeof (gint64), compare);
      assert_about (disp_tail_get (tail), samples[n - 1 - n / 20]);
    }
}

/* What is more seldom than one of twenty does not count, however often the counts are halved. */
static void
test_outliers (void)
{
  g_autoptr (DispTail) tail = disp_tail_new ();

  for (guint i = 0; i < 20000; i++)
    {
      disp_tail_add (tail, i % 25 == 7 ? 5000000 : 1000);
      if (i > 100)
        assert_about (disp_tail_get (tail), 1000);
    }
  for (guint i = 0; i < 20000; i++)
    {
      disp_tail_add (tail, i % 12 == 7 ? 5000000 : 1000);
      if (i > 2000)
        assert_about (disp_tail_get (tail), 5000000);
    }
}

/* When all becomes slower that shows soon; when it becomes faster again, after some thousands. */
static void
test_fades (void)
{
  g_autoptr (DispTail) tail = disp_tail_new ();

  add_many (tail, 10000, 1000);
  assert_about (disp_tail_get (tail), 1000);
  add_many (tail, 50, 8000);
  assert_about (disp_tail_get (tail), 8000);
  add_many (tail, 10000, 8000);
  add_many (tail, 2000, 1000);
  assert_about (disp_tail_get (tail), 1000);
}

static void
add_in_thread (guint number, gpointer user_data)
{
  g_autoptr (DispTail) tail = disp_tail_ref (user_data);

  for (guint i = 0; i < 20000; i++)
    {
      gint64 estimate;

      disp_tail_add (tail, 1000 + number);
      estimate = disp_tail_get (tail);
      if (estimate != 0)
        g_assert_cmpint (estimate, <=, 1200);
    }
}

/* However the threads meet, counts stay counts: none falls below nothing. */
static void
test_threads (void)
{
  DispTail *tail = disp_tail_new ();

  fixture_run_threads (N_THREADS, add_in_thread, tail);
  g_assert_cmpint (disp_tail_get (tail), >=, 1000);
  add_many (tail, 4000, 10);
  assert_about (disp_tail_get (tail), 10);
  disp_tail_unref (tail);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/tail/few", test_few);
  g_test_add_func ("/core/tail/sizes", test_sizes);
  g_test_add_func ("/core/tail/exact", test_exact);
  g_test_add_func ("/core/tail/outliers", test_outliers);
  g_test_add_func ("/core/tail/fades", test_fades);
  g_test_add_func ("/core/tail/threads", test_threads);
  return g_test_run ();
}
