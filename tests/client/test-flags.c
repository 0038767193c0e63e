/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/flags.h"

#include <string.h>

/* Parses words as they stand behind "dispatcherctl"; those of @command when that is not NULL. */
static gboolean
parse (DispFlags *flags, const char *command, const char *words, int *left, GError **error)
{
  g_autofree char *line = g_strconcat ("dispatcherctl ", words, NULL);
  g_auto (GStrv) owned = g_strsplit (line, " ", -1);
  int argc = (int) g_strv_length (owned);
  g_autofree char **argv = g_memdup2 (owned, ((gsize) argc + 1) * sizeof *owned);
  char **rest = argv;
  gboolean right;

  disp_flags_init (flags);
  right = command != NULL ? disp_flags_parse_command (flags, command, &argc, &rest, error)
                          : disp_flags_parse (flags, &argc, &rest, error);
  if (left != NULL)
    *left = argc - 1;
  return right;
}

static void
test_defaults (void)
{
  g_auto (DispFlags) flags = { 0 };
  g_autoptr (GError) error = NULL;
  int left;

  g_assert_true (parse (&flags, "records", "one two", &left, &error));
  g_assert_no_error (error);
  g_assert_cmpint (left, ==, 2);
  g_assert_false (flags.json);
  g_assert_null (flags.model);
  g_assert_cmpint (flags.limit, ==, DISP_NOT_GIVEN);
  g_assert_cmpfloat (flags.interval, ==, 1);
}

static void
test_given (void)
{
  g_auto (DispFlags) flags = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_true (parse (&flags, "records",
                        "--json -f -n 7 --model m --container c --node n --state error -i 0.5",
                        NULL, &error));
  g_assert_no_error (error);
  g_assert_true (flags.json && flags.follow);
  g_assert_cmpint (flags.limit, ==, 7);
  g_assert_cmpstr (flags.model, ==, "m");
  g_assert_cmpstr (flags.container, ==, "c");
  g_assert_cmpstr (flags.node, ==, "n");
  g_assert_cmpstr (flags.state, ==, "error");
  g_assert_cmpfloat (flags.interval, ==, 0.5);
}

/* What stands behind the command is not looked at before that is known. */
static void
test_before_command (void)
{
  g_auto (DispFlags) flags = { 0 };
  g_autoptr (GError) error = NULL;
  int left;

  g_assert_true (parse (&flags, NULL, "--user quota --reset --nothing", &left, &error));
  g_assert_no_error (error);
  g_assert_true (flags.user);
  g_assert_false (flags.reset);
  g_assert_cmpint (left, ==, 3);
}

static void
test_refused (void)
{
  static const struct
  {
    const char *command;
    const char *words;
  } rows[] = {
    { "status", "--limit 3" },     { "records", "--limit 0" },
    { "records", "--limit=-1" },   { "records", "--limit many" },
    { "watch", "--count 0" },      { "watch", "--interval 0.01" },
    { "watch", "--interval x" },   { "watch", "--interval 1e9" },
    { "watch", "--interval nan" }, { "predict", "--model-version 0" },
    { "status", "--json=no" },     { "status", "--user --system" },
    { "status", "--nothing" },     { "status", "--user --address unix:path=/x" },
    { "quota", "--reset=yes" },    { "status", "--address" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (DispFlags) flags = { 0 };
      g_autoptr (GError) error = NULL;

      if (parse (&flags, rows[i].command, rows[i].words, NULL, &error))
        g_test_message ("%s %s was accepted", rows[i].command, rows[i].words);
      g_assert_nonnull (error);
      g_assert_true (error->domain == G_OPTION_ERROR);
    }
}

static void
test_help (void)
{
  g_autofree char *all = disp_flags_get_help (NULL, "COMMAND", "the end");
  g_autofree char *quota = disp_flags_get_help ("quota", "CONTAINER N", NULL);

  g_assert_nonnull (strstr (all, "--address=ADDRESS"));
  g_assert_nonnull (strstr (all, "the end"));
  g_assert_null (strstr (all, "--reset"));
  g_assert_nonnull (strstr (quota, "quota CONTAINER N"));
  g_assert_nonnull (strstr (quota, "--reset"));
  g_assert_null (strstr (quota, "--limit"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/client/flags/defaults", test_defaults);
  g_test_add_func ("/client/flags/given", test_given);
  g_test_add_func ("/client/flags/before-command", test_before_command);
  g_test_add_func ("/client/flags/refused", test_refused);
  g_test_add_func ("/client/flags/help", test_help);
  return g_test_run ();
}
