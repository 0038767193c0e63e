/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/override.h"

#include "support/fixtures.h"

/* A container of model "m"; without an id when that is NULL. */
static DispContainer *
container (const char *name, const char *id, const char *node, guint16 port, double quota)
{
  DispContainer *self = fixture_container (name, "m", 1, DISP_DEVICE_CPU, quota);

  g_free (self->id);
  self->id = g_strdup (id);
  g_free (self->node);
  self->node = g_strdup (node);
  fixture_container_set_port (self, port);
  return self;
}

/* A list with one override: of that container, from quota 100 to 0. */
static GPtrArray *
override_one (const char *name, const char *id, const char *node, guint16 port)
{
  g_autoptr (DispContainer) said = container (name, id, node, port, 100);
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, NULL, disp_container_ref (said), NULL);
  g_autoptr (GPtrArray) none = disp_overrides_new ();

  return disp_overrides_replace (none, fleet, said, 0);
}

static double
quota_at (DispFleet *fleet, guint index)
{
  guint n_containers;
  DispContainer *const *containers = disp_fleet_get_containers (fleet, &n_containers);

  g_assert_cmpuint (index, <, n_containers);
  return containers[index]->quota;
}

/* Checks the quotas that come of @overrides, and how many stay, are outdated and absent. */
static void
assert_applied (GPtrArray *overrides, DispFleet *fleet, const double *quotas, guint n_quotas,
                const guint *counts)
{
  g_auto (DispOverridden) result = { 0 };

  disp_overrides_apply (overrides, fleet, &result);
  for (guint i = 0; i < n_quotas; i++)
    g_assert_cmpfloat (quota_at (result.fleet, i), ==, quotas[i]);
  g_assert_cmpuint (result.overrides->len, ==, counts[0]);
  g_assert_cmpuint (result.outdated->len, ==, counts[1]);
  g_assert_cmpuint (result.n_absent, ==, counts[2]);
}

#define QUOTAS(...)                                                                                \
  (const double[]){ __VA_ARGS__ }, sizeof (double[]){ __VA_ARGS__ } / sizeof (double)
#define KEPT                                                                                       \
  (const guint[]) { 1, 0, 0 }
#define OUTDATED                                                                                   \
  (const guint[]) { 0, 1, 0 }
#define ABSENT                                                                                     \
  (const guint[]) { 1, 0, 1 }

static void
test_none (void)
{
  g_autoptr (GPtrArray) none = disp_overrides_new ();
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, NULL, container ("a", "1", "n", 1, 100), NULL);
  g_auto (DispOverridden) result = { 0 };

  disp_overrides_apply (none, fleet, &result);
  g_assert_true (result.fleet == fleet);
}

/* With ids these and the names tell, wherever the container is. */
static void
test_by_id (void)
{
  g_autoptr (GPtrArray) overrides = override_one ("a", "1", "n", 1);
  g_autoptr (DispFleet) same = fixture_fleet (
      NULL, NULL, container ("a", "1", "n", 1, 100), container ("a", "2", "n", 2, 100),
      container ("b", "1", "n", 3, 100), container ("a", NULL, "n", 4, 100), NULL);
  g_autoptr (DispFleet) moved = fixture_fleet (NULL, NULL, container ("a", "1", "o", 7, 100), NULL);
  g_autoptr (DispFleet) changed = fixture_fleet (NULL, NULL, container ("a", "1", "n", 1, 99),
                                                 NULL);
  g_autoptr (DispFleet) another = fixture_fleet (NULL, NULL, container ("a", "2", "n", 1, 99),
                                                 NULL);
  g_autoptr (DispFleet) without = fixture_fleet (NULL, NULL, container ("a", NULL, "n", 1, 100),
                                                 NULL);

  assert_applied (overrides, same, QUOTAS (0, 100, 100, 100), KEPT);
  assert_applied (overrides, moved, QUOTAS (0), KEPT);
  assert_applied (overrides, changed, QUOTAS (99), OUTDATED);
  assert_applied (overrides, another, QUOTAS (99), ABSENT);
  /* The source does not know the id for a while. */
  assert_applied (overrides, without, QUOTAS (0), KEPT);
}

/* Without one the node and the name tell, whatever the port; and of two at one node the port. */
static void
test_without_id (void)
{
  g_autoptr (GPtrArray) overrides = override_one ("a", NULL, "n", 1);
  g_autoptr (DispFleet) same = fixture_fleet (NULL, NULL, container ("a", NULL, "o", 1, 100),
                                              container ("a", NULL, "n", 1, 100),
                                              container ("b", NULL, "n", 1, 100), NULL);
  g_autoptr (DispFleet) moved = fixture_fleet (NULL, NULL, container ("a", NULL, "n", 2, 100),
                                               NULL);
  g_autoptr (DispFleet) two = fixture_fleet (NULL, NULL, container ("a", NULL, "n", 2, 99),
                                             container ("a", NULL, "n", 1, 100), NULL);
  g_autoptr (DispFleet) two_others = fixture_fleet (NULL, NULL, container ("a", NULL, "n", 2, 99),
                                                    container ("a", NULL, "n", 3, 99), NULL);
  g_autoptr (DispFleet) known = fixture_fleet (NULL, NULL, container ("a", "1", "n", 1, 100), NULL);

  assert_applied (overrides, same, QUOTAS (100, 0, 100), KEPT);
  assert_applied (overrides, moved, QUOTAS (0), KEPT);
  assert_applied (overrides, two, QUOTAS (99, 0), KEPT);
  assert_applied (overrides, two_others, QUOTAS (99, 99), ABSENT);
  /* The source knows the id now. */
  assert_applied (overrides, known, QUOTAS (0), KEPT);
}

/* A container that is listed for each of its versions has one quota. */
static void
test_entries (void)
{
  DispContainer *first = container ("a", NULL, "n", 1, 100);
  DispContainer *second = disp_container_copy (first, &(double){ 100 }, FALSE);
  DispContainer *third = disp_container_copy (first, &(double){ 99 }, FALSE);
  g_autoptr (GPtrArray) overrides = override_one ("a", NULL, "n", 1);
  g_autoptr (DispFleet) agreed = NULL;
  g_autoptr (DispFleet) torn = NULL;

  second->version = 2;
  third->version = 3;
  agreed = fixture_fleet (NULL, NULL, first, second, NULL);
  torn = fixture_fleet (NULL, NULL, disp_container_copy (first, &(double){ 100 }, FALSE), third,
                        NULL);
  assert_applied (overrides, agreed, QUOTAS (0, 0), KEPT);
  assert_applied (overrides, torn, QUOTAS (100, 99), OUTDATED);
}

static void
test_replace (void)
{
  g_autoptr (DispContainer) a = container ("a", "1", "n", 1, 100);
  g_autoptr (DispContainer) b = container ("b", NULL, "n", 1, 50);
  g_autoptr (DispContainer) b_with_id = container ("b", "2", "n", 1, 50);
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, NULL, disp_container_ref (a),
                                               disp_container_ref (b), NULL);
  g_autoptr (DispFleet) fleet_with_id = fixture_fleet (NULL, NULL, disp_container_ref (a),
                                                       disp_container_ref (b_with_id), NULL);
  g_autoptr (GPtrArray) none = disp_overrides_new ();
  g_autoptr (GPtrArray) one = disp_overrides_replace (none, fleet, a, 0);
  g_autoptr (GPtrArray) two = disp_overrides_replace (one, fleet, b, 10);
  g_autoptr (GPtrArray) again = disp_overrides_replace (two, fleet, a, 7);
  g_autoptr (GPtrArray) known = disp_overrides_replace (again, fleet_with_id, b_with_id, 8);
  g_autoptr (GPtrArray) reset = disp_overrides_replace (known, fleet_with_id, a, 100);
  const DispOverride *last;

  g_assert_cmpuint (none->len, ==, 0);
  g_assert_cmpuint (one->len, ==, 1);
  g_assert_cmpuint (two->len, ==, 2);
  g_assert_cmpuint (again->len, ==, 2);
  last = g_ptr_array_index (again, 1);
  g_assert_cmpstr (last->container_id, ==, "1");
  g_assert_cmpstr (last->container, ==, "a");
  g_assert_cmpstr (last->node, ==, "n");
  g_assert_cmpstr (last->endpoint, ==, "http://n:1");
  g_assert_cmpfloat (last->quota, ==, 7);
  g_assert_cmpfloat (last->source_quota, ==, 100);
  g_assert_cmpuint (known->len, ==, 2);
  g_assert_cmpuint (reset->len, ==, 1);
  last = g_ptr_array_index (reset, 0);
  g_assert_cmpfloat (last->quota, ==, 8);
}

static gboolean
is_drained_at (DispFleet *fleet, guint index)
{
  guint n_containers;

  return disp_fleet_get_containers (fleet, &n_containers)[index]->drained;
}

/* A drain and a quota of one container do not touch each other, and only the quota can be over. */
static void
test_drain (void)
{
  g_autoptr (DispContainer) a = container ("a", "1", "n", 1, 100);
  g_autoptr (DispContainer) b = container ("b", "2", "n", 2, 50);
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, NULL, disp_container_ref (a),
                                               disp_container_ref (b), NULL);
  g_autoptr (DispFleet) later = fixture_fleet (NULL, NULL, container ("a", "1", "n", 1, 99), NULL);
  g_autoptr (GPtrArray) none = disp_overrides_new ();
  g_autoptr (GPtrArray) drained = disp_overrides_drain (none, fleet, a, TRUE);
  g_autoptr (GPtrArray) both = disp_overrides_replace (drained, fleet, a, 7);
  g_autoptr (GPtrArray) quota = disp_overrides_drain (both, fleet, a, FALSE);
  g_autoptr (GPtrArray) drain = disp_overrides_replace (both, fleet, a, 100);
  g_autoptr (GPtrArray) back = disp_overrides_drain (drained, fleet, a, FALSE);
  g_auto (DispOverridden) result = { 0 };
  g_auto (DispOverridden) outdated = { 0 };

  g_assert_cmpuint (both->len, ==, 1);
  disp_overrides_apply (both, fleet, &result);
  g_assert_true (is_drained_at (result.fleet, 0));
  g_assert_false (is_drained_at (result.fleet, 1));
  g_assert_cmpfloat (quota_at (result.fleet, 0), ==, 7);
  g_assert_cmpfloat (quota_at (result.fleet, 1), ==, 50);

  g_assert_cmpuint (quota->len, ==, 1);
  g_assert_false (((const DispOverride *) g_ptr_array_index (quota, 0))->is_drained);
  g_assert_cmpfloat (((const DispOverride *) g_ptr_array_index (quota, 0))->quota, ==, 7);
  g_assert_cmpuint (drain->len, ==, 1);
  g_assert_false (((const DispOverride *) g_ptr_array_index (drain, 0))->has_quota);
  g_assert_cmpuint (back->len, ==, 0);

  disp_overrides_apply (both, later, &outdated);
  g_assert_cmpuint (outdated.outdated->len, ==, 1);
  g_assert_cmpuint (outdated.overrides->len, ==, 1);
  g_assert_true (is_drained_at (outdated.fleet, 0));
  g_assert_cmpfloat (quota_at (outdated.fleet, 0), ==, 99);
}

/* Of servers with one name on one node, without ids, each keeps its own; and what is set for one
 * that has moved since is no longer in its way. */
static void
test_twins (void)
{
  g_autoptr (DispContainer) first = container ("a", NULL, "n", 1, 100);
  g_autoptr (DispContainer) second = container ("a", NULL, "n", 2, 100);
  g_autoptr (DispContainer) moved = container ("a", NULL, "n", 3, 100);
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, NULL, disp_container_ref (first),
                                               disp_container_ref (second), NULL);
  g_autoptr (DispFleet) alone = fixture_fleet (NULL, NULL, disp_container_ref (moved), NULL);
  g_autoptr (GPtrArray) none = disp_overrides_new ();
  g_autoptr (GPtrArray) one = disp_overrides_drain (none, fleet, first, TRUE);
  g_autoptr (GPtrArray) both = disp_overrides_replace (one, fleet, second, 7);
  g_autoptr (GPtrArray) back = disp_overrides_drain (both, fleet, first, FALSE);
  g_autoptr (GPtrArray) forgotten = disp_overrides_drain (one, alone, moved, FALSE);
  g_auto (DispOverridden) result = { 0 };

  g_assert_cmpuint (both->len, ==, 2);
  disp_overrides_apply (both, fleet, &result);
  g_assert_true (is_drained_at (result.fleet, 0));
  g_assert_cmpfloat (quota_at (result.fleet, 0), ==, 100);
  g_assert_false (is_drained_at (result.fleet, 1));
  g_assert_cmpfloat (quota_at (result.fleet, 1), ==, 7);
  g_assert_cmpuint (back->len, ==, 1);
  g_assert_true (((const DispOverride *) g_ptr_array_index (back, 0))->has_quota);
  g_assert_cmpuint (forgotten->len, ==, 0);
}

/* Of those that are absent the oldest are given up; those that are there never. */
static void
test_bound (void)
{
  enum
  {
    N_PRESENT = 3,
    N_SURPLUS = 5
  };
  g_autoptr (GPtrArray) overrides = disp_overrides_new ();
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, NULL, container ("0", "0", "n", 1, 100),
                                               container ("1", "1", "n", 2, 100),
                                               container ("2", "2", "n", 3, 100), NULL);
  g_auto (DispOverridden) result = { 0 };
  const DispOverride *first_absent;
  g_autofree char *expected = g_strdup_printf ("%d", N_PRESENT + N_SURPLUS);

  for (guint i = 0; i < DISP_OVERRIDES_MAX_ABSENT + N_PRESENT + N_SURPLUS; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u", i);
      g_autoptr (DispContainer) said = container (name, name, "n", 1, 100);

      g_ptr_array_add (overrides, disp_override_new (said, &(double){ 1 }, FALSE));
    }
  disp_overrides_apply (overrides, fleet, &result);
  g_assert_cmpuint (result.n_absent, ==, DISP_OVERRIDES_MAX_ABSENT);
  g_assert_cmpuint (result.overrides->len, ==, DISP_OVERRIDES_MAX_ABSENT + N_PRESENT);
  g_assert_cmpuint (result.outdated->len, ==, 0);
  for (guint i = 0; i < N_PRESENT; i++)
    g_assert_cmpfloat (quota_at (result.fleet, i), ==, 1);
  first_absent = g_ptr_array_index (result.overrides, N_PRESENT);
  g_assert_cmpstr (first_absent->container, ==, expected);
}

/* The cost grows with what there is, not with its square, though all have one name. */
static void
test_big (void)
{
  g_autoptr (GPtrArray) overrides = disp_overrides_new ();
  GPtrArray *containers = g_ptr_array_new ();
  g_autoptr (DispFleet) fleet = NULL;
  g_auto (DispOverridden) result = { 0 };
  double seconds;

  for (guint i = 0; i < 20000; i++)
    {
      g_autofree char *id = g_strdup_printf ("%u", i);
      g_autofree char *node = g_strdup_printf ("node-%u", i);
      DispContainer *said = container ("gpu", i % 2 == 0 ? id : NULL, node, 1, 100);

      g_ptr_array_add (containers, said);
      g_ptr_array_add (overrides, disp_override_new (said, &(double){ i }, FALSE));
    }
  fleet = fixture_fleet_new (NULL, NULL, containers);
  g_test_timer_start ();
  disp_overrides_apply (overrides, fleet, &result);
  seconds = g_test_timer_elapsed ();
  g_test_minimized_result (seconds, "20,000 overrides: %.3f s", seconds);
  g_assert_cmpfloat (seconds, <, 10);
  for (guint i = 0; i < 20000; i++)
    g_assert_cmpfloat (quota_at (result.fleet, i), ==, i);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/override/none", test_none);
  g_test_add_func ("/core/override/by-id", test_by_id);
  g_test_add_func ("/core/override/without-id", test_without_id);
  g_test_add_func ("/core/override/entries", test_entries);
  g_test_add_func ("/core/override/replace", test_replace);
  g_test_add_func ("/core/override/drain", test_drain);
  g_test_add_func ("/core/override/twins", test_twins);
  g_test_add_func ("/core/override/bound", test_bound);
  g_test_add_func ("/core/override/big", test_big);
  return g_test_run ();
}
