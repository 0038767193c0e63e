/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/fastest.h"
#include "core/round-robin.h"
#include "core/sla.h"
#include "support/fixtures.h"

/* Whether a request takes a free place, or waits for a better one. */

/* Two CPUs that take 10 ms, and a GPU that takes 1 ms. */
enum
{
  SLOW,
  OTHER,
  QUICK,
  N_CONTAINERS
};

static const gint64 durations[N_CONTAINERS] = { 10000, 10000, 1000 };
/* The target of the model, in milliseconds. */
#define TARGET 100

typedef struct
{
  DispPolicy *policy;     /* (owned) */
  DispFleet *fleet;       /* (owned) */
  const DispRoute *route; /* (owned by fleet) */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer make_policy)
{
  GPtrArray *models = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_model_free);
  GPtrArray *containers = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_container_unref);
  DispModel *model = disp_model_new ("m", 1);

  model->sla = TARGET;
  g_ptr_array_add (models, model);
  g_ptr_array_add (containers, fixture_container ("slow", "m", 1, DISP_DEVICE_CPU, 1));
  g_ptr_array_add (containers, fixture_container ("other", "m", 1, DISP_DEVICE_CPU, 1));
  g_ptr_array_add (containers, fixture_container ("quick", "m", 1, DISP_DEVICE_GPU, 1));
  fixture->policy = ((DispPolicy * (*) (void) ) make_policy) ();
  fixture->fleet = disp_fleet_new (models, containers, NULL);
  fixture->route = fixture_find (fixture->fleet, "m", 1);
  disp_policy_fleet_changed (fixture->policy, fixture->route);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_assert_finalize_object (fixture->policy);
  disp_fleet_unref (fixture->fleet);
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

static void
learn (Fixture *fixture)
{
  for (guint i = 0; i < N_CONTAINERS; i++)
    {
      begin (fixture, i);
      end (fixture, i, DISP_OUTCOME_SUCCESS);
    }
}

static gboolean
accepts (Fixture *fixture, guint index, guint n_before, gint64 waited)
{
  return disp_policy_accepts (fixture->policy, fixture->route->eligible, fixture->route->n_eligible,
                              index, n_before, waited);
}

/* Who has no preference takes what is free. */
static void
test_any (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  for (guint i = 0; i < N_CONTAINERS; i++)
    g_assert_true (accepts (fixture, i, 0, 0));
}

/* As long as all that wait before are done earlier at the quick one. */
static void
test_fastest (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_assert_true (accepts (fixture, SLOW, 0, 0));
  learn (fixture);
  begin (fixture, QUICK);
  g_assert_true (accepts (fixture, QUICK, 0, 0));
  g_assert_false (accepts (fixture, SLOW, 0, 0));
  g_assert_false (accepts (fixture, SLOW, 7, 0));
  g_assert_true (accepts (fixture, SLOW, 8, 0));
  /* Not longer than it would have taken there. */
  g_assert_false (accepts (fixture, SLOW, 0, durations[SLOW] - 1));
  g_assert_true (accepts (fixture, SLOW, 0, durations[SLOW]));
  /* One that fails is nothing to wait for. */
  end (fixture, QUICK, DISP_OUTCOME_FAILURE);
  for (guint i = 0; i < 3; i++)
    {
      begin (fixture, QUICK);
      end (fixture, QUICK, DISP_OUTCOME_FAILURE);
    }
  g_assert_true (accepts (fixture, SLOW, 0, 0));
}

/* One that has not been heard of for long is tried again, however slow it was then. */
static void
test_explored (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (DispRequest) request = fixture_request ("m", 1, "[]");
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  guint chosen = QUICK;

  learn (fixture);
  for (guint i = 0; i < 10000 && chosen == QUICK; i++)
    {
      chosen = disp_policy_select (fixture->policy, fixture->route->eligible,
                                   fixture->route->n_eligible, request, random);
      g_assert_true (accepts (fixture, chosen, 0, 0));
      begin (fixture, chosen);
      end (fixture, chosen, DISP_OUTCOME_SUCCESS);
    }
  g_assert_cmpuint (chosen, !=, QUICK);
}

/* A GPU is left alone as long as a CPU would be done in time. */
static void
test_sla (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  /* Nothing is known of the CPUs: they have a quarter of the time to show how fast they are. */
  g_assert_false (accepts (fixture, QUICK, 0, 0));
  g_assert_true (accepts (fixture, QUICK, 0, TARGET * 1000 / 4 + 1));
  learn (fixture);
  begin (fixture, SLOW);
  begin (fixture, OTHER);
  g_assert_true (accepts (fixture, SLOW, 0, 0));
  g_assert_false (accepts (fixture, QUICK, 0, 0));
  g_assert_false (accepts (fixture, QUICK, 8, 0));
  g_assert_true (accepts (fixture, QUICK, 9, 0));
  /* Neither CPU answers when it should. */
  g_assert_false (accepts (fixture, QUICK, 0, 2 * 2 * durations[SLOW]));
  g_assert_true (accepts (fixture, QUICK, 0, 2 * 2 * durations[SLOW] + 1));
  end (fixture, SLOW, DISP_OUTCOME_SUCCESS);
  end (fixture, OTHER, DISP_OUTCOME_SUCCESS);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/core/accepts/any", Fixture, disp_round_robin_new, set_up, test_any, tear_down);
  g_test_add ("/core/accepts/fastest", Fixture, disp_fastest_new, set_up, test_fastest, tear_down);
  g_test_add ("/core/accepts/explored", Fixture, disp_fastest_new, set_up, test_explored,
              tear_down);
  g_test_add ("/core/accepts/sla", Fixture, disp_sla_new, set_up, test_sla, tear_down);
  return g_test_run ();
}
