/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/rig.h"
#include "engine/waiting-room.h"
#include "support/chi-square.h"
#include "support/fixtures.h"

#define N_GUESTS 16
#define SECOND ((gint64) G_USEC_PER_SEC)

/* A request that waits, and what came of it. */
typedef struct
{
  DispWaiter waiter;
  guint n_called;
} Guest;

/* A room, its only porch, and a container that serves all models and has one place. */
typedef struct
{
  DispWaitingRoom *room; /* (owned) */
  DispPorch *porch;      /* (owned) */
  DispFleet *fleet;      /* (owned) */
  DispWaitTerms terms;
  gint64 now;
  DispPlace place; /* the one that is taken */
  Guest guests[N_GUESTS];
  GString *order; /* (owned) who was called, by a letter each: 'a' the first guest */
} Fixture;

static void
on_called (DispWaiter *waiter, gpointer user_data)
{
  Fixture *fixture = user_data;
  Guest *guest = waiter->user_data;

  guest->n_called++;
  g_string_append_c (fixture->order, (char) ('a' + (guest - fixture->guests)));
}

static const DispRoute *
find (Fixture *fixture, const char *model)
{
  return fixture_find (fixture->fleet, model, 1);
}

static void
take (Fixture *fixture)
{
  const DispPlaceQuery query = { .max_in_flight = 1, .now = fixture->now };

  g_assert_true (disp_place_take (&fixture->place, find (fixture, "x"), 0, &query));
}

static DispCapacity *
give (DispPlace *place, const DispRoute *route, gint64 now)
{
  DispCapacity *capacity = place->container->capacity;

  disp_place_give (place, route, DISP_OUTCOME_CANCELLED, 0, now);
  return capacity;
}

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->room = disp_waiting_room_new (g_rand_new_with_seed (6));
  fixture->porch = disp_waiting_room_open_porch (fixture->room, g_main_context_default (),
                                                 on_called, fixture);
  fixture->fleet = fixture_fleet (
      NULL, "x:1 y:1 z:1", fixture_container ("gpu", DISP_MODEL_ALL, 1, DISP_DEVICE_GPU, 1), NULL);
  fixture->terms = (DispWaitTerms){
    .policy = DISP_QUEUE_FIFO, .max_in_flight = 1, .limit = N_GUESTS, .n_bytes = 1000
  };
  fixture->now = 100 * SECOND;
  fixture->order = g_string_new (NULL);
  take (fixture);
}

static void
assert_empty (Fixture *fixture)
{
  g_assert_cmpuint (disp_waiting_room_get_length (fixture->room, NULL), ==, 0);
  g_assert_cmpuint (disp_waiting_room_get_length (fixture->room, "x"), ==, 0);
  g_assert_false (disp_waiting_room_must_queue (fixture->room, find (fixture, "x")));
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  rig_turn ();
  assert_empty (fixture);
  if (fixture->place.container != NULL)
    give (&fixture->place, find (fixture, "x"), fixture->now);
  disp_waiting_room_close_porch (fixture->room, fixture->porch);
  disp_waiting_room_unref (fixture->room);
  disp_fleet_unref (fixture->fleet);
  g_string_free (fixture->order, TRUE);
}

static DispWaiter *
get_waiter (Fixture *fixture, char letter)
{
  return &fixture->guests[letter - 'a'].waiter;
}

static DispWaitResult
enter_again (Fixture *fixture, char letter, guint *retry_after)
{
  return disp_waiting_room_enter (fixture->room, get_waiter (fixture, letter), fixture->porch,
                                  &fixture->terms, fixture->now, retry_after);
}

/* @ago and @target in seconds: how long before now it came, and how long it may take. */
static DispWaitResult
enter (Fixture *fixture, char letter, const char *model, gint64 ago, gint64 target)
{
  Guest *guest = &fixture->guests[letter - 'a'];
  guint retry_after;

  guest->waiter.route = find (fixture, model);
  guest->waiter.arrived = fixture->now - ago * SECOND;
  guest->waiter.due = guest->waiter.arrived + target * SECOND;
  guest->waiter.user_data = guest;
  return enter_again (fixture, letter, &retry_after);
}

static void
queue (Fixture *fixture, char letter, const char *model, gint64 ago, gint64 target)
{
  g_assert_cmpint (enter (fixture, letter, model, ago, target), ==, DISP_WAIT_QUEUED);
}

static void
assert_called (Fixture *fixture, const char *expected)
{
  rig_turn ();
  g_assert_cmpstr (fixture->order->str, ==, expected);
}

/* Gives the only place back and offers it, then that of whom it was given to, and so on. */
static void
run_dry (Fixture *fixture)
{
  DispPlace place = fixture->place;

  fixture->place = (DispPlace){ 0 };
  while (place.container != NULL)
    {
      DispCapacity *capacity = give (&place, find (fixture, "x"), fixture->now);
      gsize n_called = fixture->order->len;

      disp_waiting_room_offer (fixture->room, capacity, &fixture->terms, fixture->now);
      rig_turn ();
      if (fixture->order->len == n_called)
        break;
      g_assert_cmpuint (fixture->order->len, ==, n_called + 1);
      place = get_waiter (fixture, fixture->order->str[n_called])->place;
      g_assert_nonnull (place.container);
      g_assert_cmpuint (disp_capacity_get_taken (capacity), ==, 1);
    }
}

/* A place that is given back while one makes up its mind to wait. */
static void
test_at_once (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  DispCapacity *capacity = give (&fixture->place, find (fixture, "x"), fixture->now);

  disp_waiting_room_offer (fixture->room, capacity, &fixture->terms, fixture->now);
  g_assert_cmpint (enter (fixture, 'a', "x", 0, 1), ==, DISP_WAIT_PLACED);
  g_assert_cmpuint (disp_capacity_get_taken (capacity), ==, 1);
  assert_called (fixture, "");
  fixture->place = get_waiter (fixture, 'a')->place;
}

/* The place goes to who came first, not to who notices it. */
static void
test_to_another (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  queue (fixture, 'a', "x", 5, 100);
  queue (fixture, 'b', "y", 6, 100);
  give (&fixture->place, find (fixture, "x"), fixture->now);
  queue (fixture, 'c', "x", 0, 100);
  assert_called (fixture, "b");
  fixture->place = get_waiter (fixture, 'b')->place;
  run_dry (fixture);
  assert_called (fixture, "bac");
}

static void
test_must_queue (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_assert_false (disp_waiting_room_must_queue (fixture->room, find (fixture, "x")));
  queue (fixture, 'a', "x", 0, 1);
  g_assert_true (disp_waiting_room_must_queue (fixture->room, find (fixture, "x")));
  g_assert_false (disp_waiting_room_must_queue (fixture->room, find (fixture, "y")));
  run_dry (fixture);
}

/* Within a queue it goes by arrival, whoever comes in first; at the same time, by that. */
static void
test_arrival (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  queue (fixture, 'a', "x", 5, 1);
  queue (fixture, 'b', "x", 1, 1);
  queue (fixture, 'c', "x", 9, 1);
  queue (fixture, 'd', "x", 5, 1);
  queue (fixture, 'e', "x", 7, 1);
  queue (fixture, 'f', "x", 6, 1);
  queue (fixture, 'g', "x", 9, 1);
  queue (fixture, 'h', "x", 0, 1);
  disp_waiting_room_leave (fixture->room, get_waiter (fixture, 'f'));
  queue (fixture, 'f', "x", 8, 1);
  run_dry (fixture);
  assert_called (fixture, "cgfeadbh");
}

/* Requests of three models, and in which order each policy lets them go. */
static const struct
{
  DispQueuePolicy policy;
  const char *order;
} policy_rows[] = {
  { DISP_QUEUE_FIFO, "abcdefg" },
  { DISP_QUEUE_DEADLINE, "caegbdf" },
  { DISP_QUEUE_ROUND_ROBIN, "abcedgf" },
  { DISP_QUEUE_LONGEST, "bacdefg" },
};

static void
test_policy (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    const char *model;
    gint64 ago;
    gint64 target;
  } rows[] = { { "x", 20, 40 }, { "y", 19, 90 }, { "z", 18, 20 }, { "y", 17, 30 },
               { "x", 16, 42 }, { "y", 15, 45 }, { "z", 14, 44 } };
  const guint row = GPOINTER_TO_UINT (data);

  fixture->terms.policy = policy_rows[row].policy;
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    queue (fixture, (char) ('a' + i), rows[i].model, rows[i].ago, rows[i].target);
  run_dry (fixture);
  assert_called (fixture, policy_rows[row].order);
}

/* Each of three queues is drawn as often as the others, however many wait in it. */
static void
test_random (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const char *const models[] = { "x", "y", "y", "y", "z", "z" };
  static const double shares[] = { 1.0 / 3, 1.0 / 3, 1.0 / 3 };
  guint observed[3] = { 0 };

  fixture->terms.policy = DISP_QUEUE_RANDOM;
  for (guint round = 0; round < 3000; round++)
    {
      for (guint i = 0; i < G_N_ELEMENTS (models); i++)
        queue (fixture, (char) ('a' + i), models[i], 6 - i, 10);
      g_string_truncate (fixture->order, 0);
      run_dry (fixture);
      g_assert_cmpuint (fixture->order->len, ==, G_N_ELEMENTS (models));
      observed[models[fixture->order->str[0] - 'a'][0] - 'x']++;
      take (fixture);
    }
  assert_chi_square (observed, shares, G_N_ELEMENTS (shares));
}

/* Who has tried a container leaves the place there to the next. */
static void
test_tried (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  DispCapacity *const tried[] = { fixture->place.container->capacity };
  DispWaiter *waiter = get_waiter (fixture, 'a');

  waiter->tried = tried;
  waiter->n_tried = G_N_ELEMENTS (tried);
  queue (fixture, 'a', "x", 3, 1);
  queue (fixture, 'b', "x", 2, 1);
  run_dry (fixture);
  assert_called (fixture, "b");
  /* neither does it keep who comes then from a free place */
  g_assert_true (disp_waiting_room_must_queue (fixture->room, find (fixture, "x")));
  g_assert_cmpint (enter (fixture, 'c', "x", 1, 1), ==, DISP_WAIT_PLACED);
  give (&get_waiter (fixture, 'c')->place, find (fixture, "x"), fixture->now);
  g_assert_cmpuint (disp_waiting_room_get_length (fixture->room, "x"), ==, 1);
  disp_waiting_room_leave (fixture->room, waiter);
  assert_called (fixture, "b");
}

static void
test_limit (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  DispCapacity *tried[] = { NULL };
  DispWaitCounts counts;

  fixture->terms.limit = 2;
  queue (fixture, 'a', "x", 0, 1);
  queue (fixture, 'b', "x", 0, 1);
  g_assert_cmpint (enter (fixture, 'c', "x", 0, 1), ==, DISP_WAIT_FULL);
  queue (fixture, 'd', "y", 0, 1);
  get_waiter (fixture, 'e')->again = TRUE;
  queue (fixture, 'e', "x", 0, 1);
  get_waiter (fixture, 'f')->tried = tried;
  get_waiter (fixture, 'f')->n_tried = G_N_ELEMENTS (tried);
  queue (fixture, 'f', "x", 0, 1);
  disp_waiting_room_read (fixture->room, "x", &counts);
  g_assert_cmpuint (counts.n_waiting, ==, 4);
  g_assert_cmpuint (counts.n_waited, ==, 3);
  g_assert_cmpuint (counts.n_refused, ==, 1);
  disp_waiting_room_read (fixture->room, NULL, &counts);
  g_assert_cmpuint (counts.n_waiting, ==, 5);
  g_assert_cmpuint (counts.n_waited, ==, 4);
  g_assert_cmpuint (counts.n_refused, ==, 1);
  disp_waiting_room_read (fixture->room, "z", &counts);
  g_assert_cmpuint (counts.n_waited, ==, 0);
  run_dry (fixture);
  assert_called (fixture, "adbef");
}

static void
test_bytes (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  for (char letter = 'a'; letter <= 'd'; letter++)
    get_waiter (fixture, letter)->n_bytes = 500;
  queue (fixture, 'a', "x", 0, 1);
  queue (fixture, 'b', "y", 0, 1);
  g_assert_cmpint (enter (fixture, 'e', "z", 0, 1), ==, DISP_WAIT_QUEUED); /* needs nothing */
  get_waiter (fixture, 'f')->n_bytes = 1;
  g_assert_cmpint (enter (fixture, 'f', "z", 0, 1), ==, DISP_WAIT_FULL);
  get_waiter (fixture, 'd')->again = TRUE;
  queue (fixture, 'd', "z", 0, 1);
  disp_waiting_room_leave (fixture->room, get_waiter (fixture, 'a'));
  g_assert_cmpint (enter (fixture, 'f', "z", 0, 1), ==, DISP_WAIT_FULL);
  disp_waiting_room_leave (fixture->room, get_waiter (fixture, 'd'));
  queue (fixture, 'f', "z", 0, 1);
  run_dry (fixture);
  assert_called (fixture, "bef");
}

/* One place a second and seven that wait: the next is there in seven seconds. */
static void
test_retry_after (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  guint retry_after = 99;

  fixture->terms.limit = 7;
  for (char letter = 'a'; letter <= 'g'; letter++)
    queue (fixture, letter, "x", 0, 1);
  get_waiter (fixture, 'h')->route = find (fixture, "x");
  g_assert_cmpint (enter_again (fixture, 'h', &retry_after), ==, DISP_WAIT_FULL);
  g_assert_cmpuint (retry_after, ==, 0);
  for (guint i = 0; i < 70; i++)
    {
      char letter = (char) ('a' + i % 7);

      fixture->now += SECOND;
      disp_waiting_room_offer (fixture->room, give (&fixture->place, find (fixture, "x"), 0),
                               &fixture->terms, fixture->now);
      rig_turn ();
      fixture->place = get_waiter (fixture, letter)->place;
      queue (fixture, letter, "x", 0, 1);
    }
  g_assert_cmpint (enter_again (fixture, 'h', &retry_after), ==, DISP_WAIT_FULL);
  g_assert_cmpuint (retry_after, >=, 6);
  g_assert_cmpuint (retry_after, <=, 8);
  fixture->now += 10 * SECOND; /* nothing moves */
  g_assert_cmpint (enter_again (fixture, 'h', &retry_after), ==, DISP_WAIT_FULL);
  g_assert_cmpuint (retry_after, ==, DISP_WAITING_ROOM_MAX_RETRY_AFTER);
  fixture->now += 100 * SECOND;
  g_assert_cmpint (enter_again (fixture, 'h', &retry_after), ==, DISP_WAIT_FULL);
  g_assert_cmpuint (retry_after, ==, 0);
  g_string_truncate (fixture->order, 0);
  run_dry (fixture);
  assert_called (fixture, "abcdefg");
}

/* A thousand places a second: there is no waiting less than a second. */
static void
test_retry_soon (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  guint retry_after = 99;

  fixture->terms.limit = 1;
  queue (fixture, 'a', "x", 0, 1);
  fixture->now += SECOND / 1000;
  run_dry (fixture);
  take (fixture);
  queue (fixture, 'a', "x", 0, 1);
  get_waiter (fixture, 'b')->route = find (fixture, "x");
  g_assert_cmpint (enter_again (fixture, 'b', &retry_after), ==, DISP_WAIT_FULL);
  g_assert_cmpuint (retry_after, ==, 1);
  run_dry (fixture);
  assert_called (fixture, "aa");
}

/* One may go while it waits, while it is to be called, and when it was. */
static void
test_leave (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  DispWaiter *waiter = get_waiter (fixture, 'b');

  queue (fixture, 'a', "x", 2, 1);
  queue (fixture, 'b', "x", 1, 1);
  disp_waiting_room_leave (fixture->room, get_waiter (fixture, 'a'));
  g_assert_null (get_waiter (fixture, 'a')->place.container);
  disp_waiting_room_offer (fixture->room, give (&fixture->place, find (fixture, "x"), fixture->now),
                           &fixture->terms, fixture->now);
  g_assert_cmpuint (disp_waiting_room_get_length (fixture->room, NULL), ==, 0);
  disp_waiting_room_leave (fixture->room, waiter);
  g_assert_nonnull (waiter->place.container);
  assert_called (fixture, "");
  disp_waiting_room_leave (fixture->room, waiter);
  g_assert_nonnull (waiter->place.container);
  fixture->place = waiter->place;
}

/* All are called without a place, and come back in the order of their arrival. */
static void
test_recall (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  guint retry_after;

  fixture->terms.limit = 2;
  queue (fixture, 'a', "x", 3, 1);
  queue (fixture, 'b', "x", 2, 1);
  queue (fixture, 'c', "y", 1, 1);
  disp_waiting_room_recall (fixture->room);
  assert_empty (fixture);
  assert_called (fixture, "abc");
  queue (fixture, 'd', "x", 0, 1);
  queue (fixture, 'e', "x", 0, 1);
  for (char letter = 'c'; letter >= 'a'; letter--)
    {
      g_assert_null (get_waiter (fixture, letter)->place.container);
      g_assert_true (get_waiter (fixture, letter)->again);
      g_assert_cmpint (enter_again (fixture, letter, &retry_after), ==, DISP_WAIT_QUEUED);
    }
  g_string_truncate (fixture->order, 0);
  run_dry (fixture);
  assert_called (fixture, "abcde");
}

/* One that was routed before the change but waits only after it. */
static void
test_late (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (DispPolicySpec) spec = rig_policy ("random");
  g_autoptr (DispPolicies) policies = disp_policies_new (spec);
  g_autoptr (DispRouting) routing = disp_routing_new (fixture->fleet, policies, NULL);
  DispWaitCounts counts;

  disp_waiting_room_set_routing (fixture->room, routing);
  queue (fixture, 'a', "x", 3, 1);
  g_assert_cmpuint (disp_waiting_room_get_length (fixture->room, NULL), ==, 0);
  g_assert_cmpuint (fixture->order->len, ==, 0);
  assert_called (fixture, "a");
  g_assert_null (get_waiter (fixture, 'a')->place.container);
  get_waiter (fixture, 'a')->routing = routing;
  queue (fixture, 'a', "x", 3, 1);
  disp_waiting_room_read (fixture->room, NULL, &counts);
  g_assert_cmpuint (counts.n_waiting, ==, 1);
  g_assert_cmpuint (counts.n_waited, ==, 1);
  run_dry (fixture);
  assert_called (fixture, "aa");
}

/* When there are several places, all are given, and the thread is called in that order. */
static void
test_several_places (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  DispCapacity *capacity = fixture->place.container->capacity;

  for (char letter = 'a'; letter <= 'e'; letter++)
    queue (fixture, letter, letter % 2 != 0 ? "x" : "y", 'z' - letter, 1);
  fixture->terms.max_in_flight = 4;
  disp_waiting_room_offer (fixture->room, capacity, &fixture->terms, fixture->now);
  g_assert_cmpuint (disp_capacity_get_taken (capacity), ==, 4);
  g_assert_cmpuint (disp_waiting_room_get_length (fixture->room, NULL), ==, 2);
  assert_called (fixture, "abc");
  for (char letter = 'a'; letter <= 'c'; letter++)
    give (&get_waiter (fixture, letter)->place, find (fixture, "x"), fixture->now);
  give (&fixture->place, find (fixture, "x"), fixture->now);
  disp_waiting_room_offer (fixture->room, capacity, &fixture->terms, fixture->now);
  assert_called (fixture, "abcde");
  for (char letter = 'd'; letter <= 'e'; letter++)
    give (&get_waiter (fixture, letter)->place, find (fixture, "x"), fixture->now);
}

/* Models that nobody asks for any more are forgotten, those for which somebody waits are not. */
static void
test_forgotten (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  DispWaitCounts counts;

  queue (fixture, 'a', "x", 0, 1);
  queue (fixture, 'b', "y", 0, 1);
  disp_waiting_room_leave (fixture->room, get_waiter (fixture, 'b'));
  fixture->now += 700 * SECOND;
  queue (fixture, 'c', "z", 0, 1);
  disp_waiting_room_read (fixture->room, "x", &counts);
  g_assert_cmpuint (counts.n_waited, ==, 1);
  disp_waiting_room_read (fixture->room, "y", &counts);
  g_assert_cmpuint (counts.n_waited, ==, 0);
  disp_waiting_room_read (fixture->room, NULL, &counts);
  g_assert_cmpuint (counts.n_waited, ==, 3);
  run_dry (fixture);
  assert_called (fixture, "ac");
}

static void
add (const char *name, void (*test) (Fixture *, gconstpointer), gconstpointer data)
{
  g_autofree char *path = g_strconcat ("/engine/waiting-room/", name, NULL);

  g_test_add (path, Fixture, data, set_up, test, tear_down);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  add ("at-once", test_at_once, NULL);
  add ("to-another", test_to_another, NULL);
  add ("must-queue", test_must_queue, NULL);
  add ("arrival", test_arrival, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (policy_rows); i++)
    {
      g_autofree char *name = g_strconcat (
          "policy/", disp_queue_policy_to_string (policy_rows[i].policy), NULL);

      add (name, test_policy, GUINT_TO_POINTER (i));
    }
  add ("policy/random", test_random, NULL);
  add ("tried", test_tried, NULL);
  add ("limit", test_limit, NULL);
  add ("bytes", test_bytes, NULL);
  add ("retry-after", test_retry_after, NULL);
  add ("retry-soon", test_retry_soon, NULL);
  add ("leave", test_leave, NULL);
  add ("recall", test_recall, NULL);
  add ("late", test_late, NULL);
  add ("several-places", test_several_places, NULL);
  add ("forgotten", test_forgotten, NULL);
  return g_test_run ();
}
