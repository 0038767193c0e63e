/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/cooling.h"

#include "support/fixtures.h"

#define N_THREADS 8
#define MS 1000

static gboolean
may_ask (DispCooling *cooling, gint64 now)
{
  gboolean is_first;

  return disp_cooling_claim (cooling, now, 0, &is_first);
}

/* Asserts that it has to wait for the span, of which up to a quarter may be cut off. */
static void
assert_span (DispCooling *cooling, gint64 now, gint64 span)
{
  gint64 end = disp_cooling_get_end (cooling);

  g_assert_cmpint (end - now, <=, span);
  g_assert_cmpint (end - now, >, span - span / 4);
  g_assert_false (may_ask (cooling, end - 1));
}

static void
test_spans (void)
{
  static const gint64 spans[] = { 25, 50, 100, 200, 400, 800, 1000, 1000, 1000 };
  DispCooling cooling = { 0 };
  gint64 now = 123456789;

  for (guint i = 0; i < G_N_ELEMENTS (spans); i++)
    {
      gboolean is_first = FALSE;

      g_assert_true (disp_cooling_claim (&cooling, now, 0, &is_first));
      g_assert_true (is_first == (i > 0));
      now += 100;
      disp_cooling_begin (&cooling, is_first, now, 0);
      assert_span (&cooling, now, spans[i] * MS);
      now = disp_cooling_get_end (&cooling);
    }
  disp_cooling_end (&cooling);
  g_assert_true (disp_cooling_is_plain (&cooling));
  g_assert_cmpint (disp_cooling_get_end (&cooling), ==, 0);
  disp_cooling_begin (&cooling, FALSE, now, 0);
  assert_span (&cooling, now, 25 * MS);
}

/* Those that were under way at the first are one with it. */
static void
test_together (void)
{
  DispCooling cooling = { 0 };
  gint64 end;

  disp_cooling_begin (&cooling, FALSE, 1000, 0);
  end = disp_cooling_get_end (&cooling);
  for (guint i = 0; i < 10; i++)
    disp_cooling_begin (&cooling, FALSE, 1001 + i, 0);
  g_assert_cmpint (disp_cooling_get_end (&cooling), ==, end);
  disp_cooling_begin (&cooling, FALSE, end, 0);
  assert_span (&cooling, end, 50 * MS);
}

/* Who is the first keeps others away until it knows more, or for as long again. */
static void
test_first (void)
{
  DispCooling cooling = { 0 };
  gboolean is_first = FALSE;
  gint64 now;

  disp_cooling_begin (&cooling, FALSE, 5, 0);
  now = disp_cooling_get_end (&cooling);
  g_assert_true (disp_cooling_claim (&cooling, now, 0, &is_first));
  g_assert_true (is_first);
  assert_span (&cooling, now, 25 * MS);
  disp_cooling_release (&cooling, now + 10);
  g_assert_true (disp_cooling_claim (&cooling, now + 10, 0, &is_first));
  g_assert_true (is_first);
  g_assert_false (may_ask (&cooling, now + 11));
  disp_cooling_end (&cooling);
  g_assert_true (disp_cooling_claim (&cooling, now + 12, 0, &is_first));
  g_assert_false (is_first);
  disp_cooling_release (&cooling, now + 13);
  g_assert_true (disp_cooling_is_plain (&cooling));
}

/* Two that are busy at once are not asked at once again. */
static void
test_salt (void)
{
  DispCooling one = { 0 };
  DispCooling two = { 0 };
  gboolean is_first;

  for (gint64 now = 0; now < 10 * G_USEC_PER_SEC; now = disp_cooling_get_end (&one))
    {
      disp_cooling_begin (&one, TRUE, now, 111);
      disp_cooling_begin (&two, TRUE, now, 222);
      g_assert_cmpint (disp_cooling_get_end (&one), !=, disp_cooling_get_end (&two));
    }
  g_assert_true (disp_cooling_claim (&one, 20 * G_USEC_PER_SEC, 111, &is_first));
  g_assert_true (disp_cooling_claim (&two, 20 * G_USEC_PER_SEC, 222, &is_first));
  g_assert_cmpint (disp_cooling_get_end (&one), !=, disp_cooling_get_end (&two));
}

/* The cuts are spread over the whole quarter. */
static void
test_jitter (void)
{
  guint counts[4] = { 0 };

  for (guint i = 0; i < 4000; i++)
    {
      DispCooling cooling = { 0 };
      gint64 now = i * 137;

      disp_cooling_begin (&cooling, FALSE, now, 0);
      counts[(now + 25 * MS - disp_cooling_get_end (&cooling)) * 4 / (25 * MS / 4)]++;
    }
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    {
      g_assert_cmpuint (counts[i], >, 800);
      g_assert_cmpuint (counts[i], <, 1200);
    }
}

typedef struct
{
  DispCooling cooling;
  gint64 now;
  atomic_int n_first; /* (atomic) */
} Race;

static void
claim_in_thread (G_GNUC_UNUSED guint number, gpointer user_data)
{
  Race *race = user_data;
  gboolean is_first = FALSE;

  if (disp_cooling_claim (&race->cooling, race->now, 0, &is_first) && is_first)
    {
      atomic_fetch_add (&race->n_first, 1);
      disp_cooling_begin (&race->cooling, TRUE, race->now, 0);
    }
  else
    disp_cooling_begin (&race->cooling, FALSE, race->now, 0);
}

/* Of all threads one is the first. */
static void
test_threads (void)
{
  Race race = { 0 };

  for (guint i = 1; i <= 50; i++)
    {
      disp_cooling_begin (&race.cooling, FALSE, race.now, 0);
      race.now = disp_cooling_get_end (&race.cooling);
      fixture_run_threads (N_THREADS, claim_in_thread, &race);
      g_assert_cmpint (atomic_load (&race.n_first), ==, (int) i);
      race.now = disp_cooling_get_end (&race.cooling);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/cooling/spans", test_spans);
  g_test_add_func ("/core/cooling/together", test_together);
  g_test_add_func ("/core/cooling/first", test_first);
  g_test_add_func ("/core/cooling/salt", test_salt);
  g_test_add_func ("/core/cooling/jitter", test_jitter);
  g_test_add_func ("/core/cooling/threads", test_threads);
  return g_test_run ();
}
