/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/config-change.h"

static DispConfig *
make (const char *name, const char *text)
{
  DispConfig *config = disp_config_new ();

  g_assert_true (disp_config_set (config, name, text, "test", NULL));
  return config;
}

/* What takes a restart keeps its value, and is named; the rest is new. */
static void
test_keep (void)
{
  g_autoptr (DispConfig) old = make ("workers", "3");
  g_autoptr (DispConfig) config = make ("timeout", "7s");
  g_autoptr (DispConfig) same = make ("workers", "3");
  g_autofree char *names = NULL;

  g_assert_true (disp_config_set (config, "durability", "committed", "test", NULL));
  names = disp_config_keep (config, old);
  g_assert_cmpstr (names, ==, "[server] workers, [records] durability");
  g_assert_cmpuint (config->workers, ==, 3);
  g_assert_cmpstr (config->texts[DISP_SETTING_WORKERS], ==, "3");
  g_assert_cmpstr (config->origins[DISP_SETTING_WORKERS], ==, "test");
  g_assert_false (config->is_committed);
  g_assert_cmpint (config->timeout, ==, 7 * G_USEC_PER_SEC);
  g_assert_null (disp_config_keep (same, old));
}

static void
test_swap (void)
{
  g_autoptr (DispConfig) one = make ("timeout", "1s");
  g_autoptr (DispConfig) other = make ("timeout", "2s");

  disp_config_swap (one, other);
  g_assert_cmpint (one->timeout, ==, 2 * G_USEC_PER_SEC);
  g_assert_cmpstr (one->texts[DISP_SETTING_TIMEOUT], ==, "2s");
  g_assert_cmpint (other->timeout, ==, G_USEC_PER_SEC);
}

static void
set_probabilities (DispConfig *config, double probability)
{
  g_variant_unref (config->probabilities);
  config->probabilities = g_variant_ref_sink (
      g_variant_new_parsed ("{'m': <{'a': %d}>}", probability));
}

/* The options count only where the policy takes them. */
static void
test_same_policy (void)
{
  g_autoptr (DispConfig) one = make ("policy", "random");
  g_autoptr (DispConfig) other = make ("policy", "random");

  set_probabilities (one, 0.5);
  g_assert_true (disp_config_has_same_policy (one, other));
  g_assert_true (disp_config_set (one, "policy", "probabilities", "test", NULL));
  g_assert_false (disp_config_has_same_policy (one, other));
  g_assert_true (disp_config_set (other, "policy", "probabilities", "test", NULL));
  g_assert_false (disp_config_has_same_policy (one, other));
  set_probabilities (other, 0.5);
  g_assert_true (disp_config_has_same_policy (one, other));
}

/* What the section of a policy says counts while that is in force. */
static void
test_same_sticky (void)
{
  g_autoptr (DispConfig) one = make ("policy", "random");
  g_autoptr (DispConfig) other = make ("policy", "random");

  g_assert_true (disp_config_set (one, "sticky-header", "a", "test", NULL));
  g_assert_true (disp_config_has_same_policy (one, other));
  g_assert_true (disp_config_set (one, "policy", "sticky", "test", NULL));
  g_assert_true (disp_config_set (other, "policy", "sticky", "test", NULL));
  g_assert_false (disp_config_has_same_policy (one, other));
  g_assert_true (disp_config_set (other, "sticky-header", "a", "test", NULL));
  g_assert_true (disp_config_has_same_policy (one, other));
  g_assert_true (disp_config_set (other, "sticky-load-factor", "1.5", "test", NULL));
  g_assert_false (disp_config_has_same_policy (one, other));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/config-change/keep", test_keep);
  g_test_add_func ("/app/config-change/swap", test_swap);
  g_test_add_func ("/app/config-change/same-policy", test_same_policy);
  g_test_add_func ("/app/config-change/same-sticky", test_same_sticky);
  return g_test_run ();
}
