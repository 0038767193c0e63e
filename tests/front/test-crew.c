/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/crew.h"

#include "support/fixtures.h"

#include <stdatomic.h>

#define N_WORKERS 3
#define N_PASSES 20000

/* Nothing here is a real socket: what counts is who gets which number. */

/* A member, and what it took. */
typedef struct
{
  DispCrewMember *member; /* (owned) (nullable) */
  GArray *taken;          /* (owned) (element-type int) */
} Seat;

static void
on_accepted (int fd, G_GNUC_UNUSED DispPeer *peer, gpointer user_data)
{
  Seat *seat = user_data;

  g_array_append_val (seat->taken, fd);
}

static void
seat_init (Seat *seat, DispCrew *crew)
{
  seat->taken = g_array_new (FALSE, FALSE, sizeof (int));
  seat->member = disp_crew_join (crew, on_accepted, seat);
}

static void
close_one (Seat *seat)
{
  g_array_set_size (seat->taken, seat->taken->len - 1);
  disp_crew_closed (seat->member);
}

static void
seat_clear (Seat *seat)
{
  g_clear_pointer (&seat->member, disp_crew_leave);
  g_array_unref (seat->taken);
}

static void
pass (Seat *seat, int first, int n)
{
  for (int i = 0; i < n; i++)
    disp_crew_pass (seat->member, first + i, NULL);
}

static void
turn (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
test_alone (void)
{
  g_autoptr (DispCrew) crew = disp_crew_new ();
  Seat seat;

  seat_init (&seat, crew);
  pass (&seat, 0, 100);
  /* At once, without a turn of the loop. */
  g_assert_cmpuint (seat.taken->len, ==, 100);
  g_assert_cmpuint (disp_crew_count_open (seat.member), ==, 100);
  g_assert_false (g_main_context_pending (NULL));
  seat_clear (&seat);
}

/* Whoever accepts them: of eight each of two gets four. */
static void
test_fewest (void)
{
  g_autoptr (DispCrew) crew = disp_crew_new ();
  Seat seats[2];

  seat_init (&seats[0], crew);
  seat_init (&seats[1], crew);
  pass (&seats[0], 0, 8);
  g_assert_cmpuint (seats[0].taken->len, ==, 4);
  g_assert_cmpuint (seats[1].taken->len, ==, 0);
  g_assert_cmpuint (disp_crew_count_open (seats[1].member), ==, 4);
  turn ();
  g_assert_cmpuint (seats[1].taken->len, ==, 4);
  for (guint i = 0; i < 4; i++)
    g_assert_cmpint (g_array_index (seats[1].taken, int, i), ==, (int) (2 * i + 1));

  /* What is closed makes room. */
  for (guint i = 0; i < 3; i++)
    close_one (&seats[1]);
  pass (&seats[0], 8, 3);
  g_assert_cmpuint (seats[0].taken->len, ==, 4);
  pass (&seats[1], 11, 1);
  turn ();
  g_assert_cmpuint (seats[1].taken->len, ==, 5);
  seat_clear (&seats[0]);
  seat_clear (&seats[1]);
}

/* Many need not be exact, so that nobody is woken up for each. */
static void
test_slack (void)
{
  g_autoptr (DispCrew) crew = disp_crew_new ();
  Seat seats[3];

  for (guint i = 0; i < 3; i++)
    seat_init (&seats[i], crew);
  for (guint i = 0; i < 3; i++)
    for (guint j = 0; j < 100; j++)
      pass (&seats[i], 0, 1);
  turn ();
  g_assert_cmpuint (seats[0].taken->len + seats[1].taken->len + seats[2].taken->len, ==, 300);
  for (guint i = 0; i < 3; i++)
    {
      g_assert_cmpuint (seats[i].taken->len, >=, 85);
      g_assert_cmpuint (seats[i].taken->len, <=, 115);
      g_assert_cmpuint (disp_crew_count_open (seats[i].member), ==, seats[i].taken->len);
    }
  for (guint i = 0; i < 3; i++)
    seat_clear (&seats[i]);
}

/* What was passed to one that leaves is still its. */
static void
test_leave (void)
{
  g_autoptr (DispCrew) crew = disp_crew_new ();
  Seat seats[2];

  seat_init (&seats[0], crew);
  seat_init (&seats[1], crew);
  pass (&seats[0], 0, 10);
  g_assert_cmpuint (seats[1].taken->len, ==, 0);
  g_clear_pointer (&seats[1].member, disp_crew_leave);
  g_assert_cmpuint (seats[1].taken->len, ==, 5);
  turn ();
  g_assert_cmpuint (seats[1].taken->len, ==, 5);
  pass (&seats[0], 10, 10);
  g_assert_cmpuint (seats[0].taken->len, ==, 15);
  g_array_unref (seats[1].taken);
  seat_clear (&seats[0]);
}

/* One that closes what it takes at once. */
static void
on_accepted_in_vain (G_GNUC_UNUSED int fd, G_GNUC_UNUSED DispPeer *peer, gpointer user_data)
{
  DispCrewMember **member = user_data;

  disp_crew_closed (*member);
}

static void
test_closed_at_once (void)
{
  g_autoptr (DispCrew) crew = disp_crew_new ();
  DispCrewMember *member = disp_crew_join (crew, on_accepted_in_vain, &member);
  Seat seat;

  seat_init (&seat, crew);
  disp_crew_pass (member, 0, NULL);
  g_assert_cmpuint (disp_crew_count_open (member), ==, 0);
  pass (&seat, 0, 3);
  g_assert_cmpuint (seat.taken->len, ==, 2);
  disp_crew_leave (member); /* with one in its inbox */
  seat_clear (&seat);
}

/* A worker with a loop of its own. */
typedef struct
{
  DispCrew *crew;         /* (owned by the test) */
  atomic_uint *n_joined;  /* (owned by the test) */
  atomic_uint *n_taken;   /* (owned by the test) by all */
  atomic_uint *seen;      /* (owned by the test) how often each number was taken */
  GMainContext *context;  /* (owned) */
  DispCrewMember *member; /* (owned) */
  guint n_open;
} Worker;

static void
on_worker_accepted (int fd, G_GNUC_UNUSED DispPeer *peer, gpointer user_data)
{
  Worker *worker = user_data;

  atomic_fetch_add (&worker->seen[fd], 1);
  atomic_fetch_add (worker->n_taken, 1);
  /* Some are short, some stay for a while. */
  for (worker->n_open++; worker->n_open > 10 + (guint) fd % 20; worker->n_open--)
    disp_crew_closed (worker->member);
}

static void
work (guint number, gpointer user_data)
{
  Worker *worker = (Worker *) user_data + number;
  int first = (int) number * N_PASSES;

  worker->context = g_main_context_new ();
  g_main_context_push_thread_default (worker->context);
  worker->member = disp_crew_join (worker->crew, on_worker_accepted, worker);
  atomic_fetch_add (worker->n_joined, 1);
  while (atomic_load (worker->n_joined) < N_WORKERS)
    g_thread_yield ();
  /* The first accepts all the time, the others less and less. */
  for (int i = 0; i < N_PASSES; i++)
    {
      if (i % (int) (number + 1) == 0)
        disp_crew_pass (worker->member, first + i, NULL);
      g_main_context_iteration (worker->context, FALSE);
    }
  disp_crew_leave (worker->member);
  g_main_context_pop_thread_default (worker->context);
  g_main_context_unref (worker->context);
}

/* Each is taken once, however the threads race, also while some leave. */
static void
test_threads (void)
{
  g_autoptr (DispCrew) crew = disp_crew_new ();
  g_autofree atomic_uint *seen = g_new0 (atomic_uint, N_WORKERS * N_PASSES);
  atomic_uint n_joined = 0;
  atomic_uint n_taken = 0;
  Worker workers[N_WORKERS] = { 0 };
  guint n_passed = 0;

  for (guint i = 0; i < N_WORKERS; i++)
    workers[i] = (Worker){ .crew = crew, .n_joined = &n_joined, .n_taken = &n_taken, .seen = seen };
  fixture_run_threads (N_WORKERS, work, workers);
  for (guint i = 0; i < N_WORKERS; i++)
    for (guint j = 0; j < N_PASSES; j++)
      {
        guint expected = j % (i + 1) == 0 ? 1 : 0;

        n_passed += expected;
        g_assert_cmpuint (atomic_load (&seen[i * N_PASSES + j]), ==, expected);
      }
  g_assert_cmpuint (atomic_load (&n_taken), ==, n_passed);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/front/crew/alone", test_alone);
  g_test_add_func ("/front/crew/fewest", test_fewest);
  g_test_add_func ("/front/crew/slack", test_slack);
  g_test_add_func ("/front/crew/leave", test_leave);
  g_test_add_func ("/front/crew/closed-at-once", test_closed_at_once);
  g_test_add_func ("/front/crew/threads", test_threads);
  return g_test_run ();
}
