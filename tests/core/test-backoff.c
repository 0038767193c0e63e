/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/backoff.h"

#define FIRST (G_USEC_PER_SEC / 2)
#define LONGEST (30 * (gint64) G_USEC_PER_SEC)

static void
test_growth (void)
{
  static const gint64 waits[] = { FIRST,      2 * FIRST, 4 * FIRST, 8 * FIRST, 16 * FIRST,
                                  32 * FIRST, LONGEST,   LONGEST,   LONGEST };
  g_autoptr (GRand) random = g_rand_new_with_seed ((guint32) g_test_rand_int ());

  for (guint round = 0; round < 200; round++)
    {
      DispBackoff backoff;

      disp_backoff_init (&backoff, FIRST, LONGEST);
      for (guint i = 0; i < G_N_ELEMENTS (waits); i++)
        {
          gint64 wait = disp_backoff_next (&backoff, random);

          g_assert_cmpint (wait, >=, waits[i] / 2);
          g_assert_cmpint (wait, <=, waits[i]);
        }
    }
}

static void
test_bounds (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed ((guint32) g_test_rand_int ());

  for (guint round = 0; round < 200; round++)
    {
      gint64 first = g_test_rand_int_range (1, 1000000);
      gint64 longest = first + g_test_rand_int_range (0, 100000000);
      DispBackoff backoff;

      disp_backoff_init (&backoff, first, longest);
      for (guint i = 0; i < 100; i++)
        {
          gint64 wait = disp_backoff_next (&backoff, random);

          g_assert_cmpint (wait, >=, first / 2);
          g_assert_cmpint (wait, <=, longest);
          if (i > 27)
            g_assert_cmpint (wait, >=, longest / 2);
        }
      g_assert_cmpuint (backoff.failures, ==, 100);
    }
}

static void
test_jitter (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (20190827);
  guint quarters[4] = { 0, 0, 0, 0 };

  for (guint i = 0; i < 1000; i++)
    {
      DispBackoff backoff;
      gint64 wait;

      disp_backoff_init (&backoff, 1000, 1000);
      wait = disp_backoff_next (&backoff, random);
      quarters[CLAMP ((wait - 500) / 125, 0, 3)]++;
    }
  for (guint i = 0; i < 4; i++)
    {
      g_assert_cmpuint (quarters[i], >, 200);
      g_assert_cmpuint (quarters[i], <, 300);
    }
}

static void
test_reset (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed ((guint32) g_test_rand_int ());
  DispBackoff backoff;

  disp_backoff_init (&backoff, FIRST, LONGEST);
  for (guint i = 0; i < 20; i++)
    disp_backoff_next (&backoff, random);
  disp_backoff_reset (&backoff);
  g_assert_cmpuint (backoff.failures, ==, 0);
  g_assert_cmpint (disp_backoff_next (&backoff, random), <=, FIRST);
  g_assert_cmpint (disp_backoff_next (&backoff, random), >=, FIRST);
}

/* The greatest numbers that the type has do not overflow. */
static void
test_extremes (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed ((guint32) g_test_rand_int ());
  DispBackoff backoff;

  disp_backoff_init (&backoff, G_MAXINT64 / 3, G_MAXINT64);
  for (guint i = 0; i < 10; i++)
    g_assert_cmpint (disp_backoff_next (&backoff, random), >=, G_MAXINT64 / 6);
  disp_backoff_init (&backoff, 1, 1);
  for (guint i = 0; i < 10; i++)
    {
      gint64 wait = disp_backoff_next (&backoff, random);

      g_assert_cmpint (wait, >=, 0);
      g_assert_cmpint (wait, <=, 1);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/backoff/growth", test_growth);
  g_test_add_func ("/core/backoff/bounds", test_bounds);
  g_test_add_func ("/core/backoff/jitter", test_jitter);
  g_test_add_func ("/core/backoff/reset", test_reset);
  g_test_add_func ("/core/backoff/extremes", test_extremes);
  return g_test_run ();
}
