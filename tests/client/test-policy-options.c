/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/policy-options.h"

#include <string.h>

static void
test_accepted (void)
{
  const char *const words[] = { "half_plus_two=cpu-0=0.25; gpu=0.75",
                                "odd=a=b=1",
                                "depth=3.5",
                                "fast=yes",
                                "slow=no",
                                "mode=best",
                                NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) options = disp_policy_options_parse (words, &error);
  g_autoptr (GVariant) expected = g_variant_ref_sink (g_variant_new_parsed (
      "{'half_plus_two': <{'cpu-0': 0.25, 'gpu': 0.75}>, 'odd': <{'a=b': 1.0}>, 'depth': <3.5>, "
      "'fast': <true>, 'slow': <false>, 'mode': <'best'>}"));
  GVariantIter iter;
  const char *name;
  GVariant *value;

  g_assert_no_error (error);
  g_assert_true (g_variant_is_of_type (options, G_VARIANT_TYPE_VARDICT));
  g_assert_cmpuint (g_variant_n_children (options), ==, g_variant_n_children (expected));
  g_variant_iter_init (&iter, expected);
  while (g_variant_iter_next (&iter, "{&sv}", &name, &value))
    {
      g_autoptr (GVariant) wanted = value;
      g_autoptr (GVariant) got = g_variant_lookup_value (options, name, NULL);

      g_assert_nonnull (got);
      g_assert_cmpvariant (got, wanted);
    }
}

static void
test_nothing (void)
{
  const char *const words[] = { NULL };
  g_autoptr (GVariant) options = disp_policy_options_parse (words, NULL);

  g_assert_cmpuint (g_variant_n_children (options), ==, 0);
}

static void
test_refused (void)
{
  static const char *const rows[][3] = {
    { "word" }, { "=3" }, { "m=a=x" }, { "m==1" }, { "m=a=0.5;b" }, { "m=1", "m=2" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (disp_policy_options_parse (rows[i], &error));
      g_assert_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE);
    }
}

/* What is shown can be typed again. */
static void
test_to_text (void)
{
  const char *const words[] = { "m=a=0.25;b=0.75", "depth=3.5", "fast=yes", NULL };
  g_autoptr (GVariant) options = disp_policy_options_parse (words, NULL);
  g_autofree char *text = disp_policy_options_to_text (options);

  g_assert_cmpstr (text, ==, "depth=3.5\nfast=yes\nm=a=0.25;b=0.75");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/client/policy-options/accepted", test_accepted);
  g_test_add_func ("/client/policy-options/nothing", test_nothing);
  g_test_add_func ("/client/policy-options/refused", test_refused);
  g_test_add_func ("/client/policy-options/to-text", test_to_text);
  return g_test_run ();
}
