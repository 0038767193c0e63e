/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/error.h"
#include "core/route.h"
#include "support/fixtures.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispRoute, disp_route_free)

static DispContainer *
add (GPtrArray *listed, const char *name, gboolean active, double quota)
{
  DispContainer *container = fixture_container (name, "m", 1, DISP_DEVICE_CPU, quota);

  container->active = active;
  g_ptr_array_add (listed, container);
  return container;
}

/* Adds another entry of the server that @first is. */
static DispContainer *
add_again (GPtrArray *listed, DispContainer *first, gboolean active, double quota)
{
  DispContainer *container = add (listed, first->name, active, quota);

  disp_stats_unref (container->stats);
  container->stats = disp_stats_ref (first->stats);
  return container;
}

static GPtrArray *
new_list (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) disp_container_unref);
}

static void
test_order (void)
{
  g_autoptr (GPtrArray) listed = new_list ();
  g_autoptr (DispRoute) route = disp_route_new (7, "m", 3, FALSE);
  DispContainer *c = add (listed, "c", TRUE, 1);
  DispContainer *stopped = add (listed, "stopped", FALSE, 1);
  DispContainer *a = add (listed, "a", TRUE, 1);
  DispContainer *unused = add (listed, "unused", TRUE, 0);
  DispContainer *b = add (listed, "b", TRUE, 1);

  g_assert_cmpuint (route->n_containers, ==, 0);
  disp_route_fill (route, listed);
  g_assert_cmpuint (route->index, ==, 7);
  g_assert_cmpint (route->version, ==, 3);
  g_assert_cmpuint (route->n_containers, ==, 5);
  g_assert_true (route->containers[0] == c);
  g_assert_true (route->containers[1] == stopped);
  g_assert_true (route->containers[2] == a);
  g_assert_true (route->containers[3] == unused);
  g_assert_true (route->containers[4] == b);
  g_assert_cmpuint (route->n_eligible, ==, 3);
  g_assert_true (route->eligible[0] == c);
  g_assert_true (route->eligible[1] == a);
  g_assert_true (route->eligible[2] == b);
}

static void
test_twice (void)
{
  g_autoptr (GPtrArray) listed = new_list ();
  g_autoptr (DispRoute) route = disp_route_new (0, "m", 0, TRUE);
  DispContainer *a = add (listed, "a", TRUE, 1);
  DispContainer *b = add (listed, "b", TRUE, 0);
  DispContainer *b_again;

  add_again (listed, a, TRUE, 2);
  add_again (listed, b, FALSE, 1);
  b_again = add_again (listed, b, TRUE, 3);
  add_again (listed, b, TRUE, 4);
  add_again (listed, a, FALSE, 0);

  disp_route_fill (route, listed);
  g_assert_cmpuint (route->n_containers, ==, 2);
  g_assert_true (route->containers[0] == a);
  g_assert_true (route->containers[1] == b_again);
  g_assert_cmpuint (route->n_eligible, ==, 2);
  g_assert_true (route->eligible[0] == a);
  g_assert_true (route->eligible[1] == b_again);
}

static void
expect_message (DispRoute *route, const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (disp_route_check_eligible (route, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_NO_CONTAINER);
  g_assert_cmpstr (error->message, ==, message);
  g_assert_false (disp_route_check_eligible (route, NULL));
}

static void
test_check (void)
{
  g_autoptr (GPtrArray) nobody = new_list ();
  g_autoptr (GPtrArray) listed = new_list ();
  g_autoptr (GPtrArray) usable = new_list ();
  g_autoptr (DispRoute) empty = disp_route_new (0, "m", 2, FALSE);
  g_autoptr (DispRoute) empty_any = disp_route_new (0, "m", 0, TRUE);
  g_autoptr (DispRoute) idle = disp_route_new (0, "m", 2, FALSE);
  g_autoptr (DispRoute) idle_any = disp_route_new (0, "m", 0, TRUE);
  g_autoptr (DispRoute) good = disp_route_new (0, "m", 2, FALSE);
  g_autoptr (GError) error = NULL;

  add (listed, "a", FALSE, 1);
  add (listed, "b", TRUE, 0);
  add (listed, "c", FALSE, 0);
  add (usable, "a", FALSE, 1);
  add (usable, "b", TRUE, 1);
  disp_route_fill (empty, nobody);
  disp_route_fill (empty_any, nobody);
  disp_route_fill (idle, listed);
  disp_route_fill (idle_any, listed);
  disp_route_fill (good, usable);

  expect_message (empty, "no container serves model \"m\" in version 2");
  expect_message (empty_any, "no container serves model \"m\"");
  expect_message (idle, "no container of model \"m\" in version 2 may be used: "
                        "of 3, 2 are not active and 1 have quota 0");
  expect_message (idle_any, "no container of model \"m\" may be used: "
                            "of 3, 2 are not active and 1 have quota 0");
  g_assert_true (disp_route_check_eligible (good, &error));
  g_assert_no_error (error);
}

static void
test_drained (void)
{
  g_autoptr (GPtrArray) listed = new_list ();
  g_autoptr (DispRoute) route = disp_route_new (0, "m", 2, FALSE);

  add (listed, "a", FALSE, 1);
  add (listed, "b", TRUE, 0);
  add (listed, "c", TRUE, 1);
  ((DispContainer *) g_ptr_array_index (listed, 2))->drained = TRUE;
  disp_route_fill (route, listed);
  g_assert_cmpuint (route->n_eligible, ==, 0);
  expect_message (route, "no container of model \"m\" in version 2 may be used: "
                         "of 3, 1 are not active, 1 are drained and 1 have quota 0");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/route/order", test_order);
  g_test_add_func ("/core/route/drained", test_drained);
  g_test_add_func ("/core/route/twice", test_twice);
  g_test_add_func ("/core/route/check", test_check);
  return g_test_run ();
}
