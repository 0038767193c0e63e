/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/application.h"
#include "app/logging.h"
#include "app/options.h"
#include "build-config.h"
#include "core/error.h"

#include <glib/gi18n.h>
#include <locale.h>
#include <malloc.h>
#include <sysexits.h>

/* Blocks from this size come from mmap and go back to the system when they are freed, in bytes. */
#define MMAP_THRESHOLD (256 * 1024)

static int
fail (DispSupervision *supervision, const GError *error)
{
  disp_supervision_fail (supervision, error);
  g_printerr ("dispatcherd: %s\n", error->message);
  if (error->domain == G_OPTION_ERROR)
    return EX_USAGE;
  return g_error_matches (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG) ? EX_CONFIG : EXIT_FAILURE;
}

static int
run (const DispOptions *options, DispConfig *config, DispSupervision *supervision)
{
  g_autoptr (DispApplication) application = NULL;
  g_autoptr (GError) error = NULL;

  disp_logging_start (config->verbose);
  application = disp_application_new (options, config, supervision);
  return disp_application_run (application, &error) ? EXIT_SUCCESS : fail (supervision, error);
}

int
main (int argc, char **argv)
{
  g_autoptr (DispSupervision) supervision = NULL;
  g_autoptr (DispOptions) options = NULL;
  g_autoptr (DispConfig) config = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  DispCommand command;

  /* Not LC_NUMERIC: numbers are written for machines. */
  setlocale (LC_CTYPE, "");
  setlocale (LC_MESSAGES, "");
  bindtextdomain (GETTEXT_PACKAGE, DISP_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  /* Before the first thread: without it libsoup opens the connections to one host one after
   * another. */
  g_setenv ("SOUP_FORCE_HTTP1", "1", TRUE);
  mallopt (M_MMAP_THRESHOLD, MMAP_THRESHOLD);
  mallopt (M_TRIM_THRESHOLD, MMAP_THRESHOLD);

  supervision = disp_supervision_new ();
  options = disp_options_parse (argc, argv, &command, &error);
  if (options == NULL)
    return fail (supervision, error);
  if (command == DISP_COMMAND_VERSION)
    {
      g_print ("dispatcherd %s\n", DISP_VERSION);
      return EXIT_SUCCESS;
    }
  config = disp_options_load (options, &error);
  if (config == NULL)
    return fail (supervision, error);
  if (command == DISP_COMMAND_CHECK)
    {
      text = disp_config_to_text (config);
      g_print ("%s", text);
      return EXIT_SUCCESS;
    }
  return run (options, g_steal_pointer (&config), supervision);
}
