/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/routing.h"
#include "core/tsan.h"
#include "support/fixtures.h"

#include <stdatomic.h>

#define CPU(name, model, version, quota)                                                           \
  fixture_container (name, model, version, DISP_DEVICE_CPU, quota)
#define GPU(name, quota) fixture_container (name, DISP_MODEL_ALL, 0, DISP_DEVICE_GPU, quota)
#define N_WORKERS 8

/* A routing of which all models have one policy. */
static DispRouting *
make_routing (DispFleet *fleet, DispPolicySpec *spec, DispRouting *previous)
{
  g_autoptr (DispPolicies) policies = disp_policies_new (spec);

  return disp_routing_new (fleet, policies, previous);
}

static DispPolicySpec *
get_spec (const DispRouting *routing)
{
  return disp_policies_get (disp_routing_get_policies (routing), NULL);
}

static DispPolicySpec *
spec_new (const char *name)
{
  g_autoptr (GError) error = NULL;
  DispPolicySpec *spec = disp_policy_spec_new (name, NULL, &error);

  g_assert_no_error (error);
  return spec;
}

static DispPolicy *
policy_of (DispRouting *routing, const char *model, gint64 version)
{
  return disp_routing_get_policy (routing,
                                  fixture_find (disp_routing_get_fleet (routing), model, version));
}

/* What a worker does for one request, as far as this floor goes. */
static DispContainer *
pick (DispRouting *routing, const char *model, gint64 version, GRand *random)
{
  const DispRoute *route = fixture_find (disp_routing_get_fleet (routing), model, version);
  g_autoptr (DispRequest) request = fixture_request (model, version, "[1.0]");
  guint index;

  g_assert_true (disp_route_check_eligible (route, NULL));
  index = disp_policy_select (disp_routing_get_policy (routing, route), route->eligible,
                              route->n_eligible, request, random);
  g_assert_cmpuint (index, <, route->n_eligible);
  return route->eligible[index];
}

static void
test_parts (void)
{
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, NULL, CPU ("a", "m", 1, 1), NULL);
  g_autoptr (DispPolicySpec) spec = spec_new ("random");
  g_autoptr (DispRouting) routing = make_routing (fleet, spec, NULL);

  g_assert_true (disp_routing_get_fleet (routing) == fleet);
  g_assert_true (get_spec (routing) == spec);
}

static void
test_empty (void)
{
  g_autoptr (DispFleet) empty = fixture_fleet (NULL, NULL, NULL);
  g_autoptr (DispFleet) fleet = fixture_fleet (empty, NULL, CPU ("a", "m", 1, 1), NULL);
  g_autoptr (DispFleet) empty_again = fixture_fleet (fleet, NULL, NULL);
  g_autoptr (DispPolicySpec) spec = spec_new ("round-robin");
  g_autoptr (DispRouting) first = make_routing (empty, spec, NULL);
  g_autoptr (DispRouting) second = make_routing (fleet, spec, first);
  g_autoptr (DispRouting) third = make_routing (empty_again, spec, second);

  g_assert_nonnull (policy_of (second, "m", 1));
  g_assert_true (disp_routing_get_fleet (third) == empty_again);
}

/* A change of the fleet does not make a policy forget; another spec does, even of the same name. */
static void
test_kept (void)
{
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, NULL, CPU ("a", "m", 1, 1),
                                               CPU ("b", "n", 1, 1), NULL);
  g_autoptr (DispFleet) next = fixture_fleet (fleet, "o:1 m:2", CPU ("b", "n", 1, 1),
                                              CPU ("c", "m", 1, 1), NULL);
  g_autoptr (DispPolicySpec) spec = spec_new ("round-robin");
  g_autoptr (DispPolicySpec) same_name = spec_new ("round-robin");
  g_autoptr (DispRouting) routing = make_routing (fleet, spec, NULL);
  g_autoptr (DispRouting) kept = make_routing (next, spec, routing);
  g_autoptr (DispRouting) replaced = make_routing (next, same_name, kept);

  g_assert_true (policy_of (kept, "m", 1) == policy_of (routing, "m", 1));
  g_assert_true (policy_of (kept, "n", 1) == policy_of (routing, "n", 1));
  g_assert_true (policy_of (kept, "m", 2) != policy_of (routing, "m", 1));
  g_assert_true (policy_of (kept, "o", 1) != policy_of (routing, "n", 1));
  g_assert_true (policy_of (replaced, "m", 1) != policy_of (kept, "m", 1));
}

static void
test_kept_for_label (void)
{
  const DispVersion label = { DISP_VERSION_LABEL, 0, (char *) "stable" };
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, "o:1", CPU ("a", "m", 1, 1), NULL);
  g_autoptr (DispFleet) next = fixture_fleet (fleet, NULL, CPU ("a", "m", 1, 1), NULL);
  g_autoptr (DispPolicySpec) spec = spec_new ("round-robin");
  g_autoptr (DispRouting) routing = make_routing (fleet, spec, NULL);
  g_autoptr (DispRouting) kept = make_routing (next, spec, routing);
  DispPolicy *policy = disp_routing_get_policy (routing,
                                                disp_fleet_find (fleet, "m", &label, NULL));

  g_assert_true (disp_routing_get_policy (kept, disp_fleet_find (next, "m", &label, NULL))
                 == policy);
  g_assert_true (policy_of (routing, "m", 1) != policy);
}

static DispTail *
tail_of (DispRouting *routing, const char *model, gint64 version)
{
  return disp_routing_get_tail (routing,
                                fixture_find (disp_routing_get_fleet (routing), model, version));
}

/* How long answers take is known on, whatever changes about who gives them. */
static void
test_tails (void)
{
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, NULL, CPU ("a", "m", 1, 1),
                                               CPU ("b", "n", 1, 1), NULL);
  g_autoptr (DispFleet) next = fixture_fleet (fleet, "o:1 m:2", CPU ("c", "m", 1, 1),
                                              CPU ("b", "n", 1, 1), NULL);
  g_autoptr (DispPolicySpec) spec = spec_new ("round-robin");
  g_autoptr (DispPolicySpec) random = spec_new ("random");
  g_autoptr (DispRouting) routing = make_routing (fleet, spec, NULL);
  g_autoptr (DispRouting) moved = make_routing (next, spec, routing);
  g_autoptr (DispRouting) replaced = make_routing (next, random, moved);

  g_assert_true (tail_of (routing, "m", 1) != tail_of (routing, "n", 1));
  g_assert_true (tail_of (moved, "m", 1) == tail_of (routing, "m", 1));
  g_assert_true (tail_of (moved, "n", 1) == tail_of (routing, "n", 1));
  g_assert_true (tail_of (moved, "m", 2) != tail_of (routing, "m", 1));
  g_assert_true (tail_of (replaced, "m", 1) == tail_of (routing, "m", 1));
  g_assert_true (tail_of (replaced, "o", 1) == tail_of (moved, "o", 1));
}

/* Each route has its own turns. */
static void
test_independent (void)
{
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, "m:1 n:1 n:2", GPU ("g0", 1), GPU ("g1", 1),
                                               GPU ("g2", 1), NULL);
  g_autoptr (DispPolicySpec) spec = spec_new ("round-robin");
  g_autoptr (DispRouting) routing = make_routing (fleet, spec, NULL);
  g_autoptr (GRand) random = g_rand_new_with_seed (1);

  for (guint i = 0; i < 300; i++)
    {
      char name[] = { 'g', (char) ('0' + i % 3), '\0' };

      g_assert_cmpstr (pick (routing, "m", 1, random)->name, ==, name);
      g_assert_cmpstr (pick (routing, "n", 1, random)->name, ==, name);
      g_assert_cmpstr (pick (routing, "n", 0, random)->name, ==, name);
    }
}

/* Whatever the policy, who has quota 0 or is not active is never picked. */
static void
test_never_ineligible (void)
{
  const char *const *names = disp_policy_get_names ();

  for (guint i = 0; names[i] != NULL; i++)
    {
      DispContainer *stopped = CPU ("stopped", "m", 1, 1000);
      g_autoptr (DispFleet) fleet = NULL;
      g_autoptr (DispPolicySpec) spec = spec_new (names[i]);
      g_autoptr (DispRouting) routing = NULL;
      g_autoptr (GRand) random = g_rand_new_with_seed ((guint32) g_test_rand_int ());

      stopped->active = FALSE;
      fleet = fixture_fleet (NULL, NULL, CPU ("zero", "m", 1, 0), CPU ("a", "m", 1, 1), stopped,
                             GPU ("b", 2), GPU ("zero-gpu", 0), CPU ("old", "m", 0, 5), NULL);
      routing = make_routing (fleet, spec, NULL);
      for (guint j = 0; j < 10000; j++)
        {
          DispContainer *container = pick (routing, "m", 1, random);

          g_assert_true (container->active);
          g_assert_cmpfloat (container->quota, >, 0);
          g_assert_cmpstr (container->name, !=, "old");
        }
    }
}

/* Probabilities too: the part of who has quota 0 goes to the others. */
static void
test_probabilities_without_quota (void)
{
  g_autoptr (DispPolicySpec) spec = disp_policy_spec_new (
      "probabilities", g_variant_new_parsed ("{'m': <{'zero': 0.9, 'a': 0.1}>}"), NULL);
  g_autoptr (DispFleet) fleet = fixture_fleet (
      NULL, NULL, CPU ("zero", "m", 1, 0), CPU ("a", "m", 1, 1), CPU ("other", "m", 1, 1), NULL);
  g_autoptr (DispRouting) routing = make_routing (fleet, spec, NULL);
  g_autoptr (GRand) random = g_rand_new_with_seed ((guint32) g_test_rand_int ());

  g_assert_true (disp_policy_spec_check_fleet (spec, fleet, NULL));
  for (guint i = 0; i < 10000; i++)
    g_assert_cmpstr (pick (routing, "m", 1, random)->name, ==, "a");
}

/* A fleet of "0", "1", … with one of them out of use. */
static DispFleet *
fleet_of (DispFleet *previous, guint n_containers, guint unused)
{
  GPtrArray *containers = g_ptr_array_new ();

  for (guint i = 0; i < n_containers; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u", i);

      g_ptr_array_add (containers, CPU (name, "m", 1, i == unused ? 0 : 1));
    }
  return fixture_fleet_new (previous, NULL, containers);
}

/* The fleet grows and shrinks under each policy; round robin is exact between two changes. */
static void
test_changing (void)
{
  const char *const *names = disp_policy_get_names ();

  for (guint i = 0; names[i] != NULL; i++)
    {
      g_autoptr (DispPolicySpec) spec = spec_new (names[i]);
      g_autoptr (DispFleet) fleet = fleet_of (NULL, 2, G_MAXUINT);
      g_autoptr (DispRouting) routing = make_routing (fleet, spec, NULL);
      g_autoptr (GRand) random = g_rand_new_with_seed ((guint32) g_test_rand_int ());

      for (guint round = 0; round < 200; round++)
        {
          guint n = (guint) g_test_rand_int_range (2, 20);
          g_autoptr (DispFleet) next = fleet_of (fleet, n, (guint) g_test_rand_int_range (0, 40));
          DispRouting *changed = make_routing (next, spec, routing);
          guint n_eligible = fixture_find (next, "m", 1)->n_eligible;
          guint counts[20] = { 0 };

          disp_routing_unref (routing);
          routing = changed;
          disp_fleet_unref (fleet);
          fleet = g_steal_pointer (&next);
          for (guint j = 0; j < 3 * n_eligible; j++)
            {
              DispContainer *container = pick (routing, "m", 1, random);

              g_assert_cmpfloat (container->quota, >, 0);
              counts[g_ascii_strtoull (container->name, NULL, 10)]++;
            }
          for (guint j = 0; i == 0 && j < n; j++)
            g_assert_true (counts[j] == 3 || (counts[j] == 0 && n_eligible == n - 1));
        }
    }
}

/* What the workers share: the routing in force, as the main thread puts it there. */
typedef struct
{
  GMutex lock;
  DispRouting *routing; /* (owned) (locked-by lock) */
  guint n_picks;        /* of each worker */
  atomic_bool done;     /* (atomic) */
} Board;

static DispRouting *
board_swap (Board *board, DispRouting *routing)
{
  DispRouting *old;

  g_mutex_lock (&board->lock);
  DISP_TSAN_ACQUIRE (&board->lock);
  old = board->routing;
  board->routing = routing;
  DISP_TSAN_RELEASE (&board->lock);
  g_mutex_unlock (&board->lock);
  return old;
}

static DispRouting *
board_ref (Board *board)
{
  DispRouting *routing;

  g_mutex_lock (&board->lock);
  DISP_TSAN_ACQUIRE (&board->lock);
  routing = disp_routing_ref (board->routing);
  DISP_TSAN_RELEASE (&board->lock);
  g_mutex_unlock (&board->lock);
  return routing;
}

static void
work (Board *board, GRand *random)
{
  g_autoptr (DispRouting) routing = board_ref (board);
  g_autoptr (DispContainer) container = disp_container_ref (pick (routing, "m", 1, random));

  disp_stats_begin (container->stats);
  g_clear_pointer (&routing, disp_routing_unref);
  disp_stats_end (container->stats, DISP_OUTCOME_SUCCESS, 1);
}

/* Thread 0 is the main thread, which replaces the fleet; the others are workers. */
static void
replace_or_work (guint number, gpointer user_data)
{
  Board *board = user_data;
  g_autoptr (GRand) random = g_rand_new_with_seed (number);

  if (number > 0)
    {
      for (guint i = 0; i < board->n_picks; i++)
        work (board, random);
      atomic_store (&board->done, TRUE);
      return;
    }
  while (!atomic_load (&board->done))
    {
      g_autoptr (DispRouting) old = board_ref (board);
      g_autoptr (DispFleet) fleet = fleet_of (disp_routing_get_fleet (old), 5, G_MAXUINT);
      DispRouting *routing = make_routing (fleet, get_spec (old), old);

      disp_routing_unref (board_swap (board, routing));
    }
}

/* Round robin is exact over all workers, however often the same containers come in a new fleet. */
static void
test_threads (void)
{
  g_autoptr (DispPolicySpec) spec = spec_new ("round-robin");
  DispFleet *fleet = fleet_of (NULL, 5, G_MAXUINT);
  Board board = { .routing = make_routing (fleet, spec, NULL), .n_picks = 5 * 1000 };
  const DispRoute *route;

  disp_fleet_unref (fleet);
  g_mutex_init (&board.lock);
  fixture_run_threads (1 + N_WORKERS, replace_or_work, &board);
  route = fixture_find (disp_routing_get_fleet (board.routing), "m", 1);
  g_assert_cmpuint (route->n_containers, ==, 5);
  for (guint i = 0; i < route->n_containers; i++)
    {
      DispStatsValues values;

      disp_stats_read (route->containers[i]->stats, &values);
      g_assert_cmpuint (values.started, ==, N_WORKERS * 1000);
      g_assert_cmpint (values.in_flight, ==, 0);
    }
  g_mutex_clear (&board.lock);
  disp_routing_unref (board.routing);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/routing/parts", test_parts);
  g_test_add_func ("/core/routing/empty", test_empty);
  g_test_add_func ("/core/routing/kept", test_kept);
  g_test_add_func ("/core/routing/kept-for-label", test_kept_for_label);
  g_test_add_func ("/core/routing/tails", test_tails);
  g_test_add_func ("/core/routing/independent", test_independent);
  g_test_add_func ("/core/routing/never-ineligible", test_never_ineligible);
  g_test_add_func ("/core/routing/probabilities-without-quota", test_probabilities_without_quota);
  g_test_add_func ("/core/routing/changing", test_changing);
  g_test_add_func ("/core/routing/threads", test_threads);
  return g_test_run ();
}
