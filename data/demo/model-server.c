/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A small stand-in for a TensorFlow Serving container, for the demo and for tests. */
#include "demo/catalogue.h"
#include "demo/server.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sysexits.h>

static gboolean
check_options (const DemoServerOptions *options, int n_left, GError **error)
{
  if (n_left > 0)
    {
      g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                           "only options are expected, no arguments");
      return FALSE;
    }
  if (options->port < 0 || options->port > 65535)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   "--port: expected 0 to 65535, not %d", options->port);
      return FALSE;
    }
  /* Written so that NaN is refused; an hour is longer than any deadline. */
  if (!(options->service_time >= 0 && options->service_time <= 3600e3)
      || !(options->per_instance >= 0 && options->per_instance <= 3600e3))
    {
      g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                           "--service-time and --per-instance: expected 0 to 3600000 milliseconds");
      return FALSE;
    }
  return TRUE;
}

/* Fills @options; the strings of it are owned by @name. */
static gboolean
parse_options (int *argc, char ***argv, DemoServerOptions *options, char **name, GError **error)
{
  g_autofree char *models = NULL;
  g_autofree char *fault = NULL;
  const GOptionEntry entries[] = {
    { "port", 0, 0, G_OPTION_ARG_INT, &options->port,
      "Listen on 127.0.0.1:PORT; 0, the default, is any free port", "PORT" },
    { "models", 0, 0, G_OPTION_ARG_STRING, &models,
      "Models to serve (default: half_plus_two,half_plus_three)", "NAME,..." },
    { "service-time", 0, 0, G_OPTION_ARG_DOUBLE, &options->service_time,
      "How long an inference takes", "MILLISECONDS" },
    { "per-instance", 0, 0, G_OPTION_ARG_DOUBLE, &options->per_instance,
      "How much longer for each instance", "MILLISECONDS" },
    { "serial", 0, 0, G_OPTION_ARG_NONE, &options->serial,
      "One inference at a time, like one device", NULL },
    { "fault", 0, 0, G_OPTION_ARG_STRING, &fault,
      "How to misbehave, until SIGUSR2 and again from SIGUSR1 on: busy, reset, half or loading",
      "FAULT" },
    { "name", 0, 0, G_OPTION_ARG_STRING, name, "What the Server field of answers says", "NAME" },
    G_OPTION_ENTRY_NULL
  };
  g_autoptr (GOptionContext) parser = g_option_context_new (NULL);

  g_option_context_set_summary (parser, "Serves demo models in TensorFlow Serving's REST form.");
  g_option_context_add_main_entries (parser, entries, NULL);
  if (!g_option_context_parse (parser, argc, argv, error)
      || !check_options (options, *argc - 1, error)
      || (fault != NULL && !demo_fault_parse (fault, &options->fault, error)))
    return FALSE;
  options->models = demo_catalogue_new (models != NULL ? models : "half_plus_two,half_plus_three",
                                        error);
  return options->models != NULL;
}

static void
allow_many_connections (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0)
    return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit (RLIMIT_NOFILE, &limit);
}

int
main (int argc, char **argv)
{
  DemoServerOptions options = { 0 };
  g_autofree char *name = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) models = NULL;
  g_autoptr (DemoServer) server = NULL;

  if (!parse_options (&argc, &argv, &options, &name, &error))
    {
      g_printerr ("dispatcherd-demo-model-server: %s\n", error->message);
      return EX_USAGE;
    }
  models = options.models;
  options.name = name != NULL ? name : "dispatcherd-demo-model-server";
  allow_many_connections ();
  server = demo_server_new (&options, &error);
  if (server != NULL)
    {
      printf ("listening on 127.0.0.1:%d\n", demo_server_get_port (server));
      fflush (stdout);
    }
  if (server == NULL || !demo_server_run (server, &error))
    {
      g_printerr ("dispatcherd-demo-model-server: %s\n", error->message);
      return EX_OSERR;
    }
  return 0;
}
