/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/suggestion.h"

static void
test_distance (void)
{
  g_assert_cmpuint (disp_text_distance ("", ""), ==, 0);
  g_assert_cmpuint (disp_text_distance ("abc", ""), ==, 3);
  g_assert_cmpuint (disp_text_distance ("", "abc"), ==, 3);
  g_assert_cmpuint (disp_text_distance ("kitten", "sitting"), ==, 3);
  g_assert_cmpuint (disp_text_distance ("gpu-0", "gpu-0"), ==, 0);
}

static void
test_order (void)
{
  const char *const names[] = { "tfserving-cpu-0", "tfserving-gpu", "other", NULL };
  const char *const nothing[] = { NULL };
  g_autofree char *near = disp_suggest ("tfserving-gpo", names);
  g_autofree char *part = disp_suggest ("cpu", names);
  g_autofree char *none = disp_suggest ("x", nothing);

  g_assert_cmpstr (near, ==, "tfserving-gpu, tfserving-cpu-0, other");
  g_assert_true (g_str_has_prefix (part, "tfserving-cpu-0"));
  g_assert_cmpstr (none, ==, "");
}

static void
test_many (void)
{
  const char *const names[] = { "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", NULL };
  g_autofree char *text = disp_suggest ("a", names);

  g_assert_cmpstr (text, ==, "a1, a2, a3, a4, a5, a6, a7, a8, …");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/client/suggestion/distance", test_distance);
  g_test_add_func ("/client/suggestion/order", test_order);
  g_test_add_func ("/client/suggestion/many", test_many);
  return g_test_run ();
}
