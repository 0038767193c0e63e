/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/policies.h"

#include "core/routing.h"
#include "support/fixtures.h"

#define CPU(name, model, version, quota)                                                           \
  fixture_container (name, model, version, DISP_DEVICE_CPU, quota)

static DispPolicySpec *
spec_new (const char *name)
{
  g_autoptr (GError) error = NULL;
  DispPolicySpec *spec = disp_policy_spec_new (name, NULL, &error);

  g_assert_no_error (error);
  return spec;
}

/* Replaces *@policies by the same with one more. */
static void
set (DispPolicies **policies, const char *model, DispPolicySpec *spec)
{
  DispPolicies *changed = disp_policies_set (*policies, model, spec);

  disp_policies_unref (*policies);
  *policies = changed;
}

static void
assert_names (const DispPolicies *policies, const char *all, const char *of_m)
{
  g_assert_cmpstr (disp_policy_spec_get_name (disp_policies_get (policies, NULL)), ==, all);
  g_assert_cmpstr (disp_policy_spec_get_name (disp_policies_get (policies, "m")), ==, of_m);
}

/* A model's own counts more than an operator's for all, that more than the configured one; and each
 * can be forgotten without the others. */
static void
test_layers (void)
{
  g_autoptr (DispPolicySpec) round_robin = spec_new ("round-robin");
  g_autoptr (DispPolicySpec) random = spec_new ("random");
  g_autoptr (DispPolicySpec) probabilities = spec_new ("probabilities");
  g_autoptr (DispPolicies) policies = disp_policies_new (round_robin);
  DispPolicies *configured;

  assert_names (policies, "round-robin", "round-robin");
  g_assert_null (disp_policies_get_own (policies, NULL));
  set (&policies, "m", random);
  assert_names (policies, "round-robin", "random");
  g_assert_true (disp_policies_get_own (policies, "m") == random);
  g_assert_null (disp_policies_get_own (policies, "n"));
  set (&policies, NULL, probabilities);
  assert_names (policies, "probabilities", "random");
  g_assert_true (disp_policies_get_configured (policies) == round_robin);
  /* another configuration stays below */
  configured = disp_policies_configure (policies, random);
  assert_names (configured, "probabilities", "random");
  g_assert_true (disp_policies_get_configured (configured) == random);
  set (&configured, NULL, NULL);
  assert_names (configured, "random", "random");
  disp_policies_unref (configured);
  set (&policies, "m", NULL);
  assert_names (policies, "probabilities", "probabilities");
  set (&policies, "m", NULL);
  set (&policies, NULL, NULL);
  assert_names (policies, "round-robin", "round-robin");
}

/* The same policy with the same options is the one that was there before. */
static void
test_same (void)
{
  g_autoptr (DispPolicySpec) round_robin = spec_new ("round-robin");
  g_autoptr (DispPolicySpec) again = spec_new ("round-robin");
  g_autoptr (DispPolicySpec) random = spec_new ("random");
  g_autoptr (DispPolicySpec) random_again = spec_new ("random");
  g_autoptr (DispPolicies) policies = disp_policies_new (round_robin);

  g_assert_true (disp_policy_spec_equal (round_robin, again));
  g_assert_false (disp_policy_spec_equal (round_robin, random));
  set (&policies, NULL, again);
  g_assert_true (disp_policies_get_own (policies, NULL) == round_robin);
  set (&policies, "m", again);
  g_assert_true (disp_policies_get_own (policies, "m") == round_robin);
  set (&policies, "m", random);
  set (&policies, "m", random_again);
  g_assert_true (disp_policies_get (policies, "m") == random);
}

static void
test_list (void)
{
  g_autoptr (DispPolicySpec) random = spec_new ("random");
  g_autoptr (DispPolicies) policies = disp_policies_new (random);
  g_autoptr (GPtrArray) models = NULL;

  set (&policies, "n", random);
  set (&policies, "m", random);
  models = disp_policies_list_models (policies);
  g_assert_cmpuint (models->len, ==, 2);
  g_assert_cmpstr (g_ptr_array_index (models, 0), ==, "m");
  g_assert_cmpstr (g_ptr_array_index (models, 1), ==, "n");
}

static DispPolicy *
policy_of (DispRouting *routing, const char *model)
{
  return disp_routing_get_policy (routing,
                                  fixture_find (disp_routing_get_fleet (routing), model, 1));
}

/* Another policy for one model leaves the others alone; and a model that goes and comes back has
 * its own again. */
static void
test_routing (void)
{
  g_autoptr (DispPolicySpec) round_robin = spec_new ("round-robin");
  g_autoptr (DispPolicySpec) random = spec_new ("random");
  g_autoptr (DispPolicies) policies = disp_policies_new (round_robin);
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, NULL, CPU ("a", "m", 1, 1),
                                               CPU ("b", "n", 1, 1), NULL);
  g_autoptr (DispFleet) without = fixture_fleet (fleet, NULL, CPU ("b", "n", 1, 1), NULL);
  g_autoptr (DispFleet) back = fixture_fleet (without, NULL, CPU ("a", "m", 1, 1),
                                              CPU ("b", "n", 1, 1), NULL);
  g_autoptr (DispRouting) first = disp_routing_new (fleet, policies, NULL);
  g_autoptr (DispRouting) second = NULL;
  g_autoptr (DispRouting) third = NULL;
  g_autoptr (DispRouting) fourth = NULL;

  set (&policies, "m", random);
  second = disp_routing_new (fleet, policies, first);
  g_assert_true (policy_of (second, "n") == policy_of (first, "n"));
  g_assert_true (policy_of (second, "m") != policy_of (first, "m"));
  g_assert_cmpstr (G_OBJECT_TYPE_NAME (policy_of (second, "m")), ==, "DispRandom");
  third = disp_routing_new (without, policies, second);
  fourth = disp_routing_new (back, policies, third);
  g_assert_cmpstr (G_OBJECT_TYPE_NAME (policy_of (fourth, "m")), ==, "DispRandom");
  g_assert_true (policy_of (fourth, "n") == policy_of (first, "n"));
}

/* What an operator sets, also that there is none, counts more than what is configured. */
static void
test_shadow (void)
{
  g_autoptr (DispPolicySpec) round_robin = spec_new ("round-robin");
  g_autoptr (DispPolicySpec) random = spec_new ("random");
  g_autoptr (DispPolicySpec) same = spec_new ("random");
  g_autoptr (DispPolicySpec) fastest = spec_new ("fastest");
  g_autoptr (DispPolicies) plain = disp_policies_new (round_robin);
  g_autoptr (DispPolicies) configured = disp_policies_configure_shadow (plain, random);
  g_autoptr (DispPolicies) again = disp_policies_configure_shadow (configured, same);
  g_autoptr (DispPolicies) none = disp_policies_set_shadow (configured, NULL);
  g_autoptr (DispPolicies) other = disp_policies_set_shadow (none, fastest);
  g_autoptr (DispPolicies) model = disp_policies_set (other, "m", random);
  g_autoptr (DispPolicies) reset = disp_policies_reset (model);

  g_assert_null (disp_policies_get_shadow (plain));
  g_assert_true (disp_policies_get_shadow (configured) == random);
  g_assert_true (disp_policies_get_shadow (again) == random);
  g_assert_false (disp_policies_has_own_shadow (again));
  g_assert_null (disp_policies_get_shadow (none));
  g_assert_true (disp_policies_has_own_shadow (none));
  g_assert_true (disp_policies_get_shadow (model) == fastest);
  g_assert_true (disp_policies_get (model, "m") == random);
  g_assert_true (disp_policies_get_shadow (reset) == random);
  g_assert_null (disp_policies_get_own (reset, "m"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/policies/layers", test_layers);
  g_test_add_func ("/core/policies/same", test_same);
  g_test_add_func ("/core/policies/list", test_list);
  g_test_add_func ("/core/policies/routing", test_routing);
  g_test_add_func ("/core/policies/shadow", test_shadow);
  return g_test_run ();
}
