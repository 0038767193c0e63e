/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/health.h"

#include "support/fixtures.h"

#define SECOND G_USEC_PER_SEC
#define N_THREADS 8

static void
fail_times (DispHealth *health, guint n, gint64 now)
{
  for (guint i = 0; i < n; i++)
    g_assert_cmpint (disp_health_fail (health, 0, now).kind, ==, DISP_VERDICT_AS_BEFORE);
}

static void
assert_ejected (DispVerdict verdict, guint n_failures, gint64 seconds)
{
  g_assert_cmpint (verdict.kind, ==, DISP_VERDICT_EJECTED);
  g_assert_cmpuint (verdict.n_failures, ==, n_failures);
  g_assert_cmpint (verdict.duration, ==, seconds * SECOND);
}

static void
assert_state (DispHealth *health, gint64 now, DispHealthState state)
{
  g_assert_cmpint (disp_health_get_state (health, now), ==, state);
  g_assert_true (disp_health_is_sound (health) == (state <= DISP_HEALTH_FAILING));
}

/* Probes until it is back. */
static void
bring_back (DispHealth *health, gint64 now)
{
  for (guint i = 1; i <= DISP_HEALTH_N_PROBES; i++)
    {
      guint probe = disp_health_claim_probe (health, now, FALSE);

      g_assert_cmpuint (probe, >, 0);
      g_assert_cmpint (disp_health_succeed (health, probe, now).kind, ==,
                       i == DISP_HEALTH_N_PROBES ? DISP_VERDICT_RETURNED : DISP_VERDICT_AS_BEFORE);
    }
}

/* Only five failures in a row count, and a success is the end of the row. */
static void
test_streak (void)
{
  DispHealth health = { 0 };

  g_assert_true (disp_health_are_plain (&health, &health));
  assert_state (&health, 0, DISP_HEALTH_WELL);
  for (guint i = 1; i < DISP_HEALTH_MAX_FAILURES; i++)
    g_assert_cmpuint (disp_health_fail (&health, 0, 1).n_failures, ==, i);
  g_assert_false (disp_health_are_plain (&health, &health));
  assert_state (&health, 1, DISP_HEALTH_WELL);
  g_assert_cmpint (disp_health_eject (&health, 1).kind, ==, DISP_VERDICT_AS_BEFORE);
  disp_health_succeed (&health, 0, 1);
  g_assert_true (disp_health_are_plain (&health, &health));
  fail_times (&health, DISP_HEALTH_MAX_FAILURES - 1, 1);
  g_assert_cmpuint (disp_health_fail (&health, 0, 1).n_failures, ==, DISP_HEALTH_MAX_FAILURES);
  assert_state (&health, 1, DISP_HEALTH_FAILING);
  fail_times (&health, 1000, 1);
  g_assert_cmpuint (disp_health_fail (&health, 0, 1).n_failures, ==, 63);
  assert_state (&health, 1, DISP_HEALTH_FAILING);
  g_assert_cmpint (disp_health_succeed (&health, 0, 1).kind, ==, DISP_VERDICT_RECOVERED);
  g_assert_cmpint (disp_health_succeed (&health, 0, 1).kind, ==, DISP_VERDICT_AS_BEFORE);
}

static void
test_ejection (void)
{
  DispHealth health = { 0 };
  const gint64 begin = 7 * SECOND;

  fail_times (&health, 5, begin);
  assert_ejected (disp_health_eject (&health, begin), 5, 30);
  g_assert_cmpint (disp_health_eject (&health, begin).kind, ==, DISP_VERDICT_AS_BEFORE);
  assert_state (&health, begin, DISP_HEALTH_EJECTED);
  g_assert_true (disp_health_is_ejected (&health));
  g_assert_cmpint (disp_health_get_next_change (&health, begin), ==, begin + 30 * SECOND);
  /* What was under way says nothing. */
  g_assert_cmpuint (disp_health_fail (&health, 0, begin).n_failures, ==, 0);
  disp_health_succeed (&health, 0, begin);
  g_assert_cmpuint (disp_health_claim_probe (&health, begin + 30 * SECOND - 1, FALSE), ==, 0);
  assert_state (&health, begin + 30 * SECOND - 1, DISP_HEALTH_EJECTED);
  assert_state (&health, begin + 30 * SECOND, DISP_HEALTH_PROBING);
  g_assert_cmpint (disp_health_get_next_change (&health, begin + 30 * SECOND), ==, G_MAXINT64);
}

/* It is never out for less than it should, though milliseconds are kept. */
static void
test_precision (void)
{
  DispHealth health = { 0 };

  fail_times (&health, 5, 1);
  disp_health_eject (&health, 1);
  assert_state (&health, 30 * SECOND, DISP_HEALTH_EJECTED);
  assert_state (&health, 30 * SECOND + 1000, DISP_HEALTH_PROBING);
}

static void
test_probes (void)
{
  DispHealth health = { 0 };
  gint64 now = 40 * SECOND;
  guint probe;

  fail_times (&health, 5, 0);
  disp_health_eject (&health, 0);
  probe = disp_health_claim_probe (&health, now, FALSE);
  g_assert_cmpuint (probe, >, 0);
  assert_state (&health, now, DISP_HEALTH_PROBED);
  g_assert_cmpuint (disp_health_claim_probe (&health, now, FALSE), ==, 0);
  disp_health_release_probe (&health, 0);
  disp_health_release_probe (&health, probe + 1);
  assert_state (&health, now, DISP_HEALTH_PROBED);
  disp_health_succeed (&health, probe, now);
  assert_state (&health, now, DISP_HEALTH_PROBING);
  /* One that says nothing does not end the row. */
  disp_health_release_probe (&health, disp_health_claim_probe (&health, now, FALSE));
  disp_health_succeed (&health, disp_health_claim_probe (&health, now, FALSE), now);
  probe = disp_health_claim_probe (&health, now, FALSE);
  g_assert_cmpint (disp_health_succeed (&health, probe, now).kind, ==, DISP_VERDICT_RETURNED);
  assert_state (&health, now, DISP_HEALTH_SLOW_START);
}

/* Each failed probe ejects it for longer, up to 300 s, and the row of successes begins anew. */
static void
test_longer (void)
{
  DispHealth health = { 0 };
  gint64 now = 0;

  fail_times (&health, 5, now);
  assert_ejected (disp_health_eject (&health, now), 5, 30);
  now += 30 * SECOND;
  for (guint i = 2; i <= 15; i++)
    {
      gint64 seconds = MIN (i * 30, 300);
      guint probe;

      disp_health_succeed (&health, disp_health_claim_probe (&health, now, FALSE), now);
      disp_health_succeed (&health, disp_health_claim_probe (&health, now, FALSE), now);
      probe = disp_health_claim_probe (&health, now, FALSE);
      assert_ejected (disp_health_fail (&health, probe, now), 4 + i, seconds);
      assert_state (&health, now + seconds * SECOND - 1, DISP_HEALTH_EJECTED);
      now += seconds * SECOND;
      assert_state (&health, now, DISP_HEALTH_PROBING);
    }
  bring_back (&health, now);
}

/* One that comes back is ejected for longer if it fails soon, and as the first time after ten
 * minutes. */
static void
test_memory (void)
{
  DispHealth health = { 0 };
  gint64 now = 0;

  fail_times (&health, 5, now);
  assert_ejected (disp_health_eject (&health, now), 5, 30);
  now += 30 * SECOND;
  bring_back (&health, now);
  now += 600 * SECOND - 1;
  disp_health_succeed (&health, 0, now);
  assert_state (&health, now, DISP_HEALTH_WELL);
  fail_times (&health, 5, now);
  assert_ejected (disp_health_eject (&health, now), 5, 60);
  now += 61 * SECOND;
  bring_back (&health, now);
  now += 601 * SECOND;
  fail_times (&health, 5, now);
  assert_ejected (disp_health_eject (&health, now), 5, 30);
}

static void
test_slow_start (void)
{
  DispHealth health = { 0 };
  gint64 now = 30 * SECOND;

  g_assert_cmpfloat (disp_health_get_share (&health, now), ==, 1);
  fail_times (&health, 5, 0);
  disp_health_eject (&health, 0);
  bring_back (&health, now);
  g_assert_cmpint (disp_health_get_next_change (&health, now), ==, now + 10 * SECOND);
  g_assert_cmpfloat_with_epsilon (disp_health_get_share (&health, now), 0.1, 1e-9);
  g_assert_cmpfloat_with_epsilon (disp_health_get_share (&health, now + 5 * SECOND), 0.55, 1e-9);
  assert_state (&health, now + 10 * SECOND - 1, DISP_HEALTH_SLOW_START);
  assert_state (&health, now + 10 * SECOND, DISP_HEALTH_WELL);
  g_assert_cmpfloat (disp_health_get_share (&health, now + 10 * SECOND), ==, 1);
  g_assert_false (disp_health_are_plain (&health, &health));
  disp_health_succeed (&health, 0, now + 9 * SECOND);
  g_assert_false (disp_health_are_plain (&health, &health));
  disp_health_succeed (&health, 0, now + 10 * SECOND);
  g_assert_true (disp_health_are_plain (&health, &health));
}

/* A probe before its time can help, but not harm. */
static void
test_early (void)
{
  DispHealth health = { 0 };
  guint probe;

  fail_times (&health, 5, 0);
  disp_health_eject (&health, 0);
  g_assert_cmpuint (disp_health_claim_probe (&health, SECOND, FALSE), ==, 0);
  disp_health_succeed (&health, disp_health_claim_probe (&health, SECOND, TRUE), SECOND);
  disp_health_succeed (&health, disp_health_claim_probe (&health, SECOND, TRUE), SECOND);
  probe = disp_health_claim_probe (&health, SECOND, TRUE);
  g_assert_cmpint (disp_health_fail (&health, probe, SECOND).kind, ==, DISP_VERDICT_AS_BEFORE);
  assert_state (&health, 30 * SECOND - 1, DISP_HEALTH_EJECTED);
  for (guint i = 0; i < 2; i++)
    disp_health_succeed (&health, disp_health_claim_probe (&health, SECOND, TRUE), SECOND);
  assert_state (&health, SECOND, DISP_HEALTH_EJECTED);
  probe = disp_health_claim_probe (&health, SECOND, TRUE);
  g_assert_cmpint (disp_health_succeed (&health, probe, SECOND).kind, ==, DISP_VERDICT_RETURNED);
}

/* A probe that ends after it came back otherwise says nothing of the next ejection. */
static void
test_stale (void)
{
  DispHealth health = { 0 };
  guint stale;
  guint probe;

  fail_times (&health, 5, 0);
  disp_health_eject (&health, 0);
  stale = disp_health_claim_probe (&health, 30 * SECOND, FALSE);
  g_assert_true (disp_health_recover (&health, 31 * SECOND));
  assert_state (&health, 31 * SECOND, DISP_HEALTH_SLOW_START);
  g_assert_false (disp_health_recover (&health, 32 * SECOND));
  fail_times (&health, 5, 33 * SECOND);
  assert_ejected (disp_health_eject (&health, 33 * SECOND), 5, 60);
  probe = disp_health_claim_probe (&health, 93 * SECOND, FALSE);
  g_assert_cmpuint (probe, !=, stale);
  disp_health_release_probe (&health, stale);
  g_assert_cmpint (disp_health_fail (&health, stale, 93 * SECOND).kind, ==, DISP_VERDICT_AS_BEFORE);
  disp_health_succeed (&health, stale, 93 * SECOND);
  assert_state (&health, 93 * SECOND, DISP_HEALTH_PROBED);
  assert_ejected (disp_health_fail (&health, probe, 93 * SECOND), 6, 90);
}

/* The numbers of probes begin again, but are never 0. */
static void
test_numbers (void)
{
  DispHealth health = { 0 };

  fail_times (&health, 5, 0);
  disp_health_eject (&health, 0);
  for (guint i = 0; i < 1000; i++)
    {
      guint probe = disp_health_claim_probe (&health, 30 * SECOND, FALSE);

      g_assert_cmpuint (probe, ==, i % 255 + 1);
      disp_health_release_probe (&health, probe);
    }
}

static void
test_pardon (void)
{
  DispHealth health = { 0 };

  disp_health_pardon (&health, 0);
  g_assert_true (disp_health_are_plain (&health, &health));
  fail_times (&health, 5, 0);
  disp_health_eject (&health, 0);
  disp_health_pardon (&health, 0);
  assert_state (&health, 0, DISP_HEALTH_FAILING);
  assert_ejected (disp_health_eject (&health, SECOND), 5, 30);
}

static void
test_available (void)
{
  DispHealth health = { 0 };
  gint64 now = 5 * SECOND;

  g_assert_false (disp_health_set_available (&health, TRUE, now));
  g_assert_true (disp_health_are_plain (&health, &health));
  g_assert_true (disp_health_set_available (&health, FALSE, now));
  g_assert_false (disp_health_set_available (&health, FALSE, now));
  g_assert_false (disp_health_are_plain (&health, &health));
  assert_state (&health, now, DISP_HEALTH_UNAVAILABLE);
  fail_times (&health, 5, now);
  disp_health_eject (&health, now);
  g_assert_cmpuint (disp_health_claim_probe (&health, now, TRUE), ==, 0);
  g_assert_cmpint (disp_health_get_next_change (&health, now), ==, G_MAXINT64);
  now += 5 * SECOND;
  g_assert_true (disp_health_set_available (&health, TRUE, now));
  assert_state (&health, now, DISP_HEALTH_SLOW_START);
  g_assert_false (disp_health_set_available (&health, TRUE, now + SECOND));
  g_assert_cmpint (disp_health_get_next_change (&health, now), ==, now + 10 * SECOND);
}

static void
test_names (void)
{
  static const char *const names[] = { "well",    "slow-start", "busy",    "failing",
                                       "probing", "probing",    "ejected", "unavailable" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_cmpstr (disp_health_state_to_string (i), ==, names[i]);
}

typedef struct
{
  DispHealth health;
  atomic_int n_probing;  /* (atomic) that have the probe now */
  atomic_int n_returned; /* (atomic) */
  atomic_int n_ejected;  /* (atomic) */
} Race;

static void
probe_in_thread (guint number, gpointer user_data)
{
  Race *race = user_data;
  const gint64 now = 1000 * SECOND; /* all ejections are over */

  for (guint i = 0; i < 20000; i++)
    {
      guint probe = disp_health_claim_probe (&race->health, now, FALSE);
      DispVerdict verdict = { .kind = DISP_VERDICT_AS_BEFORE };

      if (probe == 0)
        continue;
      g_assert_cmpint (atomic_fetch_add (&race->n_probing, 1), ==, 0);
      atomic_fetch_sub (&race->n_probing, 1);
      if ((i + number) % 7 == 0)
        disp_health_release_probe (&race->health, probe);
      else if ((i + number) % 5 != 0)
        verdict = disp_health_succeed (&race->health, probe, now);
      else
        verdict = disp_health_fail (&race->health, probe, 0);
      if (verdict.kind == DISP_VERDICT_RETURNED)
        {
          atomic_fetch_add (&race->n_returned, 1);
          for (guint j = 0; j < 5; j++)
            disp_health_fail (&race->health, 0, 0);
          verdict = disp_health_eject (&race->health, 0);
          if (verdict.kind == DISP_VERDICT_EJECTED)
            atomic_fetch_add (&race->n_ejected, 1);
        }
    }
}

/* Of all threads one has the probe, whatever comes of it. */
static void
test_threads (void)
{
  Race race = { 0 };

  fail_times (&race.health, 5, 0);
  disp_health_eject (&race.health, 0);
  fixture_run_threads (N_THREADS, probe_in_thread, &race);
  g_assert_cmpint (atomic_load (&race.n_returned), >, 0);
  g_assert_cmpint (atomic_load (&race.n_ejected), ==, atomic_load (&race.n_returned));
  g_assert_cmpint (atomic_load (&race.n_probing), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/health/streak", test_streak);
  g_test_add_func ("/core/health/ejection", test_ejection);
  g_test_add_func ("/core/health/precision", test_precision);
  g_test_add_func ("/core/health/probes", test_probes);
  g_test_add_func ("/core/health/longer", test_longer);
  g_test_add_func ("/core/health/memory", test_memory);
  g_test_add_func ("/core/health/slow-start", test_slow_start);
  g_test_add_func ("/core/health/early", test_early);
  g_test_add_func ("/core/health/stale", test_stale);
  g_test_add_func ("/core/health/numbers", test_numbers);
  g_test_add_func ("/core/health/pardon", test_pardon);
  g_test_add_func ("/core/health/available", test_available);
  g_test_add_func ("/core/health/names", test_names);
  g_test_add_func ("/core/health/threads", test_threads);
  return g_test_run ();
}
