/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/routing.h"
#include "support/chi-square.h"
#include "support/fixtures.h"

#define CPU(name, model, version, quota)                                                           \
  fixture_container (name, model, version, DISP_DEVICE_CPU, quota)
#define N_PICKS 9999

/* Whatever is said of the next choice, that agrees with it: each time where it is certain, else
 * over many of them.  To ask changes nothing. */
static void
test_agrees (gconstpointer name)
{
  g_autoptr (DispPolicySpec) spec = disp_policy_spec_new (name, NULL, NULL);
  g_autoptr (DispPolicies) policies = disp_policies_new (spec);
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, NULL, CPU ("a", "m", 1, 2),
                                               CPU ("b", "m", 1, 5), CPU ("c", "m", 1, 5), NULL);
  g_autoptr (DispRouting) routing = disp_routing_new (fleet, policies, NULL);
  g_autoptr (DispRequest) request = fixture_request ("m", 1, "[1.0]");
  g_autoptr (GRand) random = g_rand_new_with_seed (42);
  const DispRoute *route = fixture_find (fleet, "m", 1);
  DispPolicy *policy = disp_routing_get_policy (routing, route);
  guint picked[3] = { 0 };
  double shares[3] = { 0 };

  for (guint i = 0; i < N_PICKS; i++)
    {
      double chances[3];
      double again[3];
      guint index;

      disp_policy_get_chances (policy, route->eligible, 3, chances);
      disp_policy_get_chances (policy, route->eligible, 3, again);
      g_assert_cmpmem (chances, sizeof chances, again, sizeof again);
      g_assert_cmpfloat_with_epsilon (chances[0] + chances[1] + chances[2], 1, 1e-12);
      index = disp_policy_select (policy, route->eligible, 3, request, random);
      g_assert_cmpfloat (chances[index], >, 0);
      picked[index]++;
      for (guint j = 0; j < 3; j++)
        shares[j] += chances[j] / N_PICKS;
    }
  if (g_str_equal (name, "round-robin"))
    g_assert_cmpuint (picked[1], ==, N_PICKS / 3);
  else
    assert_chi_square (picked, shares, 3);
}

/* Those that the probabilities do not name have none, until nobody else is left. */
static void
test_left_over (void)
{
  g_autoptr (GVariant) options = g_variant_ref_sink (
      g_variant_new_parsed ("{'m': <{'a': 0.0, 'b': 1.0}>}"));
  g_autoptr (DispPolicySpec) spec = disp_policy_spec_new ("probabilities", options, NULL);
  g_autoptr (DispPolicies) policies = disp_policies_new (spec);
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, NULL, CPU ("a", "m", 1, 1),
                                               CPU ("c", "m", 1, 2), CPU ("b", "m", 1, 5), NULL);
  g_autoptr (DispRouting) routing = disp_routing_new (fleet, policies, NULL);
  const DispRoute *route = fixture_find (fleet, "m", 1);
  DispPolicy *policy = disp_routing_get_policy (routing, route);
  double chances[3];

  disp_policy_get_chances (policy, route->eligible, 3, chances);
  g_assert_cmpfloat (chances[0], ==, 0);
  g_assert_cmpfloat (chances[1], ==, 0);
  g_assert_cmpfloat (chances[2], ==, 1);
  disp_policy_get_chances (policy, route->eligible, 2, chances);
  g_assert_cmpfloat (chances[0], ==, 0.5);
  g_assert_cmpfloat (chances[1], ==, 0.5);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/core/chances/round-robin", "round-robin", test_agrees);
  g_test_add_data_func ("/core/chances/random", "random", test_agrees);
  g_test_add_data_func ("/core/chances/probabilities", "probabilities", test_agrees);
  g_test_add_data_func ("/core/chances/least-loaded", "least-loaded", test_agrees);
  g_test_add_data_func ("/core/chances/fastest", "fastest", test_agrees);
  g_test_add_data_func ("/core/chances/sla", "sla", test_agrees);
  g_test_add_func ("/core/chances/left-over", test_left_over);
  return g_test_run ();
}
