/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/guests.h"

#include "engine/rig.h"
#include "support/fixtures.h"

/**
 * guests_on_called:
 * @waiter: one of the guests
 * @user_data: the guests
 *
 * For disp_waiting_room_open_porch().
 */
void
guests_on_called (DispWaiter *waiter, gpointer user_data)
{
  Guests *guests = user_data;

  g_string_append_c (guests->order, (char) ('a' + (waiter - guests->all)));
}

/**
 * guests_find:
 * @guests: the guests
 * @model: "x", "y" or "z"
 *
 * Returns: (transfer none): its route
 */
const DispRoute *
guests_find (Guests *guests, const char *model)
{
  return fixture_find (guests->fleet, model, 1);
}

/**
 * guests_take:
 * @guests: the guests
 *
 * Takes the only place, which is free.
 */
void
guests_take (Guests *guests)
{
  const DispPlaceQuery query = { .max_in_flight = 1, .now = guests->now };

  g_assert_true (disp_place_take (&guests->place, guests_find (guests, "x"), 0, &query));
}

/**
 * guests_give:
 * @place: a place
 * @route: for which it was taken
 * @now: the time
 *
 * Gives it back, and tells nobody.
 *
 * Returns: (transfer none): the capacity of its container
 */
DispCapacity *
guests_give (DispPlace *place, const DispRoute *route, gint64 now)
{
  DispCapacity *capacity = place->container->capacity;

  disp_place_give (place, route, DISP_OUTCOME_CANCELLED, 0, now);
  return capacity;
}

/**
 * guests_set_up:
 * @guests: (out caller-allocates): the guests, all zero
 * @data: unused
 *
 * Nobody waits yet.
 */
void
guests_set_up (Guests *guests, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (DispPolicySpec) policy = rig_policy ("random");
  g_autoptr (DispPolicies) policies = disp_policies_new (policy);

  guests->room = disp_waiting_room_new (g_rand_new_with_seed (6));
  guests->porch = disp_waiting_room_open_porch (guests->room, g_main_context_default (),
                                                guests_on_called, guests);
  guests->fleet = fixture_fleet (
      NULL, "x:1 y:1 z:1", fixture_container ("gpu", DISP_MODEL_ALL, 1, DISP_DEVICE_GPU, 1), NULL);
  guests->routing = disp_routing_new (guests->fleet, policies, NULL);
  disp_waiting_room_set_routing (guests->room, guests->routing);
  guests->terms = (DispWaitTerms){
    .policy = DISP_QUEUE_FIFO, .max_in_flight = 1, .limit = N_GUESTS, .n_bytes = 1000
  };
  guests->now = 100 * SECOND;
  guests->order = g_string_new (NULL);
  guests_take (guests);
}

/**
 * guests_assert_empty:
 * @guests: the guests
 *
 * Fails if anybody waits.
 */
void
guests_assert_empty (Guests *guests)
{
  g_assert_cmpuint (disp_waiting_room_get_length (guests->room, NULL), ==, 0);
  g_assert_cmpuint (disp_waiting_room_get_length (guests->room, "x"), ==, 0);
  g_assert_false (disp_waiting_room_must_queue (guests->room, guests_find (guests, "x")));
}

/**
 * guests_tear_down:
 * @guests: the guests
 * @data: unused
 *
 * Fails if anybody waits, and frees all.
 */
void
guests_tear_down (Guests *guests, G_GNUC_UNUSED gconstpointer data)
{
  rig_turn ();
  guests_assert_empty (guests);
  if (guests->place.container != NULL)
    guests_give (&guests->place, guests_find (guests, "x"), guests->now);
  disp_waiting_room_close_porch (guests->room, guests->porch);
  disp_waiting_room_unref (guests->room);
  disp_routing_unref (guests->routing);
  disp_fleet_unref (guests->fleet);
  g_string_free (guests->order, TRUE);
}

/**
 * guest_get:
 * @guests: the guests
 * @letter: which of them
 *
 * Returns: (transfer none): how it waits
 */
DispWaiter *
guest_get (Guests *guests, int letter)
{
  return &guests->all[letter - 'a'];
}

/**
 * guest_enter_again:
 * @guests: the guests
 * @letter: which of them, filled in already
 * @retry_after: (out): see disp_waiting_room_enter()
 *
 * Returns: what became of it
 */
DispWaitResult
guest_enter_again (Guests *guests, int letter, guint *retry_after)
{
  return disp_waiting_room_enter (guests->room, guest_get (guests, letter), guests->porch,
                                  &guests->terms, guests->now, retry_after);
}

/**
 * guest_enter:
 * @guests: the guests
 * @letter: which of them
 * @model: what it asks for
 * @ago: how many seconds ago it came
 * @target: how many seconds it may take in all
 *
 * Returns: what became of it
 */
DispWaitResult
guest_enter (Guests *guests, int letter, const char *model, gint64 ago, gint64 target)
{
  DispWaiter *guest = guest_get (guests, letter);
  guint retry_after;

  guest->routing = guests->routing;
  guest->route = guests_find (guests, model);
  guest->arrived = guests->now - ago * SECOND;
  guest->due = guest->arrived + target * SECOND;
  return guest_enter_again (guests, letter, &retry_after);
}

/**
 * guest_queue:
 * @guests: the guests
 * @letter: see guest_enter(), likewise the rest
 * @model:
 * @ago:
 * @target:
 *
 * Fails unless it must wait.
 */
void
guest_queue (Guests *guests, int letter, const char *model, gint64 ago, gint64 target)
{
  g_assert_cmpint (guest_enter (guests, letter, model, ago, target), ==, DISP_WAIT_QUEUED);
}

/**
 * guests_assert_called:
 * @guests: the guests
 * @expected: their letters
 *
 * Fails unless just these were called so far, in this order.
 */
void
guests_assert_called (Guests *guests, const char *expected)
{
  rig_turn ();
  g_assert_cmpstr (guests->order->str, ==, expected);
}

/**
 * guests_run_dry:
 * @guests: the guests
 *
 * Gives the only place back and offers it, then that of whom it was given to, and so on.
 */
void
guests_run_dry (Guests *guests)
{
  DispPlace place = guests->place;

  guests->place = (DispPlace){ 0 };
  while (place.container != NULL)
    {
      DispCapacity *capacity = guests_give (&place, guests_find (guests, "x"), guests->now);
      gsize n_called = guests->order->len;

      disp_waiting_room_offer (guests->room, capacity, &guests->terms, guests->now);
      rig_turn ();
      if (guests->order->len == n_called)
        break;
      g_assert_cmpuint (guests->order->len, ==, n_called + 1);
      place = guest_get (guests, guests->order->str[n_called])->place;
      g_assert_nonnull (place.container);
      g_assert_cmpuint (disp_capacity_get_taken (capacity), ==, 1);
    }
}
