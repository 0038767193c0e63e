/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/error.h"
#include "core/fastest.h"
#include "core/least-loaded.h"
#include "core/policy-registry.h"
#include "core/probabilities.h"
#include "core/random.h"
#include "core/round-robin.h"
#include "core/sla.h"
#include "core/sticky.h"
#include "support/fixtures.h"

#include <string.h>

static void
test_names (void)
{
  const char *const *names = disp_policy_get_names ();

  g_assert_cmpuint (g_strv_length ((char **) names), ==, 7);
  g_assert_cmpstr (names[0], ==, "round-robin");
  g_assert_true (g_strv_contains (names, "random"));
  g_assert_true (g_strv_contains (names, "probabilities"));
  g_assert_true (g_strv_contains (names, "least-loaded"));
  g_assert_true (g_strv_contains (names, "fastest"));
  g_assert_true (g_strv_contains (names, "sla"));
  g_assert_true (g_strv_contains (names, "sticky"));
  for (guint i = 0; names[i] != NULL; i++)
    {
      g_assert_nonnull (disp_policy_get_summary (names[i]));
      g_assert_cmpuint (strlen (disp_policy_get_summary (names[i])), >, 0);
    }
  g_assert_null (disp_policy_get_summary ("round_robin"));
  g_assert_null (disp_policy_get_summary (""));
}

static void
test_create (void)
{
  static const char *const names[] = { "round-robin", "random", "probabilities", "least-loaded",
                                       "fastest",     "sla",    "sticky" };
  const GType types[] = { DISP_TYPE_ROUND_ROBIN,  DISP_TYPE_RANDOM,  DISP_TYPE_PROBABILITIES,
                          DISP_TYPE_LEAST_LOADED, DISP_TYPE_FASTEST, DISP_TYPE_SLA,
                          DISP_TYPE_STICKY };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (DispPolicySpec) spec = disp_policy_spec_new (names[i], NULL, &error);
      DispPolicy *policy;
      DispPolicy *another;

      g_assert_no_error (error);
      g_assert_cmpstr (disp_policy_spec_get_name (spec), ==, names[i]);
      policy = disp_policy_spec_create (spec, "m");
      another = disp_policy_spec_create (spec, "m");
      g_assert_true (G_TYPE_CHECK_INSTANCE_TYPE (policy, types[i]));
      g_assert_true (policy != another);
      g_assert_finalize_object (policy);
      g_assert_finalize_object (another);
    }
}

static void
test_unknown (void)
{
  static const char *const names[] = { "", "Random", "round-robin ", "least_loaded" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *message = g_strdup_printf (
          "there is no policy \"%s\", expected one of: round-robin, random, probabilities, "
          "least-loaded, fastest, sla, sticky",
          names[i]);
      g_autoptr (GError) error = NULL;

      g_assert_null (disp_policy_spec_new (names[i], NULL, &error));
      g_assert_error (error, DISP_ERROR, DISP_ERROR_UNKNOWN_POLICY);
      g_assert_cmpstr (error->message, ==, message);
      g_assert_null (disp_policy_spec_new (names[i], NULL, NULL));
    }
}

/* Options for @name given as GVariant text. */
static DispPolicySpec *
spec_from_text (const char *name, const char *text, GError **error)
{
  return disp_policy_spec_new (name, g_variant_new_parsed (text), error);
}

static void
test_options_refused (void)
{
  static const char *const names[] = { "round-robin", "random", "least-loaded", "fastest", "sla" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *message = g_strdup_printf ("the policy \"%s\" takes no options", names[i]);
      g_autoptr (GError) error = NULL;
      g_autoptr (DispPolicySpec) without = spec_from_text (names[i], "@a{sv} {}", &error);

      g_assert_no_error (error);
      g_assert_nonnull (without);
      g_assert_null (spec_from_text (names[i], "{'m': <{'a': 1.0}>}", &error));
      g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_VALUE);
      g_assert_cmpstr (error->message, ==, message);
    }
}

static void
test_options_checked (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (spec_from_text ("probabilities", "{'m': <{'a': 0.5}>}", &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_VALUE);
  g_assert_cmpstr (error->message, ==,
                   "the probabilities for model \"m\" add up to 0.5, expected 1");
}

/* Of all policies one may want to know a header field. */
static void
test_header (void)
{
  g_autoptr (DispPolicySpec) with = spec_from_text ("sticky", "{'header': <'X-Session-Id'>}", NULL);
  g_autoptr (DispPolicySpec) without = spec_from_text ("sticky", "@a{sv} {}", NULL);
  g_autoptr (DispPolicySpec) other = spec_from_text ("random", "@a{sv} {}", NULL);

  g_assert_cmpstr (disp_policy_spec_get_header (with), ==, "X-Session-Id");
  g_assert_null (disp_policy_spec_get_header (without));
  g_assert_null (disp_policy_spec_get_header (other));
}

/* The options reach the policy, whether the caller keeps them or not. */
static void
test_options_used (void)
{
  GVariant *options = g_variant_ref_sink (g_variant_new_parsed ("{'m': <{'b': 1.0}>}"));
  g_autoptr (GError) error = NULL;
  g_autoptr (DispPolicySpec) spec = disp_policy_spec_new ("probabilities", options, &error);
  g_autoptr (DispFleet) fleet = fixture_fleet (
      NULL, NULL, fixture_container ("a", "m", 1, DISP_DEVICE_CPU, 1),
      fixture_container ("b", "m", 1, DISP_DEVICE_CPU, 1), NULL);
  const DispRoute *route = fixture_find (fleet, "m", 1);
  g_autoptr (DispRequest) request = fixture_request ("m", 1, "[1.0]");
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  g_autoptr (DispPolicy) policy = NULL;

  g_assert_no_error (error);
  g_variant_unref (options);
  policy = disp_policy_spec_create (spec, "m");
  for (guint i = 0; i < 100; i++)
    g_assert_cmpuint (
        disp_policy_select (policy, route->eligible, route->n_eligible, request, random), ==, 1);
}

static void
test_check_fleet (void)
{
  g_autoptr (DispFleet) fleet = fixture_fleet (
      NULL, NULL, fixture_container ("a", "m", 1, DISP_DEVICE_CPU, 0), NULL);
  g_autoptr (DispPolicySpec) plain = disp_policy_spec_new ("random", NULL, NULL);
  g_autoptr (DispPolicySpec) known = spec_from_text ("probabilities", "{'m': <{'a': 1.0}>}", NULL);
  g_autoptr (DispPolicySpec) unknown = spec_from_text ("probabilities", "{'m': <{'b': 1.0}>}",
                                                       NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (disp_policy_spec_check_fleet (plain, fleet, &error));
  g_assert_true (disp_policy_spec_check_fleet (known, fleet, &error));
  g_assert_no_error (error);
  g_assert_false (disp_policy_spec_check_fleet (unknown, fleet, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_VALUE);
}

static void
use_registry (G_GNUC_UNUSED guint number, gpointer user_data)
{
  DispPolicySpec *spec = user_data;

  for (guint i = 0; i < 200; i++)
    {
      g_autoptr (DispPolicySpec) reference = disp_policy_spec_ref (spec);
      g_autoptr (DispPolicy) policy = disp_policy_spec_create (reference, "m");

      g_assert_nonnull (policy);
      g_assert_cmpstr (disp_policy_get_names ()[0], ==, "round-robin");
      g_assert_null (disp_policy_spec_new ("none", NULL, NULL));
    }
  disp_policy_spec_unref (spec);
}

/* Whichever thread comes last frees the spec: a sanitizer tells if none does, or one too early. */
static void
test_threads (void)
{
  for (guint i = 0; i < 10; i++)
    {
      DispPolicySpec *spec = spec_from_text ("probabilities", "{'m': <{'a': 1.0}>}", NULL);

      for (guint j = 1; j < 8; j++)
        disp_policy_spec_ref (spec);
      fixture_run_threads (8, use_registry, spec);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/policy-registry/threads", test_threads);
  g_test_add_func ("/core/policy-registry/names", test_names);
  g_test_add_func ("/core/policy-registry/create", test_create);
  g_test_add_func ("/core/policy-registry/unknown", test_unknown);
  g_test_add_func ("/core/policy-registry/options-refused", test_options_refused);
  g_test_add_func ("/core/policy-registry/options-checked", test_options_checked);
  g_test_add_func ("/core/policy-registry/header", test_header);
  g_test_add_func ("/core/policy-registry/options-used", test_options_used);
  g_test_add_func ("/core/policy-registry/check-fleet", test_check_fleet);
  return g_test_run ();
}
