/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/guests.h"
#include "engine/rig.h"
#include "support/fixtures.h"

/* A place that is given back while one makes up its mind to wait. */
static void
test_at_once (Guests *guests, G_GNUC_UNUSED gconstpointer data)
{
  DispCapacity *capacity = guests_give (&guests->place, guests_find (guests, "x"), guests->now);

  disp_waiting_room_offer (guests->room, capacity, &guests->terms, guests->now);
  g_assert_cmpint (guest_enter (guests, 'a', "x", 0, 1), ==, DISP_WAIT_PLACED);
  g_assert_cmpuint (disp_capacity_get_taken (capacity), ==, 1);
  guests_assert_called (guests, "");
  guests->place = guest_get (guests, 'a')->place;
}

/* The place goes to who came first, not to who notices it. */
static void
test_to_another (Guests *guests, G_GNUC_UNUSED gconstpointer data)
{
  guest_queue (guests, 'a', "x", 5, 100);
  guest_queue (guests, 'b', "y", 6, 100);
  guests_give (&guests->place, guests_find (guests, "x"), guests->now);
  guest_queue (guests, 'c', "x", 0, 100);
  guests_assert_called (guests, "b");
  guests->place = guest_get (guests, 'b')->place;
  guests_run_dry (guests);
  guests_assert_called (guests, "bac");
}

static void
test_must_queue (Guests *guests, G_GNUC_UNUSED gconstpointer data)
{
  g_assert_false (disp_waiting_room_must_queue (guests->room, guests_find (guests, "x")));
  guest_queue (guests, 'a', "x", 0, 1);
  g_assert_true (disp_waiting_room_must_queue (guests->room, guests_find (guests, "x")));
  g_assert_false (disp_waiting_room_must_queue (guests->room, guests_find (guests, "y")));
  guests_run_dry (guests);
}

/* Within a queue it goes by arrival, whoever comes in first; at the same time, by that. */
static void
test_arrival (Guests *guests, G_GNUC_UNUSED gconstpointer data)
{
  guest_queue (guests, 'a', "x", 5, 1);
  guest_queue (guests, 'b', "x", 1, 1);
  guest_queue (guests, 'c', "x", 9, 1);
  guest_queue (guests, 'd', "x", 5, 1);
  guest_queue (guests, 'e', "x", 7, 1);
  guest_queue (guests, 'f', "x", 6, 1);
  guest_queue (guests, 'g', "x", 9, 1);
  guest_queue (guests, 'h', "x", 0, 1);
  disp_waiting_room_leave (guests->room, guest_get (guests, 'f'));
  guest_queue (guests, 'f', "x", 8, 1);
  guests_run_dry (guests);
  guests_assert_called (guests, "cgfeadbh");
}

/* Who has tried a container leaves the place there to the next. */
static void
test_tried (Guests *guests, G_GNUC_UNUSED gconstpointer data)
{
  DispCapacity *const tried[] = { guests->place.container->capacity };
  DispWaiter *waiter = guest_get (guests, 'a');

  waiter->tried = tried;
  waiter->n_tried = G_N_ELEMENTS (tried);
  guest_queue (guests, 'a', "x", 3, 1);
  guest_queue (guests, 'b', "x", 2, 1);
  guests_run_dry (guests);
  guests_assert_called (guests, "b");
  /* neither does it keep who comes then from a free place */
  g_assert_true (disp_waiting_room_must_queue (guests->room, guests_find (guests, "x")));
  g_assert_cmpint (guest_enter (guests, 'c', "x", 1, 1), ==, DISP_WAIT_PLACED);
  guests_give (&guest_get (guests, 'c')->place, guests_find (guests, "x"), guests->now);
  g_assert_cmpuint (disp_waiting_room_get_length (guests->room, "x"), ==, 1);
  disp_waiting_room_leave (guests->room, waiter);
  guests_assert_called (guests, "b");
}

/* One may go while it waits, while it is to be called, and when it was. */
static void
test_leave (Guests *guests, G_GNUC_UNUSED gconstpointer data)
{
  DispWaiter *waiter = guest_get (guests, 'b');

  guest_queue (guests, 'a', "x", 2, 1);
  guest_queue (guests, 'b', "x", 1, 1);
  disp_waiting_room_leave (guests->room, guest_get (guests, 'a'));
  g_assert_null (guest_get (guests, 'a')->place.container);
  disp_waiting_room_offer (guests->room,
                           guests_give (&guests->place, guests_find (guests, "x"), guests->now),
                           &guests->terms, guests->now);
  g_assert_cmpuint (disp_waiting_room_get_length (guests->room, NULL), ==, 0);
  disp_waiting_room_leave (guests->room, waiter);
  g_assert_nonnull (waiter->place.container);
  guests_assert_called (guests, "");
  disp_waiting_room_leave (guests->room, waiter);
  g_assert_nonnull (waiter->place.container);
  guests->place = waiter->place;
}

/* All are called without a place, and come back in the order of their arrival. */
static void
test_recall (Guests *guests, G_GNUC_UNUSED gconstpointer data)
{
  guint retry_after;

  guests->terms.limit = 2;
  guest_queue (guests, 'a', "x", 3, 1);
  guest_queue (guests, 'b', "x", 2, 1);
  guest_queue (guests, 'c', "y", 1, 1);
  disp_waiting_room_recall (guests->room);
  guests_assert_empty (guests);
  guests_assert_called (guests, "abc");
  guest_queue (guests, 'd', "x", 0, 1);
  guest_queue (guests, 'e', "x", 0, 1);
  for (int letter = 'c'; letter >= 'a'; letter--)
    {
      g_assert_null (guest_get (guests, letter)->place.container);
      g_assert_true (guest_get (guests, letter)->again);
      g_assert_cmpint (guest_enter_again (guests, letter, &retry_after), ==, DISP_WAIT_QUEUED);
    }
  g_string_truncate (guests->order, 0);
  guests_run_dry (guests);
  guests_assert_called (guests, "abcde");
}

/* One that was routed before the change but waits only after it. */
static void
test_late (Guests *guests, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (DispPolicySpec) spec = rig_policy ("random");
  g_autoptr (DispPolicies) policies = disp_policies_new (spec);
  g_autoptr (DispRouting) routing = disp_routing_new (guests->fleet, policies, NULL);
  DispWaitCounts counts;

  disp_waiting_room_set_routing (guests->room, routing);
  guest_queue (guests, 'a', "x", 3, 1);
  g_assert_cmpuint (disp_waiting_room_get_length (guests->room, NULL), ==, 0);
  g_assert_cmpuint (guests->order->len, ==, 0);
  guests_assert_called (guests, "a");
  g_assert_null (guest_get (guests, 'a')->place.container);
  disp_routing_unref (guests->routing);
  guests->routing = disp_routing_ref (routing);
  guest_queue (guests, 'a', "x", 3, 1);
  disp_waiting_room_read (guests->room, NULL, &counts);
  g_assert_cmpuint (counts.n_waiting, ==, 1);
  g_assert_cmpuint (counts.n_waited, ==, 1);
  guests_run_dry (guests);
  guests_assert_called (guests, "aa");
}

/* When there are several places, all are given, and the thread is called in that order. */
static void
test_several_places (Guests *guests, G_GNUC_UNUSED gconstpointer data)
{
  DispCapacity *capacity = guests->place.container->capacity;

  for (int letter = 'a'; letter <= 'e'; letter++)
    guest_queue (guests, letter, letter % 2 != 0 ? "x" : "y", 'z' - letter, 1);
  guests->terms.max_in_flight = 4;
  disp_waiting_room_offer (guests->room, capacity, &guests->terms, guests->now);
  g_assert_cmpuint (disp_capacity_get_taken (capacity), ==, 4);
  g_assert_cmpuint (disp_waiting_room_get_length (guests->room, NULL), ==, 2);
  guests_assert_called (guests, "abc");
  for (int letter = 'a'; letter <= 'c'; letter++)
    guests_give (&guest_get (guests, letter)->place, guests_find (guests, "x"), guests->now);
  guests_give (&guests->place, guests_find (guests, "x"), guests->now);
  disp_waiting_room_offer (guests->room, capacity, &guests->terms, guests->now);
  guests_assert_called (guests, "abcde");
  for (int letter = 'd'; letter <= 'e'; letter++)
    guests_give (&guest_get (guests, letter)->place, guests_find (guests, "x"), guests->now);
}

/* A place of which nobody was told, as that of a container that has recovered. */
static void
test_offer_all (Guests *guests, G_GNUC_UNUSED gconstpointer data)
{
  disp_waiting_room_offer_all (guests->room, &guests->terms, guests->now);
  guest_queue (guests, 'a', "x", 1, 1);
  guest_queue (guests, 'b', "y", 2, 1);
  disp_waiting_room_offer_all (guests->room, &guests->terms, guests->now);
  guests_assert_called (guests, "");
  guests_give (&guests->place, guests_find (guests, "x"), guests->now);
  disp_waiting_room_offer_all (guests->room, &guests->terms, guests->now);
  guests_assert_called (guests, "b");
  guests->place = guest_get (guests, 'b')->place;
  guests_run_dry (guests);
  guests_assert_called (guests, "ba");
}

/* However many have tried it, it goes to the first that has not. */
static void
test_many_tried (Guests *guests, G_GNUC_UNUSED gconstpointer data)
{
  enum
  {
    N_TRIED = 1000
  };
  DispCapacity *const tried[] = { guests->place.container->capacity };
  g_autofree DispWaiter *waiters = g_new0 (DispWaiter, N_TRIED);
  guint retry_after;

  guests->terms.limit = N_TRIED + 1;
  for (guint i = 0; i < N_TRIED; i++)
    {
      waiters[i].routing = guests->routing;
      waiters[i].route = guests_find (guests, "x");
      waiters[i].tried = tried;
      waiters[i].n_tried = G_N_ELEMENTS (tried);
      g_assert_cmpint (disp_waiting_room_enter (guests->room, &waiters[i], guests->porch,
                                                &guests->terms, guests->now, &retry_after),
                       ==, DISP_WAIT_QUEUED);
    }
  guest_queue (guests, 'a', "x", -1, 1);
  guests_run_dry (guests);
  guests_assert_called (guests, "a");
  for (guint i = 0; i < N_TRIED; i++)
    disp_waiting_room_leave (guests->room, &waiters[i]);
}

/* Only who may use no container is called: as one that has tried all there are. */
static void
test_recall_stranded (Guests *guests, G_GNUC_UNUSED gconstpointer data)
{
  DispCapacity *const tried[] = { guests->place.container->capacity };

  for (int letter = 'a'; letter <= 'e'; letter++)
    {
      guest_get (guests, letter)->tried = tried;
      guest_get (guests, letter)->n_tried = letter == 'b' || letter == 'e';
      guest_queue (guests, letter, letter < 'e' ? "x" : "y", 'e' - letter, 1);
    }
  disp_waiting_room_recall_stranded (guests->room, &guests->terms, guests->now);
  g_assert_cmpuint (disp_waiting_room_get_length (guests->room, "x"), ==, 3);
  g_assert_cmpuint (disp_waiting_room_get_length (guests->room, "y"), ==, 0);
  guests_assert_called (guests, "be");
  g_assert_true (guest_get (guests, 'b')->again);
  g_assert_null (guest_get (guests, 'b')->place.container);
  disp_waiting_room_recall_stranded (guests->room, &guests->terms, guests->now);
  guests_run_dry (guests);
  guests_assert_called (guests, "beacd");
}

/* A change of the fleet calls all that wait, on whose thread that is. */
static void
test_switchboard (Guests *guests, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (DispRouting) routing = NULL;
  g_autoptr (DispRouting) next = NULL;
  DispPorch *porch = guests->porch;
  DispWaitingRoom *room = guests->room;
  Rig rig;

  rig_init (&rig, &rig_settings);
  disp_switchboard_set_fleet (rig.switchboard, guests->fleet);
  guests->room = disp_switchboard_get_waiting_room (rig.switchboard);
  guests->porch = disp_waiting_room_open_porch (guests->room, g_main_context_default (),
                                                guests_on_called, guests);
  routing = disp_switchboard_ref_routing (rig.switchboard);
  disp_routing_unref (guests->routing);
  guests->routing = disp_routing_ref (routing);
  guest_queue (guests, 'a', "x", 1, 1);
  guests_assert_called (guests, "");
  disp_switchboard_set_fleet (rig.switchboard, guests->fleet);
  guests_assert_called (guests, "a");
  g_assert_null (guest_get (guests, 'a')->place.container);
  next = disp_switchboard_ref_routing (rig.switchboard);
  guest_queue (guests, 'a', "x", 1, 1);
  guests_assert_called (guests, "aa");
  disp_routing_unref (guests->routing);
  guests->routing = g_steal_pointer (&next);
  guest_queue (guests, 'a', "x", 1, 1);
  guests_assert_called (guests, "aa");
  disp_waiting_room_leave (guests->room, guest_get (guests, 'a'));
  disp_waiting_room_close_porch (guests->room, guests->porch);
  guests->room = room;
  guests->porch = porch;
  rig_clear (&rig);
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
  add ("at-once", test_at_once, NULL);
  add ("to-another", test_to_another, NULL);
  add ("must-queue", test_must_queue, NULL);
  add ("arrival", test_arrival, NULL);
  add ("tried", test_tried, NULL);
  add ("many-tried", test_many_tried, NULL);
  add ("leave", test_leave, NULL);
  add ("recall", test_recall, NULL);
  add ("recall-stranded", test_recall_stranded, NULL);
  add ("late", test_late, NULL);
  add ("several-places", test_several_places, NULL);
  add ("offer-all", test_offer_all, NULL);
  add ("switchboard", test_switchboard, NULL);
  return g_test_run ();
}
