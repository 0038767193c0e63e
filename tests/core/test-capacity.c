/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/capacity.h"
#include "support/device-loop.h"
#include "support/fixtures.h"

#define N_THREADS 8
#define UNLIMITED 1000000
#define SECONDS(n) ((gint64) (n) *G_USEC_PER_SEC)

/* What @loop gets done, compared with the same without a limit. */
static double
get_share (DeviceLoop *loop, gint64 before, gint64 duration)
{
  g_auto (DeviceLoop) unlimited = *loop;

  unlimited.max_in_flight = UNLIMITED;
  device_loop_init (&unlimited);
  device_loop_run (&unlimited, before);
  device_loop_run (&unlimited, duration);
  device_loop_init (loop);
  device_loop_run (loop, before);
  device_loop_run (loop, duration);
  return (double) loop->n_done / unlimited.n_done;
}

static void
assert_settles (DeviceLoop template, double min_limit, double max_limit)
{
  g_auto (DeviceLoop) loop = template;
  double share = get_share (&loop, SECONDS (2), SECONDS (60));

  g_test_message ("%u at once: limit %g, %g of the throughput", loop.n_slots,
                  device_loop_get_mean_limit (&loop), share);
  g_assert_cmpfloat (device_loop_get_mean_limit (&loop), >=, min_limit);
  g_assert_cmpfloat (device_loop_get_mean_limit (&loop), <=, max_limit);
  g_assert_cmpfloat (share, >=, 0.98);
}

/* One is served and one is on its way: the others wait where they can still go elsewhere. */
static void
test_serial (void)
{
  static const gint64 services[] = { 2600, 11000, 40000 };

  for (guint i = 0; i < G_N_ELEMENTS (services); i++)
    assert_settles (
        (DeviceLoop){
            .n_slots = 1, .wire = 50, .service = { services[i] }, .spread = 0.05, .n_clients = 64 },
        1.9, 2.3);
}

static void
test_parallel (void)
{
  assert_settles (
      (DeviceLoop){
          .n_slots = 4, .wire = 50, .service = { 11000 }, .spread = 0.05, .n_clients = 64 },
      4.8, 7);
  assert_settles (
      (DeviceLoop){
          .n_slots = 8, .wire = 50, .service = { 20000 }, .spread = 0.05, .n_clients = 64 },
      8.8, 13.5);
}

/* What is long by chance is not taken for what is long because of the load. */
static void
test_spread (void)
{
  assert_settles (
      (DeviceLoop){
          .n_slots = 1, .wire = 50, .service = { 11000 }, .spread = 0.6, .n_clients = 64 },
      1.8, 2.5);
  assert_settles (
      (DeviceLoop){
          .n_slots = 4, .wire = 50, .service = { 11000 }, .spread = 0.6, .n_clients = 64 },
      4.5, 8);
}

/* From the first attempt on: it does not matter which queue holds what waits for so short a time.
 */
static void
test_fast (void)
{
  static const guint n_clients[] = { 1, 2, 8, 64, 256 };

  for (guint i = 0; i < G_N_ELEMENTS (n_clients); i++)
    {
      g_auto (DeviceLoop) loop = {
        .n_slots = 2, .wire = 20, .service = { 20 }, .spread = 0.5, .n_clients = n_clients[i]
      };
      double share = get_share (&loop, 0, SECONDS (1) / 2);

      g_test_message ("%u clients: limit %g, %g of the throughput", n_clients[i],
                      device_loop_get_mean_limit (&loop), share);
      g_assert_cmpfloat (share, >=, 0.97);
    }
}

/* A limit that nobody reaches does not hold anybody up, and does not grow. */
static void
test_few_clients (void)
{
  g_auto (DeviceLoop) loop = { .n_slots = 8, .wire = 50, .service = { 11000 }, .n_clients = 3 };
  double share = get_share (&loop, SECONDS (1), SECONDS (60));

  g_assert_cmpfloat (share, >=, 0.99);
  g_assert_cmpuint (loop.max_limit, <=, 8);
}

/* A model that takes ten times as long as another is not late for that. */
static void
test_models (void)
{
  g_auto (DeviceLoop) serial
      = { .n_slots = 1, .wire = 50, .service = { 2000, 20000 }, .spread = 0.05, .n_clients = 64 };
  g_auto (DeviceLoop) parallel
      = { .n_slots = 4, .wire = 50, .service = { 2000, 20000 }, .spread = 0.05, .n_clients = 64 };

  g_assert_cmpfloat (get_share (&serial, SECONDS (2), SECONDS (60)), >=, 0.98);
  g_assert_cmpfloat (device_loop_get_mean_limit (&serial), >=, 1.8);
  g_assert_cmpfloat (device_loop_get_mean_limit (&serial), <=, 2.8);
  g_assert_cmpfloat_with_epsilon (device_loop_get_baseline (&serial, 0), 2100, 500);
  g_assert_cmpfloat_with_epsilon (device_loop_get_baseline (&serial, 1), 20100, 5000);
  g_assert_cmpfloat (get_share (&parallel, SECONDS (2), SECONDS (60)), >=, 0.97);
  g_assert_cmpfloat (device_loop_get_mean_limit (&parallel), <=, 9);
}

/* Under full load nobody is alone, and the baseline is still the truth: after an hour, and soon
 * after the device has become slower or faster. */
static void
test_baseline (void)
{
  g_auto (DeviceLoop) loop
      = { .n_slots = 1, .wire = 50, .service = { 11000 }, .spread = 0.05, .n_clients = 64 };
  static const gint64 services[] = { 22000, 5000, 11000 };

  device_loop_init (&loop);
  for (guint i = 0; i < 60; i++)
    {
      device_loop_run (&loop, SECONDS (60));
      g_assert_cmpfloat_with_epsilon (device_loop_get_baseline (&loop, 0), 11100, 1100);
      g_assert_cmpfloat (device_loop_get_mean_limit (&loop), <=, 2.3);
    }
  for (guint i = 0; i < G_N_ELEMENTS (services); i++)
    {
      loop.service[0] = services[i];
      device_loop_run (&loop, SECONDS (60));
      device_loop_run (&loop, SECONDS (30));
      g_assert_cmpfloat (device_loop_get_baseline (&loop, 0), >, 0.75 * (double) services[i]);
      g_assert_cmpfloat (device_loop_get_baseline (&loop, 0), <, 1.35 * (double) services[i]);
      g_assert_cmpfloat (device_loop_get_mean_limit (&loop), >=, 1.8);
      g_assert_cmpfloat (device_loop_get_mean_limit (&loop), <=, 2.8);
    }
}

/* Of what it could do when it became slower or faster, or got more slots. */
static void
test_change (void)
{
  g_auto (DeviceLoop) loop
      = { .n_slots = 4, .wire = 50, .service = { 11000 }, .spread = 0.05, .n_clients = 64 };
  static const struct
  {
    guint n_slots;
    gint64 service;
  } changes[] = { { 4, 33000 }, { 4, 5000 }, { 16, 5000 }, { 2, 20000 } };

  device_loop_init (&loop);
  device_loop_run (&loop, SECONDS (30));
  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      double possible = changes[i].n_slots * 20e6 / (double) changes[i].service;

      loop.n_slots = changes[i].n_slots;
      loop.service[0] = changes[i].service;
      device_loop_run (&loop, SECONDS (15));
      device_loop_run (&loop, SECONDS (20));
      g_test_message ("%u at once in %" G_GINT64_FORMAT ": limit %g, %g of the throughput",
                      loop.n_slots, loop.service[0], device_loop_get_mean_limit (&loop),
                      loop.n_done / possible);
      g_assert_cmpfloat (loop.n_done, >=, 0.95 * possible);
      device_loop_run (&loop, SECONDS (60));
      g_assert_cmpfloat (device_loop_get_mean_limit (&loop), <=, 2 * loop.n_slots + 1);
    }
}

/* Who answers busy gets what it takes, and seldom more. */
static void
test_busy (void)
{
  g_auto (DeviceLoop) loop = {
    .n_slots = 4, .wire = 50, .n_queued = 4, .service = { 11000 }, .spread = 0.05, .n_clients = 64
  };

  device_loop_init (&loop);
  device_loop_run (&loop, SECONDS (2));
  device_loop_run (&loop, SECONDS (60));
  g_assert_cmpuint (loop.n_busy, >, 0);
  g_assert_cmpuint (loop.n_busy, <, loop.n_done / 100);
  g_assert_cmpfloat (loop.n_done - loop.n_busy, >=, 0.95 * 4 * 60e6 / 11100);
  g_assert_cmpuint (loop.max_limit, <=, 6);
}

static void
learn (DispCapacity *capacity, DispBaseline *baseline, DispOutcome outcome, gint64 duration,
       gint64 *now)
{
  guint n_taken = disp_capacity_take (capacity, UNLIMITED);

  *now += duration;
  disp_capacity_learn (capacity, baseline, outcome, duration, n_taken, *now);
  disp_capacity_give (capacity);
}

/* It shrinks when attempts run out of time, once for all that began before; not when they fail at
 * once, or the client went away; and there is always one place. */
static void
test_overload (void)
{
  g_auto (DeviceLoop) loop = { .n_slots = 32, .wire = 50, .service = { 11000 }, .n_clients = 32 };
  guint limit;
  gint64 now;

  device_loop_init (&loop);
  device_loop_run (&loop, SECONDS (5));
  limit = device_loop_get_limit (&loop);
  now = loop.now;
  g_assert_cmpuint (limit, >=, 32);
  for (guint i = 0; i < 100; i++)
    {
      learn (loop.capacity, &loop.baselines[0], DISP_OUTCOME_FAILURE, 100, &now);
      learn (loop.capacity, &loop.baselines[0], DISP_OUTCOME_CANCELLED, SECONDS (1), &now);
    }
  g_assert_cmpuint (device_loop_get_limit (&loop), ==, limit);
  for (guint i = 0; i < 32; i++)
    {
      now++;
      disp_capacity_learn (loop.capacity, &loop.baselines[0], DISP_OUTCOME_FAILURE, SECONDS (1), 32,
                           now);
    }
  g_assert_cmpuint (device_loop_get_limit (&loop), <, limit);
  g_assert_cmpuint (device_loop_get_limit (&loop), >=, limit / 2);
  for (guint i = 0; i < 100; i++)
    learn (loop.capacity, &loop.baselines[0], DISP_OUTCOME_BUSY, 100, &now);
  g_assert_cmpuint (device_loop_get_limit (&loop), ==, 1);
}

/* An attempt was not alone when another came and went meanwhile. */
static void
test_alone (void)
{
  g_autoptr (DispCapacity) capacity = disp_capacity_new ();
  DispBaseline baseline = { 0 };

  g_assert_cmpuint (disp_capacity_take (capacity, 2), ==, 1);
  g_assert_cmpuint (disp_capacity_take (capacity, 2), ==, 2);
  disp_capacity_give (capacity);
  disp_capacity_learn (capacity, &baseline, DISP_OUTCOME_SUCCESS, 10, 1, 10);
  g_assert_cmpfloat (disp_baseline_get (&baseline), ==, 0);
  disp_capacity_give (capacity);
  g_assert_cmpuint (disp_capacity_take (capacity, 2), ==, 1);
  disp_capacity_learn (capacity, &baseline, DISP_OUTCOME_FAILURE, 10, 1, 20);
  g_assert_cmpfloat (disp_baseline_get (&baseline), ==, 0);
  disp_capacity_learn (capacity, &baseline, DISP_OUTCOME_SUCCESS, 10, 1, 20);
  g_assert_cmpfloat_with_epsilon (disp_baseline_get (&baseline), 10, 1e-6);
  disp_capacity_give (capacity);
}

static void
test_places (void)
{
  g_autoptr (DispCapacity) capacity = disp_capacity_new ();

  g_assert_cmpuint (disp_capacity_get_limit (capacity, DISP_CAPACITY_AUTO), ==, 1);
  g_assert_cmpuint (disp_capacity_get_limit (capacity, 3), ==, 3);
  for (guint i = 1; i <= 3; i++)
    {
      g_assert_true (disp_capacity_has_place (capacity, 3));
      g_assert_cmpuint (disp_capacity_take (capacity, 3), ==, i);
      g_assert_cmpuint (disp_capacity_get_taken (capacity), ==, i);
    }
  g_assert_false (disp_capacity_has_place (capacity, 3));
  g_assert_cmpuint (disp_capacity_take (capacity, 3), ==, 0);
  /* What was lowered is not exceeded further. */
  g_assert_false (disp_capacity_has_place (capacity, DISP_CAPACITY_AUTO));
  g_assert_cmpuint (disp_capacity_take (capacity, 2), ==, 0);
  for (guint i = 0; i < 3; i++)
    disp_capacity_give (capacity);
  g_assert_cmpuint (disp_capacity_get_taken (capacity), ==, 0);
  g_assert_true (disp_capacity_has_place (capacity, DISP_CAPACITY_AUTO));
}

typedef struct
{
  DispCapacity *capacity; /* (owned) */
  guint max_in_flight;
  guint highest;         /* that no thread may find exceeded */
  DispBaseline baseline; /* of the only model */
  atomic_uint n_inside;  /* (atomic) */
  atomic_uint n_done;    /* (atomic) */
} Crowd;

static void
take_and_give (guint number, gpointer user_data)
{
  Crowd *crowd = user_data;
  gint64 now = 0;

  for (guint i = 0; i < 20000; i++)
    {
      guint n_taken = disp_capacity_take (crowd->capacity, crowd->max_in_flight);
      guint n_inside;

      if (n_taken == 0)
        continue;
      n_inside = atomic_fetch_add (&crowd->n_inside, 1) + 1;
      g_assert_cmpuint (n_taken, <=, crowd->highest);
      g_assert_cmpuint (n_inside, <=, crowd->highest);
      now += 100;
      disp_capacity_learn (crowd->capacity, &crowd->baseline,
                           i % 1000 == number ? DISP_OUTCOME_BUSY : DISP_OUTCOME_SUCCESS, 50,
                           n_taken, now);
      atomic_fetch_sub (&crowd->n_inside, 1);
      atomic_fetch_add (&crowd->n_done, 1);
      disp_capacity_give (crowd->capacity);
    }
  disp_capacity_unref (crowd->capacity);
}

/* Never more than there are places, and none is lost. */
static void
test_threads (void)
{
  static const guint limits[] = { 1, 3, DISP_CAPACITY_AUTO };

  for (guint i = 0; i < G_N_ELEMENTS (limits); i++)
    {
      g_autoptr (DispCapacity) capacity = disp_capacity_new ();
      Crowd crowd = { .capacity = capacity,
                      .max_in_flight = limits[i],
                      .highest = limits[i] != DISP_CAPACITY_AUTO ? limits[i] : N_THREADS };

      for (guint j = 0; j < N_THREADS; j++)
        disp_capacity_ref (capacity);
      fixture_run_threads (N_THREADS, take_and_give, &crowd);
      g_assert_cmpuint (atomic_load (&crowd.n_done), >, 0);
      g_assert_cmpuint (disp_capacity_get_taken (capacity), ==, 0);
      for (guint j = disp_capacity_get_limit (capacity, limits[i]); j > 0; j--)
        g_assert_cmpuint (disp_capacity_take (capacity, limits[i]), >, 0);
      g_assert_cmpuint (disp_capacity_take (capacity, limits[i]), ==, 0);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/capacity/places", test_places);
  g_test_add_func ("/core/capacity/alone", test_alone);
  g_test_add_func ("/core/capacity/serial", test_serial);
  g_test_add_func ("/core/capacity/parallel", test_parallel);
  g_test_add_func ("/core/capacity/spread", test_spread);
  g_test_add_func ("/core/capacity/fast", test_fast);
  g_test_add_func ("/core/capacity/few-clients", test_few_clients);
  g_test_add_func ("/core/capacity/models", test_models);
  g_test_add_func ("/core/capacity/baseline", test_baseline);
  g_test_add_func ("/core/capacity/change", test_change);
  g_test_add_func ("/core/capacity/busy", test_busy);
  g_test_add_func ("/core/capacity/overload", test_overload);
  g_test_add_func ("/core/capacity/threads", test_threads);
  return g_test_run ();
}
