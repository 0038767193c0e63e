/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/commands.h"

#include "client/suggestion.h"

#include <glib/gi18n.h>

/* More than anybody types. */
#define MANY 1024

static const DispCommandRow command_rows[] = {
  { "status", NULL, N_ ("how the daemon is"), NULL, 0, 0, FALSE, disp_command_status },
  { "models", NULL, N_ ("the models of the fleet"), NULL, 0, 0, FALSE, disp_command_models },
  { "containers", NULL, N_ ("the containers of the fleet, with their quotas and counters"), NULL, 0,
    0, FALSE, disp_command_containers },
  { "policy", N_ ("[NAME [KEY=VALUE…]]"),
    N_ ("show how containers are chosen, or have them chosen by the policy NAME"),
    N_ ("The options are those of the configuration file.  The policy \"probabilities\" takes for "
        "each model\nMODEL=CONTAINER=P;CONTAINER=P…, in quotes for the shell."),
    0, MANY, FALSE, disp_command_policy },
  { "explain", N_ ("MODEL"), N_ ("who would get the next request for a model, and why not others"),
    NULL, 1, 1, FALSE, disp_command_explain },
  { "drain", N_ ("CONTAINER…"), N_ ("give containers no more requests; those in flight end"), NULL,
    1, MANY, FALSE, disp_command_drain },
  { "resume", N_ ("CONTAINER…"), N_ ("give drained containers requests again"), NULL, 1, MANY,
    FALSE, disp_command_resume },
  { "quota", N_ ("CONTAINER N"), N_ ("set the share of a container; 0: do not use it"),
    N_ ("It stays until --reset, or until the source of the fleet itself says another than it "
        "did."),
    1, 2, FALSE, disp_command_quota },
  { "refresh", NULL, N_ ("have the fleet read again"), NULL, 0, 0, FALSE, disp_command_refresh },
  { "reload", NULL, N_ ("have the configuration and the fleet read again"), NULL, 0, 0, FALSE,
    disp_command_reload },
  { "reset", NULL, N_ ("forget all policies, drains and quotas that were set"), NULL, 0, 0, FALSE,
    disp_command_reset },
  { "records", NULL, N_ ("the last records of requests"), NULL, 0, 0, FALSE, disp_command_records },
  { "predict", N_ ("MODEL JSON|@FILE|-"), N_ ("ask for a prediction"),
    N_ ("JSON is an array, the instances, or an object, the whole body; @FILE has it in a file, - "
        "on\nstandard input."),
    2, 2, FALSE, disp_command_predict },
  { "watch", NULL, N_ ("a table of the containers that is kept up to date, until Ctrl-C"), NULL, 0,
    0, FALSE, disp_command_watch },
  /* For the completions of shells. */
  { "names", NULL, NULL, NULL, 1, 1, TRUE, disp_command_names },
};

/**
 * disp_commands_get:
 * @n_commands: (out): how many
 *
 * Returns: (transfer none) (array length=n_commands): all commands
 */
const DispCommandRow *
disp_commands_get (guint *n_commands)
{
  *n_commands = G_N_ELEMENTS (command_rows);
  return command_rows;
}

/**
 * disp_commands_find:
 * @name: what somebody wrote
 * @error: %G_OPTION_ERROR, listing the nearest
 *
 * Returns: (transfer none) (nullable): the command
 */
const DispCommandRow *
disp_commands_find (const char *name, GError **error)
{
  const char *names[G_N_ELEMENTS (command_rows) + 1] = { NULL };
  g_autofree char *nearest = NULL;
  guint n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (command_rows); i++)
    {
      if (g_str_equal (command_rows[i].name, name))
        return &command_rows[i];
      if (command_rows[i].summary != NULL)
        names[n++] = command_rows[i].name;
    }
  nearest = disp_suggest (name, names);
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION,
               _ ("there is no command \"%s\"; there are: %s"), name, nearest);
  return NULL;
}
