/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/flags.h"

#include "build-config.h"

#include <glib/gi18n.h>

/* The shortest time between two looks, in seconds: the daemon tells no faster. */
#define MIN_INTERVAL 0.1
#define MAX_INTERVAL 86400

/* An option: of the command with that name, or of all when there is none. */
typedef struct
{
  const char *command; /* (nullable) */
  const char *name;
  char letter;
  GOptionArg type;
  gsize offset; /* of its field in DispFlags */
  const char *summary;
  const char *argument; /* (nullable) */
} FlagRow;

#define FIELD(name) G_STRUCT_OFFSET (DispFlags, name)

static const FlagRow flag_rows[] = {
  { "policy", "model", 'm', G_OPTION_ARG_STRING, FIELD (model),
    N_ ("For this model alone, not for all without a policy of their own"), N_ ("MODEL") },
  { "policy", "reset", 0, G_OPTION_ARG_NONE, FIELD (reset),
    N_ ("Let the model have the policy of the daemon again"), NULL },
  { "policy", "shadow", 0, G_OPTION_ARG_NONE, FIELD (shadow),
    N_ ("Show or set the policy that decides beside the others, without effect"), NULL },
  { "quota", "reset", 0, G_OPTION_ARG_NONE, FIELD (reset),
    N_ ("Give it the quota again that the source of the fleet says"), NULL },
  { "predict", "model-version", 0, G_OPTION_ARG_INT64, FIELD (model_version),
    N_ ("Ask for this version of the model; default: the highest"), N_ ("N") },
  { "predict", "token-file", 0, G_OPTION_ARG_FILENAME, FIELD (token_file),
    N_ ("Show the bearer token that is in FILE"), N_ ("FILE") },
  { "records", "follow", 'f', G_OPTION_ARG_NONE, FIELD (follow),
    N_ ("Go on with those that end from now on, until Ctrl-C"), NULL },
  { "records", "limit", 'n', G_OPTION_ARG_INT64, FIELD (limit), N_ ("Show the last N; default: 20"),
    N_ ("N") },
  { "records", "model", 'm', G_OPTION_ARG_STRING, FIELD (model), N_ ("Only those of this model"),
    N_ ("MODEL") },
  { "records", "container", 0, G_OPTION_ARG_STRING, FIELD (container),
    N_ ("Only those of this container"), N_ ("CONTAINER") },
  { "records", "node", 0, G_OPTION_ARG_STRING, FIELD (node), N_ ("Only those of this node"),
    N_ ("NODE") },
  { "records", "state", 0, G_OPTION_ARG_STRING, FIELD (state),
    N_ ("Only those in this state: created, waiting, completed or error"), N_ ("STATE") },
  { "records", "interval", 'i', G_OPTION_ARG_DOUBLE, FIELD (interval),
    N_ ("With --follow, look so often, in seconds; default: 1"), N_ ("SECONDS") },
  { "watch", "interval", 'i', G_OPTION_ARG_DOUBLE, FIELD (interval),
    N_ ("The time between two tables, in seconds; default: 1"), N_ ("SECONDS") },
  { "watch", "count", 'n', G_OPTION_ARG_INT64, FIELD (count), N_ ("End after N tables"), N_ ("N") },
  { NULL, "user", 0, G_OPTION_ARG_NONE, FIELD (user), N_ ("Speak to the daemon of the session bus"),
    NULL },
  { NULL, "system", 0, G_OPTION_ARG_NONE, FIELD (system),
    N_ ("Speak to the daemon of the system bus"), NULL },
  { NULL, "address", 0, G_OPTION_ARG_STRING, FIELD (address),
    N_ ("Speak to the daemon of the bus at ADDRESS"), N_ ("ADDRESS") },
  { NULL, "json", 'j', G_OPTION_ARG_NONE, FIELD (json), N_ ("Print JSON"), NULL },
  { NULL, "version", 0, G_OPTION_ARG_NONE, FIELD (version), N_ ("Print the version and end"),
    NULL },
  { NULL, "help", 'h', G_OPTION_ARG_NONE, FIELD (help), N_ ("Print this and end"), NULL },
};

void
disp_flags_init (DispFlags *self)
{
  *self = (DispFlags){
    .limit = DISP_NOT_GIVEN, .model_version = DISP_NOT_GIVEN, .interval = 1, .count = DISP_NOT_GIVEN
  };
}

void
disp_flags_clear (DispFlags *self)
{
  g_clear_pointer (&self->address, g_free);
  g_clear_pointer (&self->model, g_free);
  g_clear_pointer (&self->container, g_free);
  g_clear_pointer (&self->node, g_free);
  g_clear_pointer (&self->state, g_free);
  g_clear_pointer (&self->token_file, g_free);
}

/* The options of a command, then those of all; @self may be NULL if they are only shown. */
static GOptionContext *
make_parser (DispFlags *self, const char *command, const char *arguments)
{
  GOptionContext *parser = g_option_context_new (arguments);
  GOptionEntry entries[G_N_ELEMENTS (flag_rows) + 1] = { 0 };
  static DispFlags unused;
  guint n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (flag_rows); i++)
    {
      const FlagRow *row = &flag_rows[i];

      if (row->command == NULL || g_strcmp0 (row->command, command) == 0)
        entries[n++] = (GOptionEntry){
          row->name,
          row->letter,
          G_OPTION_FLAG_NONE,
          row->type,
          G_STRUCT_MEMBER_P (self != NULL ? self : &unused, row->offset),
          row->summary,
          row->argument,
        };
    }
  g_option_context_set_help_enabled (parser, FALSE);
  g_option_context_add_main_entries (parser, entries, GETTEXT_PACKAGE);
  g_option_context_set_translation_domain (parser, GETTEXT_PACKAGE);
  return parser;
}

static gboolean
fail (const char *message, GError **error)
{
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, message);
  return FALSE;
}

static gboolean
check (const DispFlags *self, GError **error)
{
  if (self->user + self->system + (self->address != NULL) > 1)
    return fail (_ ("of --user, --system and --address only one can be given"), error);
  if (!(self->interval >= MIN_INTERVAL && self->interval <= MAX_INTERVAL))
    return fail (_ ("--interval takes seconds from 0.1 to 86400"), error);
  if (self->limit != DISP_NOT_GIVEN && self->limit < 1)
    return fail (_ ("--limit takes a number from 1"), error);
  if (self->count != DISP_NOT_GIVEN && self->count < 1)
    return fail (_ ("--count takes a number from 1"), error);
  if (self->model_version != DISP_NOT_GIVEN && self->model_version < 1)
    return fail (_ ("--model-version takes a number from 1"), error);
  return TRUE;
}

/* GLib takes "--json=no" for "--json". */
static gboolean
check_values (const char *command, int argc, char **argv, GError **error)
{
  for (int i = 1; i < argc && !g_str_equal (argv[i], "--"); i++)
    for (guint row = 0; row < G_N_ELEMENTS (flag_rows); row++)
      {
        g_autofree char *start = g_strdup_printf ("--%s=", flag_rows[row].name);

        if (flag_rows[row].type != G_OPTION_ARG_NONE || !g_str_has_prefix (argv[i], start)
            || (flag_rows[row].command != NULL && g_strcmp0 (flag_rows[row].command, command) != 0))
          continue;
        g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                     _ ("--%s takes no value, found \"%s\""), flag_rows[row].name, argv[i]);
        return FALSE;
      }
  return TRUE;
}

static gboolean
parse (DispFlags *self, const char *command, int *argc, char ***argv, GError **error)
{
  g_autoptr (GOptionContext) parser = make_parser (self, command, NULL);

  /* What stands behind the command is of that, and not looked at before. */
  g_option_context_set_strict_posix (parser, command == NULL);
  return check_values (command, *argc, *argv, error)
         && g_option_context_parse (parser, argc, argv, error) && check (self, error);
}

/**
 * disp_flags_parse:
 * @self: flags, which disp_flags_init() made
 * @argc: (inout): how many words
 * @argv: (inout): the words, of which the options before the command are taken out
 * @error: %G_OPTION_ERROR
 *
 * Returns: whether the options before the command are right
 */
gboolean
disp_flags_parse (DispFlags *self, int *argc, char ***argv, GError **error)
{
  return parse (self, NULL, argc, argv, error);
}

/**
 * disp_flags_parse_command:
 * @self: flags, some of which may be known already
 * @command: the name of a command
 * @argc: (inout): how many words
 * @argv: (inout): the words, of which the first is not looked at, and options are taken out
 * @error: %G_OPTION_ERROR
 *
 * Returns: whether the options of @command, and those of all commands, are right
 */
gboolean
disp_flags_parse_command (DispFlags *self, const char *command, int *argc, char ***argv,
                          GError **error)
{
  return parse (self, command, argc, argv, error);
}

/**
 * disp_flags_get_help:
 * @command: (nullable): the name of a command
 * @arguments: (nullable): what stands behind the options on its line, translated
 * @description: (nullable): what follows the options, translated
 *
 * Returns: (transfer full): the help
 */
char *
disp_flags_get_help (const char *command, const char *arguments, const char *description)
{
  g_autofree char *line = command == NULL ? g_strdup (arguments)
                                          : g_strjoin (" ", command, arguments, NULL);
  g_autoptr (GOptionContext) parser = make_parser (NULL, command, line);

  g_option_context_set_description (parser, description);
  return g_option_context_get_help (parser, TRUE, NULL);
}
