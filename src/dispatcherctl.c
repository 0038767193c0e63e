/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "build-config.h"
#include "client/client.h"

#include <glib/gi18n.h>
#include <locale.h>

int
main (int argc, char **argv)
{
  /* Not LC_NUMERIC: numbers are written for machines. */
  setlocale (LC_CTYPE, "");
  setlocale (LC_MESSAGES, "");
  bindtextdomain (GETTEXT_PACKAGE, DISP_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  return disp_client_main (argc, argv);
}
