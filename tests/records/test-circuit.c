/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/circuit.h"

#define WIDEST 4
#define FIRST_WAIT (G_USEC_PER_SEC / 10)
#define LONGEST_WAIT (5 * (gint64) G_USEC_PER_SEC)

typedef struct
{
  DispCircuit circuit;
  GRand *random; /* (owned) */
  gint64 now;
} Fixture;

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  disp_circuit_init (&fixture->circuit, WIDEST);
  fixture->random = g_rand_new_with_seed ((guint32) g_test_rand_int ());
  fixture->now = 12345;
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_assert_cmpuint (fixture->circuit.n_in_flight, ==, 0);
  g_rand_free (fixture->random);
}

static guint
admit (Fixture *fixture)
{
  guint ticket = disp_circuit_admit (&fixture->circuit, fixture->now);

  g_assert_cmpuint (ticket, >, 0);
  return ticket;
}

static void
check_none (Fixture *fixture)
{
  g_assert_cmpuint (disp_circuit_admit (&fixture->circuit, fixture->now), ==, 0);
}

static gboolean
fail (Fixture *fixture, guint ticket)
{
  return disp_circuit_fail (&fixture->circuit, ticket, fixture->now, 0, fixture->random);
}

/* How many go at once: they all come back well. */
static guint
count_admitted (Fixture *fixture)
{
  guint tickets[WIDEST + 1];
  guint n = 0;

  while ((tickets[n] = disp_circuit_admit (&fixture->circuit, fixture->now)) != 0)
    g_assert_cmpuint (++n, <=, WIDEST);
  for (guint i = 0; i < n; i++)
    disp_circuit_succeed (&fixture->circuit, tickets[i]);
  return n;
}

static void
widen (Fixture *fixture)
{
  while (count_admitted (fixture) < WIDEST)
    ;
}

static void
wait_for_probe (Fixture *fixture)
{
  fixture->now = disp_circuit_get_probe_time (&fixture->circuit);
  g_assert_cmpint (fixture->now, <, G_MAXINT64);
}

static void
test_ramp (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_assert_false (disp_circuit_is_open (&fixture->circuit));
  g_assert_cmpuint (count_admitted (fixture), ==, 1);
  g_assert_cmpuint (count_admitted (fixture), ==, 2);
  g_assert_cmpuint (count_admitted (fixture), ==, WIDEST);
  g_assert_cmpuint (count_admitted (fixture), ==, WIDEST);
  g_assert_cmpint (disp_circuit_get_probe_time (&fixture->circuit), ==, G_MAXINT64);
}

/* Nothing goes until the wait is over, then one, then nothing until it is back. */
static void
test_probe (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  gint64 failed_at = fixture->now;
  guint ticket;

  widen (fixture);
  g_assert_true (fail (fixture, admit (fixture)));
  g_assert_true (disp_circuit_is_open (&fixture->circuit));
  check_none (fixture);
  wait_for_probe (fixture);
  g_assert_cmpint (fixture->now - failed_at, >=, FIRST_WAIT / 2);
  g_assert_cmpint (fixture->now - failed_at, <=, FIRST_WAIT);
  fixture->now--;
  check_none (fixture);
  fixture->now++;
  ticket = admit (fixture);
  g_assert_cmpint (disp_circuit_get_probe_time (&fixture->circuit), ==, G_MAXINT64);
  fixture->now += LONGEST_WAIT;
  check_none (fixture);
  disp_circuit_succeed (&fixture->circuit, ticket);
  g_assert_false (disp_circuit_is_open (&fixture->circuit));
  g_assert_cmpuint (count_admitted (fixture), ==, 1);
}

/* The waits grow up to a limit, and begin anew after a success. */
static void
test_waits (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  gint64 longest = FIRST_WAIT;

  g_assert_true (fail (fixture, admit (fixture)));
  for (guint i = 0; i < 20; i++)
    {
      gint64 failed_at = fixture->now;

      wait_for_probe (fixture);
      if (i > 0)
        {
          g_assert_cmpint (fixture->now - failed_at, >=, longest / 2);
          g_assert_cmpint (fixture->now - failed_at, <=, longest);
        }
      longest = MIN (2 * longest, LONGEST_WAIT);
      g_assert_false (fail (fixture, admit (fixture)));
    }
  g_assert_cmpint (longest, ==, LONGEST_WAIT);
  g_assert_cmpuint (fixture->circuit.n_failures, ==, 21);
  wait_for_probe (fixture);
  disp_circuit_succeed (&fixture->circuit, admit (fixture));
  g_assert_cmpuint (fixture->circuit.n_failures, ==, 0);
  g_assert_true (fail (fixture, admit (fixture)));
  g_assert_cmpint (disp_circuit_get_probe_time (&fixture->circuit) - fixture->now, <=, FIRST_WAIT);
}

/* What was on its way when the circuit opened neither opens it further nor closes it. */
static void
test_stragglers (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  guint first;
  guint second;
  guint third;
  gint64 at;

  widen (fixture);
  first = admit (fixture);
  second = admit (fixture);
  third = admit (fixture);
  g_assert_true (fail (fixture, first));
  at = disp_circuit_get_probe_time (&fixture->circuit);
  g_assert_false (fail (fixture, second));
  g_assert_cmpint (disp_circuit_get_probe_time (&fixture->circuit), ==, at);
  g_assert_cmpuint (fixture->circuit.n_failures, ==, 2);
  disp_circuit_succeed (&fixture->circuit, third);
  g_assert_true (disp_circuit_is_open (&fixture->circuit));

  /* Also when it has closed again meanwhile. */
  wait_for_probe (fixture);
  disp_circuit_succeed (&fixture->circuit, admit (fixture));
  widen (fixture);
  first = admit (fixture);
  second = admit (fixture);
  g_assert_true (fail (fixture, first));
  wait_for_probe (fixture);
  disp_circuit_succeed (&fixture->circuit, admit (fixture));
  g_assert_false (fail (fixture, second));
  g_assert_false (disp_circuit_is_open (&fixture->circuit));
}

/* Those that hang still count: there are never more than the width, and a probe. */
static void
test_hanging (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  guint hanging[WIDEST - 1];
  guint probe;

  widen (fixture);
  for (guint i = 0; i < G_N_ELEMENTS (hanging); i++)
    hanging[i] = admit (fixture);
  g_assert_true (fail (fixture, admit (fixture)));
  wait_for_probe (fixture);
  probe = admit (fixture);
  check_none (fixture);
  disp_circuit_succeed (&fixture->circuit, probe);
  check_none (fixture);
  for (guint i = 0; i < G_N_ELEMENTS (hanging); i++)
    disp_circuit_withdraw (&fixture->circuit, hanging[i]);
  g_assert_cmpuint (count_admitted (fixture), ==, 1);
}

static void
test_retry_after (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  const struct
  {
    gint64 asked;
    gint64 least;
    gint64 most;
  } rows[] = {
    { 0, FIRST_WAIT / 2, FIRST_WAIT },
    { 1, FIRST_WAIT / 2, FIRST_WAIT },
    { 7 * G_USEC_PER_SEC, 7 * G_USEC_PER_SEC, 7 * G_USEC_PER_SEC },
    { 3600 * (gint64) G_USEC_PER_SEC, 60 * G_USEC_PER_SEC, 60 * G_USEC_PER_SEC },
    { G_MAXINT64, 60 * G_USEC_PER_SEC, 60 * G_USEC_PER_SEC },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      guint ticket = admit (fixture);
      gint64 wait;

      disp_circuit_fail (&fixture->circuit, ticket, fixture->now, rows[i].asked, fixture->random);
      wait = disp_circuit_get_probe_time (&fixture->circuit) - fixture->now;
      g_assert_cmpint (wait, >=, rows[i].least);
      g_assert_cmpint (wait, <=, rows[i].most);
      wait_for_probe (fixture);
      disp_circuit_succeed (&fixture->circuit, admit (fixture));
    }
}

/* A probe that was never sent makes room for another one. */
static void
test_withdrawn (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fail (fixture, admit (fixture));
  wait_for_probe (fixture);
  disp_circuit_withdraw (&fixture->circuit, admit (fixture));
  g_assert_true (disp_circuit_is_open (&fixture->circuit));
  disp_circuit_succeed (&fixture->circuit, admit (fixture));
  g_assert_false (disp_circuit_is_open (&fixture->circuit));
}

static void
test_hurried (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  guint ticket;

  fail (fixture, admit (fixture));
  check_none (fixture);
  disp_circuit_hurry (&fixture->circuit);
  ticket = admit (fixture);
  check_none (fixture);
  fail (fixture, ticket);
  check_none (fixture);
}

/* Whatever happens, there are never more on their way than there may be, and it closes again. */
static void
test_at_random (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  guint tickets[WIDEST + 1];
  guint n = 0;

  for (guint i = 0; i < 10000; i++)
    {
      guint which;

      while ((tickets[n] = disp_circuit_admit (&fixture->circuit, fixture->now)) != 0)
        g_assert_cmpuint (++n, <=, WIDEST);
      fixture->now += g_test_rand_int_range (0, (gint32) FIRST_WAIT);
      if (n == 0)
        continue;
      which = (guint) g_test_rand_int_range (0, (gint32) n);
      if (g_test_rand_int_range (0, 3) > 0)
        disp_circuit_succeed (&fixture->circuit, tickets[which]);
      else if (g_test_rand_bit ())
        fail (fixture, tickets[which]);
      else
        disp_circuit_withdraw (&fixture->circuit, tickets[which]);
      tickets[which] = tickets[--n];
    }
  while (n > 0)
    disp_circuit_withdraw (&fixture->circuit, tickets[--n]);
  fixture->now += LONGEST_WAIT;
  disp_circuit_succeed (&fixture->circuit, admit (fixture));
  widen (fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, test)                                                                            \
  g_test_add ("/records/circuit/" name, Fixture, NULL, set_up, test, tear_down)
  ADD ("ramp", test_ramp);
  ADD ("probe", test_probe);
  ADD ("waits", test_waits);
  ADD ("stragglers", test_stragglers);
  ADD ("hanging", test_hanging);
  ADD ("retry-after", test_retry_after);
  ADD ("withdrawn", test_withdrawn);
  ADD ("hurried", test_hurried);
  ADD ("at-random", test_at_random);
#undef ADD
  return g_test_run ();
}
