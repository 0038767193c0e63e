/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/sla.h"
#include "support/fixtures.h"

#define N_CPUS 3
#define N_THREADS 8

/* Three CPUs, then a GPU. */
typedef struct
{
  DispPolicy *policy;     /* (owned) */
  DispFleet *fleet;       /* (owned) */
  const DispRoute *route; /* (owned by fleet) */
  DispRequest *request;   /* (owned) */
  GRand *random;          /* (owned) */
} Fixture;

static const gint64 durations[] = { 10000, 10000, 30000, 1000 };

static void
use_target (Fixture *fixture, double sla)
{
  GPtrArray *models = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_model_free);
  GPtrArray *containers = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_container_unref);
  DispModel *model = disp_model_new ("m", 1);
  DispFleet *previous = fixture->fleet;

  model->sla = sla;
  g_ptr_array_add (models, model);
  g_ptr_array_add (containers, fixture_container ("a", "m", 1, DISP_DEVICE_CPU, 1));
  g_ptr_array_add (containers, fixture_container ("b", "m", 1, DISP_DEVICE_CPU, 1));
  g_ptr_array_add (containers, fixture_container ("c", "m", 1, DISP_DEVICE_CPU, 1));
  g_ptr_array_add (containers, fixture_container ("g", DISP_MODEL_ALL, 1, DISP_DEVICE_GPU, 1));
  fixture->fleet = disp_fleet_new (models, containers, previous);
  fixture->route = fixture_find (fixture->fleet, "m", 1);
  disp_policy_fleet_changed (fixture->policy, fixture->route);
  g_clear_pointer (&previous, disp_fleet_unref);
}

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->policy = disp_sla_new ();
  fixture->request = fixture_request ("m", 1, "[1.0]");
  fixture->random = g_rand_new_with_seed (1);
  use_target (fixture, 50);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_assert_finalize_object (fixture->policy);
  disp_fleet_unref (fixture->fleet);
  disp_request_unref (fixture->request);
  g_rand_free (fixture->random);
}

static guint
pick (Fixture *fixture, GRand *random)
{
  guint index = disp_policy_select (fixture->policy, fixture->route->eligible,
                                    fixture->route->n_eligible, fixture->request, random);

  g_assert_cmpuint (index, <, fixture->route->n_eligible);
  return index;
}

static void
begin (Fixture *fixture, guint index)
{
  disp_stats_begin (fixture->route->eligible[index]->stats);
  disp_policy_request_started (fixture->policy, fixture->route->eligible[index]);
}

static void
end (Fixture *fixture, guint index, DispOutcome outcome)
{
  disp_stats_end (fixture->route->eligible[index]->stats, outcome, durations[index]);
  disp_policy_request_finished (fixture->policy, fixture->route->eligible[index], outcome,
                                durations[index]);
}

/* Has each container serve once. */
static void
learn (Fixture *fixture)
{
  for (guint i = 0; i < G_N_ELEMENTS (durations); i++)
    {
      begin (fixture, i);
      end (fixture, i, DISP_OUTCOME_SUCCESS);
    }
}

/* Begins requests until @count are in flight; counts where. */
static void
pile_up (Fixture *fixture, guint count, guint *counts)
{
  for (guint i = 0; i < count; i++)
    {
      guint index = pick (fixture, fixture->random);

      begin (fixture, index);
      counts[index]++;
    }
}

/* CPUs serve while they meet the target, the least loaded of them first; then the GPU does; and
 * when nobody meets it any more, whoever is done first. */
static void
test_cheapest (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  guint counts[4] = { 0 };
  double chances[4];

  learn (fixture);
  pile_up (fixture, 3, counts);
  for (guint i = 0; i < N_CPUS; i++)
    g_assert_cmpuint (counts[i], ==, 1);
  pile_up (fixture, 8, counts);
  g_assert_cmpuint (counts[0], ==, 5);
  g_assert_cmpuint (counts[1], ==, 5);
  g_assert_cmpuint (counts[2], ==, 1);
  disp_policy_get_chances (fixture->policy, fixture->route->eligible, 4, chances);
  g_assert_cmpfloat (chances[3], ==, 1);
  pile_up (fixture, 50, counts);
  g_assert_cmpuint (counts[3], ==, 50);
  g_assert_cmpuint (counts[0] + counts[1] + counts[2], ==, 11);
  pile_up (fixture, 9, counts);
  g_assert_cmpuint (counts[3], ==, 59);
  pile_up (fixture, 3, counts);
  g_assert_cmpuint (counts[0] + counts[1] + counts[2], >, 11);
}

/* A device that nobody needs is not even tried. */
static void
test_spared (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  for (guint i = 0; i < 10000; i++)
    {
      guint index = pick (fixture, fixture->random);

      g_assert_cmpuint (index, <, N_CPUS);
      begin (fixture, index);
      end (fixture, index, DISP_OUTCOME_SUCCESS);
    }
}

/* A target that only the GPU meets leaves the CPUs what is spent on looking at them. */
static void
test_tight (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  guint n_gpu = 0;

  use_target (fixture, 5);
  for (guint i = 0; i < 10000; i++)
    {
      guint index = pick (fixture, fixture->random);

      begin (fixture, index);
      end (fixture, index, DISP_OUTCOME_SUCCESS);
      n_gpu += index == N_CPUS;
    }
  g_assert_cmpuint (n_gpu, >, 9900);
  g_assert_cmpuint (n_gpu, <, 10000 - N_CPUS);
}

/* Without a target it is whoever is done first; a new fleet may bring one. */
static void
test_no_target (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  double chances[4];

  use_target (fixture, 0);
  learn (fixture);
  for (guint i = 0; i < 100; i++)
    g_assert_cmpuint (pick (fixture, fixture->random), ==, 3);
  disp_policy_get_chances (fixture->policy, fixture->route->eligible, 4, chances);
  g_assert_cmpfloat (chances[3], ==, 1);
  use_target (fixture, 50);
  for (guint i = 0; i < 100; i++)
    g_assert_cmpuint (pick (fixture, fixture->random), <, N_CPUS);
  disp_policy_get_chances (fixture->policy, fixture->route->eligible, 4, chances);
  g_assert_cmpfloat (chances[3], ==, 0);
  g_assert_cmpfloat_with_epsilon (chances[0] + chances[1] + chances[2], 1, 1e-12);
}

/* CPUs that fail do not meet it. */
static void
test_failing (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  guint n_failed = 0;

  learn (fixture);
  for (guint i = 0; i < 5000; i++)
    {
      guint index = pick (fixture, fixture->random);

      begin (fixture, index);
      end (fixture, index, index < N_CPUS ? DISP_OUTCOME_FAILURE : DISP_OUTCOME_SUCCESS);
      n_failed += index < N_CPUS;
    }
  g_assert_cmpuint (n_failed, >=, N_CPUS);
  g_assert_cmpuint (n_failed, <, 30);
}

/* With more than can be looked at, CPUs are still chosen before GPUs. */
static void
test_many (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  GPtrArray *containers = g_ptr_array_new ();
  g_autoptr (DispFleet) fleet = NULL;
  const DispRoute *route;

  for (guint i = 0; i < 40; i++)
    {
      g_autofree char *name = g_strdup_printf ("c%u", i);

      g_ptr_array_add (
          containers,
          fixture_container (name, "m", 1, i % 4 == 3 ? DISP_DEVICE_CPU : DISP_DEVICE_GPU, 1));
    }
  fleet = fixture_fleet_new (NULL, NULL, containers);
  route = fixture_find (fleet, "m", 1);
  ((DispRoute *) route)->sla = 100;
  disp_policy_fleet_changed (fixture->policy, route);
  for (guint i = 0; i < 5000; i++)
    {
      guint index = disp_policy_select (fixture->policy, route->eligible, route->n_eligible,
                                        fixture->request, fixture->random);

      g_assert_cmpuint (index % 4, ==, 3);
      disp_policy_request_started (fixture->policy, route->eligible[index]);
      disp_policy_request_finished (fixture->policy, route->eligible[index], DISP_OUTCOME_SUCCESS,
                                    5000);
    }
}

static void
press_in_thread (guint number, gpointer user_data)
{
  Fixture *fixture = user_data;
  g_autoptr (GRand) random = g_rand_new_with_seed (number);

  for (guint i = 0; i < 5000; i++)
    {
      guint index = pick (fixture, random);

      begin (fixture, index);
      end (fixture, index, i % 50 == 0 ? DISP_OUTCOME_FAILURE : DISP_OUTCOME_SUCCESS);
    }
}

static void
test_threads (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  guint64 total = 0;

  fixture_run_threads (N_THREADS, press_in_thread, fixture);
  for (guint i = 0; i < G_N_ELEMENTS (durations); i++)
    {
      DispStatsValues values;

      disp_stats_read (fixture->route->eligible[i]->stats, &values);
      g_assert_cmpint (values.in_flight, ==, 0);
      total += values.started;
    }
  g_assert_cmpuint (total, ==, N_THREADS * 5000);
}

#define ADD(path, function)                                                                        \
  g_test_add ("/core/sla/" path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("cheapest", test_cheapest);
  ADD ("spared", test_spared);
  ADD ("tight", test_tight);
  ADD ("no-target", test_no_target);
  ADD ("failing", test_failing);
  ADD ("many", test_many);
  ADD ("threads", test_threads);
  return g_test_run ();
}
