/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/variant-json.h"

static void
check (const char *variant, const char *expected)
{
  g_autoptr (GVariant) value = g_variant_ref_sink (g_variant_new_parsed (variant));
  g_auto (DispJsonWriter) writer = { 0 };
  g_autofree char *text = NULL;

  disp_json_writer_init (&writer);
  disp_variant_write (&writer, NULL, value);
  text = disp_json_writer_steal (&writer);
  g_assert_cmpstr (text, ==, expected);
}

static void
test_values (void)
{
  check ("'a\"b'", "\"a\\\"b\"");
  check ("objectpath '/x'", "\"/x\"");
  check ("true", "true");
  check ("@t 18446744073709551615", "9223372036854775807");
  check ("@x -5", "-5");
  check ("@u 7", "7");
  check ("@q 8", "8");
  check ("@n -9", "-9");
  check ("byte 0x0a", "10");
  check ("0.25", "0.25");
  check ("<<'deep'>>", "\"deep\"");
}

static void
test_containers (void)
{
  check ("@a{sv} {}", "{}");
  check ("{'m': <{'a': 0.25, 'b': 0.75}>}", "{\"m\":{\"a\":0.25,\"b\":0.75}}");
  check ("@as []", "[]");
  check ("[('a', @x 1), ('b', 2)]", "[[\"a\",1],[\"b\",2]]");
  check ("{@x 3: @t 1000}", "{\"3\":1000}");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/client/variant-json/values", test_values);
  g_test_add_func ("/client/variant-json/containers", test_containers);
  return g_test_run ();
}
