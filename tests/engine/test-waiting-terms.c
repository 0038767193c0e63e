/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/guests.h"
#include "engine/rig.h"
#include "support/chi-square.h"

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
test_policy (Guests *guests, gconstpointer data)
{
  static const struct
  {
    const char *model;
    gint64 ago;
    gint64 target;
  } rows[] = { { "x", 20, 40 }, { "y", 19, 90 }, { "z", 18, 20 }, { "y", 17, 30 },
               { "x", 16, 42 }, { "y", 15, 45 }, { "z", 14, 44 } };
  const guint row = GPOINTER_TO_UINT (data);

  guests->terms.policy = policy_rows[row].policy;
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    guest_queue (guests, (int) ('a' + i), rows[i].model, rows[i].ago, rows[i].target);
  guests_run_dry (guests);
  guests_assert_called (guests, policy_rows[row].order);
}

/* Each of three queues is drawn as often as the others, however many wait in it. */
static void
test_random (Guests *guests, G_GNUC_UNUSED gconstpointer data)
{
  static const char *const models[] = { "x", "y", "y", "y", "z", "z" };
  static const double shares[] = { 1.0 / 3, 1.0 / 3, 1.0 / 3 };
  guint observed[3] = { 0 };

  guests->terms.policy = DISP_QUEUE_RANDOM;
  for (guint round = 0; round < 3000; round++)
    {
      for (guint i = 0; i < G_N_ELEMENTS (models); i++)
        guest_queue (guests, (int) ('a' + i), models[i], 6 - i, 10);
      g_string_truncate (guests->order, 0);
      guests_run_dry (guests);
      g_assert_cmpuint (guests->order->len, ==, G_N_ELEMENTS (models));
      observed[models[guests->order->str[0] - 'a'][0] - 'x']++;
      guests_take (guests);
    }
  assert_chi_square (observed, shares, G_N_ELEMENTS (shares));
}

static void
test_limit (Guests *guests, G_GNUC_UNUSED gconstpointer data)
{
  DispCapacity *tried[] = { NULL };
  DispWaitCounts counts;

  guests->terms.limit = 2;
  guest_queue (guests, 'a', "x", 0, 1);
  guest_queue (guests, 'b', "x", 0, 1);
  g_assert_cmpint (guest_enter (guests, 'c', "x", 0, 1), ==, DISP_WAIT_FULL);
  guest_queue (guests, 'd', "y", 0, 1);
  guest_get (guests, 'e')->again = TRUE;
  guest_queue (guests, 'e', "x", 0, 1);
  guest_get (guests, 'f')->tried = tried;
  guest_get (guests, 'f')->n_tried = G_N_ELEMENTS (tried);
  guest_queue (guests, 'f', "x", 0, 1);
  disp_waiting_room_read (guests->room, "x", &counts);
  g_assert_cmpuint (counts.n_waiting, ==, 4);
  g_assert_cmpuint (counts.n_waited, ==, 3);
  g_assert_cmpuint (counts.n_refused, ==, 1);
  disp_waiting_room_read (guests->room, NULL, &counts);
  g_assert_cmpuint (counts.n_waiting, ==, 5);
  g_assert_cmpuint (counts.n_waited, ==, 4);
  g_assert_cmpuint (counts.n_refused, ==, 1);
  disp_waiting_room_read (guests->room, "z", &counts);
  g_assert_cmpuint (counts.n_waited, ==, 0);
  guests_run_dry (guests);
  guests_assert_called (guests, "adbef");
}

static void
test_bytes (Guests *guests, G_GNUC_UNUSED gconstpointer data)
{
  for (int letter = 'a'; letter <= 'd'; letter++)
    guest_get (guests, letter)->n_bytes = 500;
  guest_queue (guests, 'a', "x", 0, 1);
  guest_queue (guests, 'b', "y", 0, 1);
  g_assert_cmpint (guest_enter (guests, 'e', "z", 0, 1), ==, DISP_WAIT_QUEUED); /* needs nothing */
  guest_get (guests, 'f')->n_bytes = 1;
  g_assert_cmpint (guest_enter (guests, 'f', "z", 0, 1), ==, DISP_WAIT_FULL);
  guest_get (guests, 'd')->again = TRUE;
  guest_queue (guests, 'd', "z", 0, 1);
  disp_waiting_room_leave (guests->room, guest_get (guests, 'a'));
  g_assert_cmpint (guest_enter (guests, 'f', "z", 0, 1), ==, DISP_WAIT_FULL);
  disp_waiting_room_leave (guests->room, guest_get (guests, 'd'));
  guest_queue (guests, 'f', "z", 0, 1);
  guests_run_dry (guests);
  guests_assert_called (guests, "bef");
}

/* One place a second and seven that wait: the next is there in seven seconds. */
static void
test_retry_after (Guests *guests, G_GNUC_UNUSED gconstpointer data)
{
  guint retry_after = 99;

  guests->terms.limit = 7;
  for (int letter = 'a'; letter <= 'g'; letter++)
    guest_queue (guests, letter, "x", 0, 1);
  guest_get (guests, 'h')->routing = guests->routing;
  guest_get (guests, 'h')->route = guests_find (guests, "x");
  g_assert_cmpint (guest_enter_again (guests, 'h', &retry_after), ==, DISP_WAIT_FULL);
  g_assert_cmpuint (retry_after, ==, 0);
  for (guint i = 0; i < 70; i++)
    {
      int letter = 'a' + (int) (i % 7);

      guests->now += SECOND;
      disp_waiting_room_offer (guests->room,
                               guests_give (&guests->place, guests_find (guests, "x"), 0),
                               &guests->terms, guests->now);
      rig_turn ();
      guests->place = guest_get (guests, letter)->place;
      guest_queue (guests, letter, "x", 0, 1);
    }
  g_assert_cmpint (guest_enter_again (guests, 'h', &retry_after), ==, DISP_WAIT_FULL);
  g_assert_cmpuint (retry_after, >=, 6);
  g_assert_cmpuint (retry_after, <=, 8);
  guests->now += 10 * SECOND; /* nothing moves */
  g_assert_cmpint (guest_enter_again (guests, 'h', &retry_after), ==, DISP_WAIT_FULL);
  g_assert_cmpuint (retry_after, ==, DISP_WAITING_ROOM_MAX_RETRY_AFTER);
  guests->now += 100 * SECOND;
  g_assert_cmpint (guest_enter_again (guests, 'h', &retry_after), ==, DISP_WAIT_FULL);
  g_assert_cmpuint (retry_after, ==, 0);
  g_string_truncate (guests->order, 0);
  guests_run_dry (guests);
  guests_assert_called (guests, "abcdefg");
}

/* A thousand places a second: there is no waiting less than a second. */
static void
test_retry_soon (Guests *guests, G_GNUC_UNUSED gconstpointer data)
{
  guint retry_after = 99;

  guests->terms.limit = 1;
  guest_queue (guests, 'a', "x", 0, 1);
  guests->now += SECOND / 1000;
  guests_run_dry (guests);
  guests_take (guests);
  guest_queue (guests, 'a', "x", 0, 1);
  guest_get (guests, 'b')->routing = guests->routing;
  guest_get (guests, 'b')->route = guests_find (guests, "x");
  g_assert_cmpint (guest_enter_again (guests, 'b', &retry_after), ==, DISP_WAIT_FULL);
  g_assert_cmpuint (retry_after, ==, 1);
  guests_run_dry (guests);
  guests_assert_called (guests, "aa");
}

/* Models that nobody asks for any more are forgotten, those for which somebody waits are not. */
static void
test_forgotten (Guests *guests, G_GNUC_UNUSED gconstpointer data)
{
  DispWaitCounts counts;

  guest_queue (guests, 'a', "x", 0, 1);
  guest_queue (guests, 'b', "y", 0, 1);
  disp_waiting_room_leave (guests->room, guest_get (guests, 'b'));
  guests->now += 700 * SECOND;
  guest_queue (guests, 'c', "z", 0, 1);
  disp_waiting_room_read (guests->room, "x", &counts);
  g_assert_cmpuint (counts.n_waited, ==, 1);
  disp_waiting_room_read (guests->room, "y", &counts);
  g_assert_cmpuint (counts.n_waited, ==, 0);
  disp_waiting_room_read (guests->room, NULL, &counts);
  g_assert_cmpuint (counts.n_waited, ==, 3);
  guests_run_dry (guests);
  guests_assert_called (guests, "ac");
}

static void
add (const char *name, void (*test) (Guests *, gconstpointer), gconstpointer data)
{
  g_autofree char *path = g_strconcat ("/engine/waiting-room/", name, NULL);

  g_test_add (path, Guests, data, guests_set_up, test, guests_tear_down);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (policy_rows); i++)
    {
      g_autofree char *name = g_strconcat (
          "policy/", disp_queue_policy_to_string (policy_rows[i].policy), NULL);

      add (name, test_policy, GUINT_TO_POINTER (i));
    }
  add ("policy/random", test_random, NULL);
  add ("limit", test_limit, NULL);
  add ("bytes", test_bytes, NULL);
  add ("retry-after", test_retry_after, NULL);
  add ("retry-soon", test_retry_soon, NULL);
  add ("forgotten", test_forgotten, NULL);
  return g_test_run ();
}
