/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/commands.h"

#include <string.h>

static void
test_rows (void)
{
  guint n_commands;
  const DispCommandRow *commands = disp_commands_get (&n_commands);

  g_assert_cmpuint (n_commands, >, 10);
  for (guint i = 0; i < n_commands; i++)
    {
      g_assert_nonnull (commands[i].run);
      g_assert_cmpuint (commands[i].min, <=, commands[i].max);
      g_assert_true (disp_commands_find (commands[i].name, NULL) == &commands[i]);
      /* Who has to give arguments has to be told which. */
      if (commands[i].summary != NULL && commands[i].min > 0)
        g_assert_nonnull (commands[i].arguments);
      for (guint j = 0; j < i; j++)
        g_assert_cmpstr (commands[i].name, !=, commands[j].name);
    }
}

static void
test_unknown (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (disp_commands_find ("drian", &error));
  g_assert_error (error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION);
  g_assert_nonnull (strstr (error->message, "\"drian\""));
  g_assert_nonnull (strstr (error->message, "there are: drain, "));
  /* What is for completions only is not listed. */
  g_assert_null (strstr (error->message, "names"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/client/commands/rows", test_rows);
  g_test_add_func ("/client/commands/unknown", test_unknown);
  return g_test_run ();
}
