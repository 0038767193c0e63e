/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/yaml-scalar.h"

#include <math.h>

/* YAML 1.2.2 section 10.3.2. */

static void
test_words (void)
{
  static const char *const nulls[] = { "", "~", "null", "Null", "NULL" };
  static const char *const trues[] = { "true", "True", "TRUE" };
  static const char *const falses[] = { "false", "False", "FALSE" };

  for (gsize i = 0; i < G_N_ELEMENTS (nulls); i++)
    {
      g_autoptr (JsonNode) node = disp_yaml_scalar_resolve (nulls[i]);

      g_assert_true (JSON_NODE_HOLDS_NULL (node));
    }
  for (gsize i = 0; i < G_N_ELEMENTS (trues); i++)
    {
      g_autoptr (JsonNode) yes = disp_yaml_scalar_resolve (trues[i]);
      g_autoptr (JsonNode) no = disp_yaml_scalar_resolve (falses[i]);

      g_assert_cmpuint (json_node_get_value_type (yes), ==, G_TYPE_BOOLEAN);
      g_assert_true (json_node_get_boolean (yes));
      g_assert_cmpuint (json_node_get_value_type (no), ==, G_TYPE_BOOLEAN);
      g_assert_false (json_node_get_boolean (no));
    }
}

static void
test_integers (void)
{
  static const struct
  {
    const char *text;
    gint64 value;
  } rows[] = { { "0", 0 },
               { "-0", 0 },
               { "007", 7 },
               { "+12", 12 },
               { "-19", -19 },
               { "0o17", 15 },
               { "0x1Fa", 0x1fa },
               { "9223372036854775807", G_MAXINT64 },
               { "-9223372036854775808", G_MININT64 } };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (JsonNode) node = disp_yaml_scalar_resolve (rows[i].text);

      g_test_message ("%s", rows[i].text);
      g_assert_cmpuint (json_node_get_value_type (node), ==, G_TYPE_INT64);
      g_assert_cmpint (json_node_get_int (node), ==, rows[i].value);
    }
}

static void
test_floats (void)
{
  static const struct
  {
    const char *text;
    double value;
  } rows[] = { { "0.5", 0.5 },
               { ".5", 0.5 },
               { "1.", 1 },
               { "-1.5e3", -1500 },
               { "+2E-1", 0.2 },
               { "1e400", INFINITY },
               { ".inf", INFINITY },
               { "+.Inf", INFINITY },
               { "-.INF", -INFINITY },
               { "9223372036854775808", 9223372036854775808.0 },
               { "0xffffffffffffffffffff", 0xffffffffffffffffffffp0 } };
  g_autoptr (JsonNode) nan_node = disp_yaml_scalar_resolve (".nan");

  g_assert_true (isnan (json_node_get_double (nan_node)));
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (JsonNode) node = disp_yaml_scalar_resolve (rows[i].text);

      g_test_message ("%s", rows[i].text);
      g_assert_cmpuint (json_node_get_value_type (node), ==, G_TYPE_DOUBLE);
      g_assert_cmpfloat (json_node_get_double (node), ==, rows[i].value);
    }
}

static void
test_strings (void)
{
  static const char *const rows[] = { "a",    "yes", "no",  "on",    "off",        "tRUE",
                                      "nULL", "NaN", "inf", ".",     "-",          "+",
                                      "-.",   "1e",  "1e+", "e5",    "1.2.3",      "0x",
                                      "0o",   "0o8", "0xg", "1_000", "1 2",        "0b11",
                                      "1:30", "--1", "+-1", "+.nan", "2026-01-01", "1.5x" };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (JsonNode) node = disp_yaml_scalar_resolve (rows[i]);

      g_assert_cmpuint (json_node_get_value_type (node), ==, G_TYPE_STRING);
      g_assert_cmpstr (json_node_get_string (node), ==, rows[i]);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/yaml-scalar/words", test_words);
  g_test_add_func ("/wire/yaml-scalar/integers", test_integers);
  g_test_add_func ("/wire/yaml-scalar/floats", test_floats);
  g_test_add_func ("/wire/yaml-scalar/strings", test_strings);
  return g_test_run ();
}
