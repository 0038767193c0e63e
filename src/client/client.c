/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/client.h"

#include "build-config.h"
#include "client/commands.h"

#include <gio/gio.h>
#include <glib/gi18n.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

/* What stands behind the options, in the help of all. */
static char *
describe_commands (void)
{
  GString *text = g_string_new (_ ("Commands:"));
  guint n_commands;
  const DispCommandRow *commands = disp_commands_get (&n_commands);

  for (guint i = 0; i < n_commands; i++)
    if (commands[i].summary != NULL)
      g_string_append_printf (text, "\n  %-12s %s", commands[i].name, _ (commands[i].summary));
  g_string_append_printf (
      text, "\n\n%s",
      _ ("\"dispatcherctl COMMAND --help\" says more about each.  Exit status: 0 it was done, 1 it "
         "failed,\n64 the command line is wrong, 69 the daemon is not reachable, 77 it is not "
         "allowed, 78 the\nconfiguration is wrong."));
  return g_string_free (text, FALSE);
}

static void
print_help (const DispCommandRow *command)
{
  g_autofree char *help = NULL;
  g_autofree char *description = NULL;

  if (command == NULL)
    {
      description = describe_commands ();
      help = disp_flags_get_help (NULL, _ ("COMMAND [ARGUMENT…] - control dispatcherd"),
                                  description);
    }
  else
    {
      const char *arguments = command->arguments != NULL ? _ (command->arguments) : "";
      g_autofree char *line = g_strdup_printf ("%s%s- %s", arguments, *arguments != '\0' ? " " : "",
                                               _ (command->summary));

      help = disp_flags_get_help (command->name, line,
                                  command->description != NULL ? _ (command->description) : NULL);
    }
  g_print ("%s", help);
}

/* Nothing else goes over the bus. */
static gboolean
are_utf8 (char **texts)
{
  for (; *texts != NULL; texts++)
    if (!g_utf8_validate (*texts, -1, NULL))
      return FALSE;
  return TRUE;
}

static gboolean
check_arguments (const DispInvocation *self, const DispCommandRow *command, GError **error)
{
  if (self->n_arguments < command->min)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _ ("%s needs more arguments: %s"),
                 command->name, command->arguments != NULL ? _ (command->arguments) : "");
  else if (self->n_arguments > command->max)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                 _ ("\"%s\" is not expected behind %s"), self->arguments[command->max],
                 command->name);
  else if (!are_utf8 (self->arguments))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                 _ ("the arguments of %s are not UTF-8"), command->name);
  else
    return TRUE;
  return FALSE;
}

static gboolean
run_command (DispInvocation *self, int argc, char **argv, GError **error)
{
  const DispCommandRow *command = disp_commands_find (argv[0], error);

  if (command == NULL
      || !disp_flags_parse_command (&self->flags, command->name, &argc, &argv, error))
    return FALSE;
  if (self->flags.help && command->summary != NULL)
    {
      print_help (command);
      return TRUE;
    }
  self->arguments = argv + 1;
  self->n_arguments = (guint) argc - 1;
  if (!check_arguments (self, command, error))
    return FALSE;
  if (!command->alone)
    {
      self->daemon = disp_daemon_find (&self->flags, TRUE, error);
      if (self->daemon == NULL)
        return FALSE;
    }
  return command->run (self, error);
}

static gboolean
run (DispInvocation *self, int argc, char **argv, GError **error)
{
  if (!disp_flags_parse (&self->flags, &argc, &argv, error))
    return FALSE;
  if (self->flags.version)
    {
      g_print ("dispatcherctl %s\n", DISP_VERSION);
      return TRUE;
    }
  if (argc > 1)
    return run_command (self, argc - 1, argv + 1, error);
  if (self->flags.help)
    {
      print_help (NULL);
      return TRUE;
    }
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                       _ ("a command is expected"));
  return FALSE;
}

static int
fail (const GError *error)
{
  int status = disp_exit_status (error);

  if (error->domain == G_OPTION_ERROR)
    g_printerr (_ ("dispatcherctl: %s; see --help\n"), error->message);
  else
    g_printerr ("dispatcherctl: %s\n", error->message);
  if (status == EX_NOPERM)
    g_printerr (_ ("dispatcherctl: root may do it, the user of the daemon, and whom polkit lets do "
                   "org.dispatcherd.manage\n"));
  return status;
}

/* GIO ignores SIGPIPE with its first socket.  It needs not, and a client whose output nobody reads
 * any more has to end, as others do. */
static void
keep_pipe_signal (void)
{
  struct sigaction before;

  sigaction (SIGPIPE, NULL, &before);
  g_type_class_ref (G_TYPE_SOCKET);
  sigaction (SIGPIPE, &before, NULL);
}

/**
 * disp_client_main:
 * @argc: how many words
 * @argv: the command line
 *
 * All of dispatcherctl, once the language is set up.
 *
 * Returns: the exit status
 */
int
disp_client_main (int argc, char **argv)
{
  g_auto (DispInvocation) self = { 0 };
  g_autoptr (GError) error = NULL;

  g_set_prgname ("dispatcherctl");
  keep_pipe_signal ();
  disp_invocation_init (&self);
  if (!run (&self, argc, argv, &error))
    return fail (error);
  if (fflush (stdout) != 0 || ferror (stdout))
    {
      g_printerr ("dispatcherctl: %s\n", _ ("standard output cannot be written"));
      return EXIT_FAILURE;
    }
  return EXIT_SUCCESS;
}
