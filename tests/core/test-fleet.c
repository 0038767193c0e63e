/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/error.h"
#include "core/fleet.h"
#include "core/tsan.h"
#include "support/fixtures.h"

#include <stdatomic.h>

#define CPU(name, model, version, quota)                                                           \
  fixture_container (name, model, version, DISP_DEVICE_CPU, quota)
#define GPU(name, quota) fixture_container (name, DISP_MODEL_ALL, 0, DISP_DEVICE_GPU, quota)

static const DispVersion latest = { .kind = DISP_VERSION_LATEST };

/* The names of the containers, with commas between them. */
static char *
names_of (DispContainer *const *containers, guint n_containers)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  for (guint i = 0; i < n_containers; i++)
    g_ptr_array_add (names, containers[i]->name);
  g_ptr_array_add (names, NULL);
  return g_strjoinv (",", (char **) names->pdata);
}

static void
assert_route (const DispRoute *route, const char *containers, const char *eligible)
{
  g_autofree char *all = names_of (route->containers, route->n_containers);
  g_autofree char *usable = names_of (route->eligible, route->n_eligible);

  g_assert_cmpstr (all, ==, containers);
  g_assert_cmpstr (usable, ==, eligible);
}

static void
test_serves (void)
{
  DispContainer *stopped = CPU ("stopped", "two", 1, 100);
  DispContainer *stopped_gpu = GPU ("stopped-gpu", 100);
  g_autoptr (DispFleet) fleet = NULL;

  stopped->active = FALSE;
  stopped_gpu->active = FALSE;
  fleet = fixture_fleet (NULL, "two:1 two:2 three:1", CPU ("two-1", "two", 1, 100),
                         CPU ("two-2", "two", 2, 100), GPU ("gpu", 1),
                         CPU ("three-1", "three", 1, 100), CPU ("unused", "two", 1, 0), stopped,
                         GPU ("unused-gpu", 0), stopped_gpu, CPU ("two-1b", "two", 1, 0.5), NULL);

  assert_route (fixture_find (fleet, "two", 1),
                "two-1,gpu,unused,stopped,unused-gpu,stopped-gpu,two-1b", "two-1,gpu,two-1b");
  assert_route (fixture_find (fleet, "two", 2), "two-2,gpu,unused-gpu,stopped-gpu", "two-2,gpu");
  assert_route (fixture_find (fleet, "three", 1), "gpu,three-1,unused-gpu,stopped-gpu",
                "gpu,three-1");
}

static void
test_versions (void)
{
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, "m:3", CPU ("a", "m", 10, 1),
                                               CPU ("b", "m", -4, 1), CPU ("c", "m", 2, 1), NULL);
  const DispVersion label = { DISP_VERSION_LABEL, 0, (char *) "stable" };
  const DispRoute *any = disp_fleet_find (fleet, "m", &label, NULL);

  g_assert_cmpint (fixture_find (fleet, "m", 0)->version, ==, 10);
  g_assert_true (fixture_find (fleet, "m", 0) == fixture_find (fleet, "m", 10));
  g_assert_cmpint (fixture_find (fleet, "m", 2)->version, ==, 2);
  g_assert_cmpint (fixture_find (fleet, "m", 3)->version, ==, 3);
  g_assert_cmpint (fixture_find (fleet, "m", -4)->version, ==, -4);
  g_assert_false (fixture_find (fleet, "m", 10)->any_version);

  g_assert_nonnull (any);
  g_assert_true (any->any_version);
  g_assert_cmpint (any->version, ==, 0);
  assert_route (any, "a,b,c", "a,b,c");
}

static void
test_unknown (void)
{
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, "m:3 m:20 m:1", GPU ("gpu", 1), NULL);
  const DispVersion wanted = { .kind = DISP_VERSION_NUMBER, .number = 2 };
  g_autoptr (GError) no_model = NULL;
  g_autoptr (GError) no_version = NULL;

  g_assert_null (disp_fleet_find (fleet, "n", &latest, &no_model));
  g_assert_error (no_model, DISP_ERROR, DISP_ERROR_UNKNOWN_MODEL);
  g_assert_cmpstr (no_model->message, ==, "the fleet has no model \"n\"");
  g_assert_null (disp_fleet_find (fleet, "m", &wanted, &no_version));
  g_assert_error (no_version, DISP_ERROR, DISP_ERROR_UNKNOWN_VERSION);
  g_assert_cmpstr (no_version->message, ==,
                   "the fleet has no version 2 of model \"m\", only 1, 3, 20");
  g_assert_null (disp_fleet_find (fleet, "m", &wanted, NULL));
  /* A container that serves all models does not make one of that name. */
  g_assert_null (disp_fleet_find (fleet, DISP_MODEL_ALL, &latest, NULL));
  g_assert_null (disp_fleet_find (fleet, "", &latest, NULL));
}

static void
test_known_by_container (void)
{
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, NULL, CPU ("a", "m", 2, 1), GPU ("gpu", 1),
                                               NULL);
  guint n_models;

  disp_fleet_get_models (fleet, &n_models);
  g_assert_cmpuint (n_models, ==, 0);
  assert_route (fixture_find (fleet, "m", 2), "a,gpu", "a,gpu");
  assert_route (fixture_find (fleet, "m", 0), "a,gpu", "a,gpu");
}

static void
test_known_by_model (void)
{
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, "m:1", CPU ("a", "other", 1, 1), NULL);
  g_autoptr (GError) error = NULL;

  assert_route (fixture_find (fleet, "m", 1), "", "");
  g_assert_false (disp_route_check_eligible (fixture_find (fleet, "m", 1), &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_NO_CONTAINER);
}

static void
test_empty (void)
{
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, NULL, NULL);
  g_autoptr (GError) error = NULL;
  guint n = 1;

  disp_fleet_get_models (fleet, &n);
  g_assert_cmpuint (n, ==, 0);
  disp_fleet_get_containers (fleet, &n);
  g_assert_cmpuint (n, ==, 0);
  disp_fleet_get_routes (fleet, &n);
  g_assert_cmpuint (n, ==, 0);
  g_assert_null (disp_fleet_find (fleet, "m", &latest, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_UNKNOWN_MODEL);
  g_assert_false (disp_fleet_has_container (fleet, "a"));
}

static void
test_lists (void)
{
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, "m:1 n:2", CPU ("b", "m", 1, 1),
                                               CPU ("a", "n", 2, 0), NULL);
  guint n_models;
  DispModel *const *models = disp_fleet_get_models (fleet, &n_models);
  guint n_containers;
  DispContainer *const *containers = disp_fleet_get_containers (fleet, &n_containers);
  guint n_routes;
  const DispRoute *const *routes = disp_fleet_get_routes (fleet, &n_routes);

  g_assert_cmpuint (n_models, ==, 2);
  g_assert_cmpstr (models[0]->name, ==, "m");
  g_assert_cmpstr (models[1]->name, ==, "n");
  g_assert_cmpuint (n_containers, ==, 2);
  g_assert_cmpstr (containers[0]->name, ==, "b");
  g_assert_cmpstr (containers[1]->name, ==, "a");
  /* For each model, one for its version and one for whichever. */
  g_assert_cmpuint (n_routes, ==, 4);
  for (guint i = 0; i < n_routes; i++)
    g_assert_cmpuint (routes[i]->index, ==, i);
  g_assert_true (disp_fleet_has_container (fleet, "a"));
  g_assert_true (disp_fleet_has_container (fleet, "b"));
  g_assert_false (disp_fleet_has_container (fleet, "m"));
}

static void
test_sla (void)
{
  GPtrArray *models = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_model_free);
  DispModel *one = disp_model_new ("m", 1);
  g_autoptr (DispFleet) fleet = NULL;

  one->sla = 250;
  g_ptr_array_add (models, one);
  g_ptr_array_add (models, disp_model_new ("m", 2));
  g_ptr_array_add (models, disp_model_new ("m", 1));
  fleet = disp_fleet_new (models, g_ptr_array_new (), NULL);
  g_assert_cmpfloat (fixture_find (fleet, "m", 1)->sla, ==, 250);
  g_assert_cmpfloat (fixture_find (fleet, "m", 2)->sla, ==, 0);
}

/* A server that is listed once for each version is one choice where any version will do, and it has
 * one set of counters. */
static void
test_twice (void)
{
  DispContainer *first = CPU ("a", "m", 1, 0);
  DispContainer *second = CPU ("a", "m", 2, 1);
  DispContainer *elsewhere = CPU ("a", "m", 2, 1);
  const DispVersion label = { DISP_VERSION_LABEL, 0, (char *) "stable" };
  g_autoptr (DispFleet) fleet = NULL;

  fixture_container_set_port (elsewhere, 2);
  fleet = fixture_fleet (NULL, NULL, first, second, elsewhere, CPU ("b", "m", 2, 1),
                         CPU ("b", "m", 2, 1), NULL);
  g_assert_true (first->stats == second->stats);
  g_assert_true (first->stats != elsewhere->stats);
  assert_route (fixture_find (fleet, "m", 1), "a", "");
  assert_route (fixture_find (fleet, "m", 2), "a,a,b", "a,a,b");
  assert_route (disp_fleet_find (fleet, "m", &label, NULL), "a,a,b", "a,a,b");
}

static guint64
started_at (DispFleet *fleet, guint index)
{
  guint n_containers;
  DispContainer *const *containers = disp_fleet_get_containers (fleet, &n_containers);
  DispStatsValues values;

  g_assert_cmpuint (index, <, n_containers);
  disp_stats_read (containers[index]->stats, &values);
  return values.started;
}

static void
test_counters (void)
{
  g_autoptr (DispFleet) first = fixture_fleet (NULL, NULL, CPU ("a", "m", 1, 1),
                                               CPU ("b", "m", 1, 1), NULL);
  DispContainer *moved = CPU ("b", "m", 1, 1);
  DispContainer *a = fixture_find (first, "m", 1)->eligible[0];
  g_autoptr (DispFleet) second = NULL;
  g_autoptr (DispFleet) third = NULL;

  disp_stats_begin (a->stats);
  disp_stats_begin (fixture_find (first, "m", 1)->eligible[1]->stats);
  fixture_container_set_port (moved, 2);
  second = fixture_fleet (first, NULL, moved, CPU ("c", "m", 1, 1), CPU ("a", "m", 2, 7),
                          CPU ("a", "m", 3, 7), NULL);
  g_assert_cmpuint (started_at (second, 0), ==, 0);
  g_assert_cmpuint (started_at (second, 1), ==, 0);
  g_assert_cmpuint (started_at (second, 2), ==, 1);
  g_assert_cmpuint (started_at (second, 3), ==, 1);

  /* An attempt that began in the first snapshot ends in the second one's counters. */
  disp_stats_end (a->stats, DISP_OUTCOME_SUCCESS, 10);
  disp_stats_begin (a->stats);
  g_clear_pointer (&first, disp_fleet_unref);
  third = fixture_fleet (second, NULL, CPU ("a", "m", 1, 1), NULL);
  g_clear_pointer (&second, disp_fleet_unref);
  g_assert_cmpuint (started_at (third, 0), ==, 2);
}

/* A fleet with other quotas counts on: in the counters of the one that it was made of, and in those
 * of the next. */
static void
test_with_containers (void)
{
  GPtrArray *containers = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_container_unref);
  DispContainer *a = CPU ("a", "m", 1, 1);
  DispContainer *b = CPU ("b", "m", 1, 1);
  g_autoptr (DispFleet) said = fixture_fleet (NULL, "m:1 n:2", a, b, NULL);
  g_autoptr (DispFleet) changed = NULL;
  g_autoptr (DispFleet) next = NULL;
  guint n_models;

  g_ptr_array_add (containers, disp_container_ref (a));
  g_ptr_array_add (containers, disp_container_copy (b, &(double){ 0 }, FALSE));
  changed = disp_fleet_new_with_containers (said, containers);
  assert_route (fixture_find (said, "m", 1), "a,b", "a,b");
  assert_route (fixture_find (changed, "m", 1), "a,b", "a");
  disp_stats_begin (fixture_find (changed, "m", 1)->containers[1]->stats);
  g_assert_cmpuint (started_at (said, 1), ==, 1);

  next = fixture_fleet (said, "m:1", CPU ("b", "m", 1, 1), NULL);
  g_clear_pointer (&said, disp_fleet_unref);
  disp_stats_begin (fixture_find (changed, "m", 1)->containers[1]->stats);
  g_assert_cmpuint (started_at (next, 0), ==, 2);
  g_assert_cmpstr (disp_fleet_get_models (changed, &n_models)[1]->name, ==, "n");
  g_assert_cmpuint (n_models, ==, 2);
}

static GPtrArray *
many_containers (guint n_models, guint n_each)
{
  GPtrArray *containers = g_ptr_array_new ();

  for (guint i = 0; i < n_each; i++)
    for (guint j = 0; j < n_models; j++)
      {
        g_autofree char *model = g_strdup_printf ("model-%u", j);
        g_autofree char *name = g_strdup_printf ("container-%u-%u", j, i);

        g_ptr_array_add (containers, CPU (name, model, 1, 1));
      }
  return containers;
}

/* The cost grows with what there is, not with its square, which would be more than a minute. */
static void
test_big (void)
{
  g_autoptr (DispFleet) fleet = fixture_fleet_new (NULL, NULL, many_containers (1000, 100));
  g_autoptr (DispFleet) next = NULL;
  GPtrArray *containers = many_containers (1000, 100);
  double seconds;

  g_test_timer_start ();
  next = fixture_fleet_new (fleet, NULL, containers);
  seconds = g_test_timer_elapsed ();
  g_test_minimized_result (seconds, "1,000 models with 100 containers each: %.3f s", seconds);
  g_assert_cmpfloat (seconds, <, 30);

  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *model = g_strdup_printf ("model-%u", i);
      g_autofree char *name = g_strdup_printf ("container-%u-99", i);
      const DispRoute *route = fixture_find (next, model, 1);

      g_assert_cmpuint (route->n_containers, ==, 100);
      g_assert_cmpuint (route->n_eligible, ==, 100);
      g_assert_cmpstr (route->containers[99]->name, ==, name);
      g_assert_true (route->containers[7]->stats
                     == fixture_find (fleet, model, 1)->containers[7]->stats);
    }
}

/* One model in many versions, all on the same servers. */
static void
test_many_versions (void)
{
  GPtrArray *containers = g_ptr_array_new ();
  const DispVersion label = { DISP_VERSION_LABEL, 0, (char *) "stable" };
  g_autoptr (DispFleet) fleet = NULL;

  for (guint version = 1; version <= 2000; version++)
    for (guint i = 0; i < 20; i++)
      {
        g_autofree char *name = g_strdup_printf ("container-%u", i);

        g_ptr_array_add (containers, CPU (name, "m", version, 1));
      }
  fleet = fixture_fleet_new (NULL, NULL, containers);
  g_assert_cmpint (fixture_find (fleet, "m", 0)->version, ==, 2000);
  g_assert_cmpuint (fixture_find (fleet, "m", 1234)->n_eligible, ==, 20);
  g_assert_cmpuint (disp_fleet_find (fleet, "m", &label, NULL)->n_eligible, ==, 20);
}

/* A random fleet, compared with what the definition says of each of its routes. */
static void
check_random_fleet (void)
{
  static const char *const models[] = { "m", "n", "o", DISP_MODEL_ALL };
  guint n_containers = (guint) g_test_rand_int_range (0, 30);
  GPtrArray *containers = g_ptr_array_new ();
  g_autoptr (DispFleet) fleet = NULL;
  guint n_routes;
  const DispRoute *const *routes;

  for (guint i = 0; i < n_containers; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u", i);
      DispContainer *container = CPU (name, models[g_test_rand_int_range (0, 4)],
                                      g_test_rand_int_range (1, 4), g_test_rand_int_range (0, 3));

      container->active = g_test_rand_bit ();
      g_ptr_array_add (containers, container);
    }
  fleet = fixture_fleet_new (NULL, "m:1 n:7", containers);
  routes = disp_fleet_get_routes (fleet, &n_routes);
  for (guint i = 0; i < n_routes; i++)
    {
      guint n_serving = 0;
      guint n_usable = 0;

      for (guint j = 0; j < containers->len; j++)
        {
          DispContainer *container = g_ptr_array_index (containers, j);
          gboolean serves = g_str_equal (container->model, DISP_MODEL_ALL)
                            || (g_str_equal (container->model, routes[i]->model)
                                && (routes[i]->any_version
                                    || container->version == routes[i]->version));

          if (!serves)
            continue;
          g_assert_cmpuint (n_serving, <, routes[i]->n_containers);
          g_assert_true (routes[i]->containers[n_serving++] == container);
          if (!container->active || container->quota <= 0)
            continue;
          g_assert_cmpuint (n_usable, <, routes[i]->n_eligible);
          g_assert_true (routes[i]->eligible[n_usable++] == container);
        }
      g_assert_cmpuint (n_serving, ==, routes[i]->n_containers);
      g_assert_cmpuint (n_usable, ==, routes[i]->n_eligible);
    }
}

static void
test_definition (void)
{
  for (guint round = 0; round < 300; round++)
    check_random_fleet ();
}

/* Where one thread leaves a snapshot and others take it. */
typedef struct
{
  GMutex lock;
  DispFleet *fleet;    /* (owned) (locked-by lock) */
  atomic_bool done;    /* (atomic) */
  atomic_uint n_picks; /* (atomic) */
} Shelf;

static DispFleet *
shelf_swap (Shelf *shelf, DispFleet *fleet)
{
  DispFleet *old;

  g_mutex_lock (&shelf->lock);
  DISP_TSAN_ACQUIRE (&shelf->lock);
  old = shelf->fleet;
  shelf->fleet = fleet;
  DISP_TSAN_RELEASE (&shelf->lock);
  g_mutex_unlock (&shelf->lock);
  return old;
}

static DispFleet *
shelf_ref (Shelf *shelf)
{
  DispFleet *fleet;

  g_mutex_lock (&shelf->lock);
  DISP_TSAN_ACQUIRE (&shelf->lock);
  fleet = disp_fleet_ref (shelf->fleet);
  DISP_TSAN_RELEASE (&shelf->lock);
  g_mutex_unlock (&shelf->lock);
  return fleet;
}

/* In a generation all containers have its quota, which shows a mixture at once. */
static DispFleet *
generation (DispFleet *previous, guint number)
{
  return fixture_fleet (previous, "m:1", CPU ("a", "m", 1, number), CPU ("b", "m", 1, number),
                        GPU ("gpu", number), NULL);
}

static void
read_fleets (guint number, gpointer user_data)
{
  Shelf *shelf = user_data;

  if (number == 0)
    {
      for (guint i = 2; i < 1000; i++)
        {
          g_autoptr (DispFleet) previous = shelf_ref (shelf);

          disp_fleet_unref (shelf_swap (shelf, generation (previous, i)));
        }
      atomic_store (&shelf->done, TRUE);
      return;
    }
  while (!atomic_load (&shelf->done))
    {
      g_autoptr (DispFleet) fleet = shelf_ref (shelf);
      const DispRoute *route = fixture_find (fleet, "m", 0);
      g_autoptr (DispContainer) kept = disp_container_ref (route->eligible[number % 3]);

      g_assert_cmpuint (route->n_eligible, ==, 3);
      g_assert_cmpfloat (route->eligible[0]->quota, ==, route->eligible[2]->quota);
      disp_stats_begin (kept->stats);
      atomic_fetch_add (&shelf->n_picks, 1);
      g_clear_pointer (&fleet, disp_fleet_unref);
      /* The snapshot may be gone; the container is not. */
      g_assert_cmpuint (kept->port, ==, 1);
      disp_stats_end (kept->stats, DISP_OUTCOME_SUCCESS, 1);
    }
}

static void
test_threads (void)
{
  Shelf shelf = { .fleet = generation (NULL, 1) };
  g_autoptr (DispFleet) last = NULL;
  guint64 n_started = 0;

  g_mutex_init (&shelf.lock);
  fixture_run_threads (9, read_fleets, &shelf);
  g_mutex_clear (&shelf.lock);
  last = shelf.fleet;
  for (guint i = 0; i < 3; i++)
    n_started += started_at (last, i);
  g_assert_cmpuint (n_started, ==, atomic_load (&shelf.n_picks));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/fleet/serves", test_serves);
  g_test_add_func ("/core/fleet/versions", test_versions);
  g_test_add_func ("/core/fleet/unknown", test_unknown);
  g_test_add_func ("/core/fleet/known-by-container", test_known_by_container);
  g_test_add_func ("/core/fleet/known-by-model", test_known_by_model);
  g_test_add_func ("/core/fleet/empty", test_empty);
  g_test_add_func ("/core/fleet/lists", test_lists);
  g_test_add_func ("/core/fleet/sla", test_sla);
  g_test_add_func ("/core/fleet/twice", test_twice);
  g_test_add_func ("/core/fleet/counters", test_counters);
  g_test_add_func ("/core/fleet/with-containers", test_with_containers);
  g_test_add_func ("/core/fleet/big", test_big);
  g_test_add_func ("/core/fleet/many-versions", test_many_versions);
  g_test_add_func ("/core/fleet/definition", test_definition);
  g_test_add_func ("/core/fleet/threads", test_threads);
  return g_test_run ();
}
