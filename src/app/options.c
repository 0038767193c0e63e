/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/options.h"

#include "build-config.h"
#include "core/policy-registry.h"

#include <glib/gi18n.h>

/* The flags that are settings, all taken as text, so that one parser judges flags and files alike.
 */
typedef struct
{
  char **listen;            /* (owned) (nullable) */
  char *workers;            /* (owned) (nullable) */
  char *containers_manager; /* (owned) (nullable) */
  char *fleet;              /* (owned) (nullable) */
  char *requests_store;     /* (owned) (nullable) */
  char *policy;             /* (owned) (nullable) */
  char *state_dir;          /* (owned) (nullable) */
  char *bus;                /* (owned) (nullable) */
  char *config;             /* (owned) (nullable) */
  gboolean check_config;
  gboolean verbose;
  gboolean version;
} Flags;

static void
flags_clear (Flags *flags)
{
  g_strfreev (flags->listen);
  g_free (flags->workers);
  g_free (flags->containers_manager);
  g_free (flags->fleet);
  g_free (flags->requests_store);
  g_free (flags->policy);
  g_free (flags->state_dir);
  g_free (flags->bus);
  g_free (flags->config);
}

struct _DispOptions
{
  Flags flags;
  GStrv environment; /* (owned) */
};

static char *
describe_policies (void)
{
  const char *const *names = disp_policy_get_names ();
  GString *text = g_string_new (_ ("Policies:"));

  for (; *names != NULL; names++)
    g_string_append_printf (text, "\n  %-15s %s", *names, _ (disp_policy_get_summary (*names)));
  g_string_append_printf (
      text, "\n\n%s",
      _ ("Every setting can stand in a configuration file too; --check-config shows them "
         "all, with where each comes from."));
  return g_string_free (text, FALSE);
}

/* GLib takes "--verbose=no" for "--verbose". */
static gboolean
check_flags (char *const *argv, const GOptionEntry *entries, GError **error)
{
  for (; *argv != NULL; argv++)
    for (const GOptionEntry *entry = entries; entry->long_name != NULL; entry++)
      {
        g_autofree char *start = g_strdup_printf ("--%s=", entry->long_name);

        if (entry->arg == G_OPTION_ARG_NONE && g_str_has_prefix (*argv, start))
          {
            g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                         _ ("--%s takes no value, found \"%s\""), entry->long_name, *argv);
            return FALSE;
          }
      }
  return TRUE;
}

static gboolean
parse_flags (int argc, char **argv, Flags *flags, GError **error)
{
  const GOptionEntry entries[] = {
    { "config", 'c', 0, G_OPTION_ARG_FILENAME, &flags->config,
      N_ ("Read FILE instead of the default configuration files"), N_ ("FILE") },
    { "listen", 'l', 0, G_OPTION_ARG_STRING_ARRAY, &flags->listen,
      N_ ("Listen there; may be given more than once"), N_ ("ADDRESS:PORT|unix:PATH") },
    { "workers", 'w', 0, G_OPTION_ARG_STRING, &flags->workers,
      N_ ("How many threads serve; default: one for each core"), N_ ("N") },
    { "containers-manager", 0, 0, G_OPTION_ARG_STRING, &flags->containers_manager,
      N_ ("Take the fleet from a Containers Manager"), N_ ("URL") },
    { "fleet", 'f', 0, G_OPTION_ARG_FILENAME, &flags->fleet,
      N_ ("Take the fleet from a YAML or JSON file"), N_ ("FILE") },
    { "requests-store", 's', 0, G_OPTION_ARG_STRING, &flags->requests_store,
      N_ ("Where records go; default: an SQLite file in the state directory"),
      N_ ("URL|sqlite:PATH|none") },
    { "policy", 'p', 0, G_OPTION_ARG_STRING, &flags->policy,
      N_ ("Choose containers by this policy"), N_ ("NAME") },
    { "state-dir", 0, 0, G_OPTION_ARG_FILENAME, &flags->state_dir, N_ ("Keep state there"),
      N_ ("DIR") },
    { "bus", 0, 0, G_OPTION_ARG_STRING, &flags->bus,
      N_ ("Be on that D-Bus; default: the one of who runs it"), N_ ("auto|session|system|none") },
    { "check-config", 0, 0, G_OPTION_ARG_NONE, &flags->check_config,
      N_ ("Print the configuration in force and end"), NULL },
    { "verbose", 'v', 0, G_OPTION_ARG_NONE, &flags->verbose, N_ ("Log each request"), NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &flags->version, N_ ("Print the version and end"), NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new (
      _ ("- dispatch predictions to model servers"));
  g_autofree char *description = describe_policies ();

  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  g_option_context_set_translation_domain (context, GETTEXT_PACKAGE);
  g_option_context_set_description (context, description);
  if (!check_flags (argv, entries, error) || !g_option_context_parse (context, &argc, &argv, error))
    return FALSE;
  if (argc > 1)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION,
                   _ ("\"%s\" is not expected; see --help"), argv[1]);
      return FALSE;
    }
  return TRUE;
}

static gboolean
apply_flags (DispConfig *config, const Flags *flags, GError **error)
{
  g_autofree char *listen = flags->listen != NULL ? g_strjoinv (";", flags->listen) : NULL;
  const struct
  {
    const char *name;
    const char *text;
  } given[] = {
    { "listen", listen },
    { "workers", flags->workers },
    { "containers-manager", flags->containers_manager },
    { "fleet", flags->fleet },
    { "requests-store", flags->requests_store },
    { "policy", flags->policy },
    { "state-dir", flags->state_dir },
    { "bus", flags->bus },
    { "verbose", flags->verbose ? "yes" : NULL },
  };

  if (flags->fleet != NULL && flags->containers_manager != NULL)
    {
      g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                           _ ("--fleet and --containers-manager exclude each other"));
      return FALSE;
    }
  for (guint i = 0; i < G_N_ELEMENTS (given); i++)
    {
      g_autofree char *origin = g_strconcat ("--", given[i].name, NULL);

      if (given[i].text != NULL
          && !disp_config_set (config, given[i].name, given[i].text, origin, error))
        return FALSE;
    }
  return TRUE;
}

/**
 * disp_options_parse:
 * @argc: how many
 * @argv: the command line
 * @command: (out): what to do
 * @error: %G_OPTION_ERROR for a wrong command line
 *
 * With --help it prints that and ends the process.
 *
 * Returns: (transfer full) (nullable): what the configuration is loaded from, as often as wanted:
 *   the flags, the environment of now, and which files
 */
DispOptions *
disp_options_parse (int argc, char **argv, DispCommand *command, GError **error)
{
  g_autoptr (DispOptions) self = g_new0 (DispOptions, 1);

  self->environment = g_get_environ ();
  if (!parse_flags (argc, argv, &self->flags, error))
    return NULL;
  *command = self->flags.version        ? DISP_COMMAND_VERSION
             : self->flags.check_config ? DISP_COMMAND_CHECK
                                        : DISP_COMMAND_RUN;
  return g_steal_pointer (&self);
}

/**
 * disp_options_load:
 * @self: the options
 * @error: %G_OPTION_ERROR for flags that exclude each other, %DISP_ERROR_INVALID_CONFIG for a wrong
 *   configuration
 *
 * Reads the files as they are now.
 *
 * Returns: (transfer full) (nullable): the configuration: flags over environment over files over
 *   defaults
 */
DispConfig *
disp_options_load (const DispOptions *self, GError **error)
{
  g_autoptr (DispConfig) config = disp_config_new ();
  const char *file = self->flags.config;

  if (!(file != NULL ? disp_config_load_file (config, file, error)
                     : disp_config_load_default_files (config, error))
      || !disp_config_load_environment (config, (const char *const *) self->environment, error)
      || !apply_flags (config, &self->flags, error) || !disp_config_check (config, error))
    return NULL;
  return g_steal_pointer (&config);
}

/**
 * disp_options_free:
 * @self: (transfer full): the options
 */
void
disp_options_free (DispOptions *self)
{
  flags_clear (&self->flags);
  g_strfreev (self->environment);
  g_free (self);
}
