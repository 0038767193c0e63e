/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/site.h"

static void
serve_first (G_GNUC_UNUSED DispSite *site, G_GNUC_UNUSED DispExchange *exchange)
{
}

static void
serve_second (G_GNUC_UNUSED DispSite *site, G_GNUC_UNUSED DispExchange *exchange)
{
}

static const DispResource resources[] = {
  { "/", DISP_ENTRY_OPEN, { { "GET", DISP_BODY_UNUSED, serve_first } } },
  { "/things",
    DISP_ENTRY_OPEN,
    { { "GET", DISP_BODY_UNUSED, serve_first },
      { "POST", DISP_BODY_JSON, serve_second },
      { "PATCH", DISP_BODY_WANTED, serve_second },
      { "DELETE", DISP_BODY_UNUSED, serve_second } } },
  { "/things/*", DISP_ENTRY_OPEN, { { "POST", DISP_BODY_WANTED, serve_first } } },
  { "/none", DISP_ENTRY_OPEN, { { NULL, DISP_BODY_UNUSED, NULL } } },
};

/* A path, and which resource is there. */
typedef struct
{
  const char *path;
  int index;        /* -1 = none */
  const char *name; /* (nullable) what the "*" stands for */
} PathCase;

static const PathCase path_cases[] = {
  { "/", 0, NULL },
  { "/things", 1, NULL },
  { "/none", 3, NULL },
  { "/things/a", 2, "a" },
  { "/things/*", 2, "*" },
  { "/things/192.168.99.103", 2, "192.168.99.103" },
  { "/things/a%20b%2Fc%2fd", 2, "a b/c/d" },
  { "/things/%C3%BC", 2, "\303\274" },
  { "/things/a+b", 2, "a+b" },
  { "/things/..", 2, ".." },
  { "", -1, NULL },
  { "//", -1, NULL },
  { "/thing", -1, NULL },
  { "/Things", -1, NULL },
  { "/%74hings", -1, NULL },
  { "/thingsa", -1, NULL },
  { "/things/", -1, NULL },
  { "/things/a/", -1, NULL },
  { "/things/a/b", -1, NULL },
  { "/things//", -1, NULL },
  { "/things/%", -1, NULL },
  { "/things/%zz", -1, NULL },
  { "/things/a%00", -1, NULL },
  { "/things/%ff", -1, NULL },
  { "/none/a", -1, NULL },
};

static void
test_paths (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (path_cases); i++)
    {
      const PathCase *row = &path_cases[i];
      g_auto (DispTarget) target = { 0 };
      const DispResource *found = disp_resources_find (resources, G_N_ELEMENTS (resources),
                                                       row->path, &target);

      g_assert_true (found == (row->index >= 0 ? &resources[row->index] : NULL));
      g_assert_cmpstr (target.value, ==, row->name);
    }
}

static void
test_methods (void)
{
  static const char *const unknown[] = { "", "get", "head", "PUT", "GETS", "OPTIONS", "BREW" };
  const DispResource *things = &resources[1];

  g_assert_true (disp_resource_get_endpoint (things, "GET") == &things->endpoints[0]);
  g_assert_true (disp_resource_get_endpoint (things, "HEAD") == &things->endpoints[0]);
  g_assert_true (disp_resource_get_endpoint (things, "POST") == &things->endpoints[1]);
  g_assert_true (disp_resource_get_endpoint (things, "PATCH") == &things->endpoints[2]);
  g_assert_true (disp_resource_get_endpoint (things, "DELETE") == &things->endpoints[3]);
  for (guint i = 0; i < G_N_ELEMENTS (unknown); i++)
    g_assert_null (disp_resource_get_endpoint (things, unknown[i]));
  g_assert_null (disp_resource_get_endpoint (&resources[2], "HEAD"));
  g_assert_null (disp_resource_get_endpoint (&resources[3], "GET"));
}

static void
test_allow (void)
{
  static const char *const expected[] = { "GET, HEAD", "GET, HEAD, POST, PATCH, DELETE", "POST",
                                          "" };

  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_autofree char *allow = disp_resource_dup_allow (&resources[i]);

      g_assert_cmpstr (allow, ==, expected[i]);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/front/site/paths", test_paths);
  g_test_add_func ("/front/site/methods", test_methods);
  g_test_add_func ("/front/site/allow", test_allow);
  return g_test_run ();
}
