/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/options.h"

#include "app/private-home.h"
#include "build-config.h"
#include "core/error.h"

#include <string.h>

/* Parses the words of a command line, separated by blanks, behind one that names a file with
 * nothing in it, so that none of the machine is read; and loads what is to be loaded. */
static gboolean
parse (const char *line, DispCommand *command, DispConfig **config, GError **error)
{
  g_autofree char *file = private_home_write ("empty.conf", "");
  g_autofree char *whole = g_strdup_printf ("dispatcherd --config %s%s%s", file,
                                            *line != '\0' ? " " : "", line);
  g_auto (GStrv) words = g_strsplit (whole, " ", -1);
  guint n = g_strv_length (words);
  g_autofree char **argv = g_memdup2 (words, (n + 1) * sizeof *words);
  g_autoptr (DispOptions) options = disp_options_parse ((int) n, argv, command, error);

  *config = options == NULL                    ? NULL
            : *command == DISP_COMMAND_VERSION ? disp_config_new ()
                                               : disp_options_load (options, error);
  return *config != NULL;
}

static DispConfig *
parse_well (const char *line, DispCommand expected)
{
  DispCommand command = DISP_COMMAND_RUN;
  DispConfig *config = NULL;
  g_autoptr (GError) error = NULL;

  parse (line, &command, &config, &error);
  g_assert_no_error (error);
  g_assert_nonnull (config);
  g_assert_cmpint (command, ==, expected);
  return config;
}

static void
parse_badly (const char *line, GQuark domain, const char *message)
{
  DispCommand command = DISP_COMMAND_CHECK;
  DispConfig *config = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (parse (line, &command, &config, &error));
  g_assert_null (config);
  g_assert_cmpstr (g_quark_to_string (error->domain), ==, g_quark_to_string (domain));
  if (strstr (error->message, message) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, message);
}

static void
test_none (void)
{
  g_autoptr (DispConfig) config = parse_well ("", DISP_COMMAND_RUN);

  for (guint i = 0; i < DISP_N_SETTINGS; i++)
    g_assert_cmpstr (config->origins[i], ==, "default");
}

static void
test_all (void)
{
  g_autoptr (DispConfig) config = parse_well (
      "--listen 127.0.0.1:0 --listen unix:/s --workers 3 --containers-manager http://m "
      "--requests-store none --policy random --state-dir /d --bus none --verbose",
      DISP_COMMAND_RUN);

  g_assert_cmpuint (g_strv_length (config->listen), ==, 2);
  g_assert_cmpstr (config->listen[0], ==, "127.0.0.1:0");
  g_assert_cmpstr (config->listen[1], ==, "unix:/s");
  g_assert_cmpuint (config->workers, ==, 3);
  g_assert_cmpint (config->source, ==, DISP_SOURCE_CONTAINERS_MANAGER);
  g_assert_cmpstr (config->containers_manager, ==, "http://m");
  g_assert_cmpstr (config->requests_store, ==, "none");
  g_assert_cmpstr (config->policy, ==, "random");
  g_assert_cmpstr (config->state_dir, ==, "/d");
  g_assert_cmpint (config->bus, ==, DISP_BUS_NONE);
  g_assert_true (config->verbose);
  g_assert_cmpstr (config->origins[DISP_SETTING_LISTEN], ==, "--listen");
  g_assert_cmpstr (config->origins[DISP_SETTING_VERBOSE], ==, "--verbose");
}

static void
test_short (void)
{
  g_autoptr (DispConfig) config = parse_well (
      "-l 127.0.0.1:0 -w 3 -f /f.yaml -s none -p random -v --check-config", DISP_COMMAND_CHECK);

  g_assert_cmpstr (config->listen[0], ==, "127.0.0.1:0");
  g_assert_cmpuint (config->workers, ==, 3);
  g_assert_cmpint (config->source, ==, DISP_SOURCE_FILE);
  g_assert_cmpstr (config->fleet, ==, "/f.yaml");
  g_assert_cmpstr (config->requests_store, ==, "none");
  g_assert_cmpstr (config->policy, ==, "random");
  g_assert_true (config->verbose);
}

/* The version is told whatever the configuration is. */
static void
test_version (void)
{
  g_autoptr (DispConfig) config = parse_well ("--version --config /nowhere --workers x",
                                              DISP_COMMAND_VERSION);

  g_assert_nonnull (config);
}

static void
test_wrong_lines (void)
{
  parse_badly ("--frobnicate", G_OPTION_ERROR, "Unknown option --frobnicate");
  parse_badly ("-x", G_OPTION_ERROR, "Unknown option -x");
  parse_badly ("--workers", G_OPTION_ERROR, "Missing argument for --workers");
  parse_badly ("--listen", G_OPTION_ERROR, "Missing argument for --listen");
  parse_badly ("--verbose=no", G_OPTION_ERROR, "--verbose takes no value, found \"--verbose=no\"");
  parse_badly ("--workers 2 --verbose=", G_OPTION_ERROR, "--verbose takes no value");
  parse_badly ("--check-config=yes", G_OPTION_ERROR, "--check-config takes no value");
  parse_badly ("--version=1", G_OPTION_ERROR, "--version takes no value");
  parse_badly ("more", G_OPTION_ERROR, "\"more\" is not expected; see --help");
  parse_badly ("--verbose more even", G_OPTION_ERROR, "\"more\" is not expected");
  parse_badly ("--fleet /f --containers-manager http://m", G_OPTION_ERROR,
               "--fleet and --containers-manager exclude each other");
}

static void
test_wrong_values (void)
{
  parse_badly ("--workers many", DISP_ERROR,
               "--workers: expected auto or a number from 1 to 256, found \"many\"");
  parse_badly ("--workers=", DISP_ERROR, "--workers: expected auto or a number");
  parse_badly ("--listen here", DISP_ERROR,
               "--listen: expected ADDRESS:PORT with a numeric address");
  parse_badly ("--listen=", DISP_ERROR, "--listen: expected one or more values");
  parse_badly ("--policy slowest", DISP_ERROR,
               "--policy: expected one of: round-robin, random, probabilities, least-loaded, "
               "fastest, sla, sticky, found \"slowest\"");
  parse_badly ("--containers-manager m:1", DISP_ERROR,
               "--containers-manager: expected http://HOST");
  parse_badly ("--containers-manager=", DISP_ERROR, "expected [fleet] url as well");
  parse_badly ("--fleet=", DISP_ERROR,
               "--fleet: [fleet] source: it is \"file\", expected [fleet] file");
  parse_badly ("--requests-store mysql", DISP_ERROR, "--requests-store: expected sqlite, ");
  parse_badly ("--state-dir=", DISP_ERROR, "--state-dir: expected a directory");
  parse_badly ("--config /nowhere", DISP_ERROR, "/nowhere: cannot be read: ");
}

/* A flag over the environment over the file that --config names. */
static void
test_layers (void)
{
  g_autofree char *path = private_home_write (
      "a.conf", "[server]\nworkers=2\nbody-limit=2\n[records]\nstore=none\n[fleet]\nfile=/f\n");
  g_autofree char *line = g_strconcat ("--workers 4 --config ", path, NULL);
  g_autoptr (DispConfig) config = NULL;

  g_setenv ("DISPATCHERD_WORKERS", "3", TRUE);
  g_setenv ("DISPATCHERD_BODY_LIMIT", "3", TRUE);
  config = parse_well (line, DISP_COMMAND_RUN);
  g_unsetenv ("DISPATCHERD_WORKERS");
  g_unsetenv ("DISPATCHERD_BODY_LIMIT");
  g_assert_cmpuint (config->workers, ==, 4);
  g_assert_cmpint (config->body_limit, ==, 3);
  g_assert_cmpstr (config->requests_store, ==, "none");
  g_assert_cmpint (config->source, ==, DISP_SOURCE_FILE);
}

/* A flag replaces a source that a file or the environment names. */
static void
test_flag_replaces_source (void)
{
  g_autoptr (DispConfig) config = NULL;

  g_setenv ("DISPATCHERD_CONTAINERS_MANAGER", "http://m", TRUE);
  config = parse_well ("--fleet /f", DISP_COMMAND_RUN);
  g_unsetenv ("DISPATCHERD_CONTAINERS_MANAGER");
  g_assert_cmpint (config->source, ==, DISP_SOURCE_FILE);
  g_assert_cmpstr (config->fleet, ==, "/f");
}

static void
test_wrong_environment (void)
{
  g_setenv ("DISPATCHERD_TIMEOUT", "soon", TRUE);
  parse_badly ("", DISP_ERROR, "DISPATCHERD_TIMEOUT: expected a time above 0");
  g_unsetenv ("DISPATCHERD_TIMEOUT");
}

/* Without --config the default files are read; here the user's. */
static void
test_default_files (void)
{
  g_autofree char *path = private_home_write (".config/dispatcherd/dispatcherd.conf",
                                              "[server]\nworkers=5\n");
  char *argv[] = { (char *) "dispatcherd", NULL };
  DispCommand command = DISP_COMMAND_CHECK;
  g_autoptr (DispOptions) options = NULL;
  g_autoptr (DispConfig) config = NULL;
  g_autoptr (GError) error = NULL;

  if (g_file_test (DISP_SYSCONFDIR, G_FILE_TEST_EXISTS))
    {
      g_test_skip ("dispatcherd is configured on this machine");
      return;
    }
  options = disp_options_parse (1, argv, &command, &error);
  g_assert_no_error (error);
  config = disp_options_load (options, &error);
  g_assert_no_error (error);
  g_assert_cmpint (command, ==, DISP_COMMAND_RUN);
  g_assert_cmpuint (config->workers, ==, 5);
  g_assert_cmpstr (config->origins[DISP_SETTING_WORKERS], ==, path);
}

/* All layers are there again when it is loaded again, and the file is as it is then. */
static void
test_again (void)
{
  g_autofree char *path = private_home_write ("again.conf", "[dispatch]\ntimeout=1s\n");
  char *argv[] = { (char *) "dispatcherd", (char *) "--config", path,
                   (char *) "--policy",    (char *) "random",   NULL };
  DispCommand command = DISP_COMMAND_CHECK;
  g_autoptr (GError) error = NULL;
  g_autoptr (DispOptions) options = NULL;
  g_autoptr (DispConfig) first = NULL;
  g_autoptr (DispConfig) second = NULL;
  g_autofree char *written = NULL;
  g_autofree char *wrong = NULL;

  g_setenv ("DISPATCHERD_WORKERS", "3", TRUE);
  options = disp_options_parse (G_N_ELEMENTS (argv) - 1, argv, &command, &error);
  g_unsetenv ("DISPATCHERD_WORKERS");
  g_assert_no_error (error);
  first = disp_options_load (options, &error);
  g_assert_no_error (error);
  g_assert_cmpint (first->timeout, ==, G_USEC_PER_SEC);
  written = private_home_write ("again.conf", "[dispatch]\ntimeout=2s\npolicy=round-robin\n");
  second = disp_options_load (options, &error);
  g_assert_no_error (error);
  g_assert_cmpint (second->timeout, ==, 2 * G_USEC_PER_SEC);
  g_assert_cmpstr (second->policy, ==, "random");
  g_assert_cmpuint (second->workers, ==, 3);
  wrong = private_home_write ("again.conf", "[dispatch]\ntimeout=soon\n");
  g_assert_null (disp_options_load (options, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  private_home_enter ();
  g_test_add_func ("/app/options/none", test_none);
  g_test_add_func ("/app/options/all", test_all);
  g_test_add_func ("/app/options/short", test_short);
  g_test_add_func ("/app/options/version", test_version);
  g_test_add_func ("/app/options/wrong-lines", test_wrong_lines);
  g_test_add_func ("/app/options/wrong-values", test_wrong_values);
  g_test_add_func ("/app/options/layers", test_layers);
  g_test_add_func ("/app/options/flag-replaces-source", test_flag_replaces_source);
  g_test_add_func ("/app/options/wrong-environment", test_wrong_environment);
  g_test_add_func ("/app/options/default-files", test_default_files);
  g_test_add_func ("/app/options/again", test_again);
  status = g_test_run ();
  private_home_leave ();
  return status;
}
