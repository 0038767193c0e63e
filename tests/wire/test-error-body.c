/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/error-body.h"

#include <string.h>

static void
assert_body (const char *message, const char *expected)
{
  g_autoptr (GBytes) body = disp_error_body_new (message);

  g_assert_cmpmem (g_bytes_get_data (body, NULL), g_bytes_get_size (body), expected,
                   strlen (expected));
}

static void
test_form (void)
{
  assert_body ("no such path", "{\"error\":\"no such path\"}");
  assert_body ("", "{\"error\":\"\"}");
  assert_body ("the fleet has no model \"a\\b\"\n",
               "{\"error\":\"the fleet has no model \\\"a\\\\b\\\"\\n\"}");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/error-body/form", test_form);
  return g_test_run ();
}
