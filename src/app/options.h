/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "app/config.h"

/**
 * DispCommand:
 * @DISP_COMMAND_RUN: serve
 * @DISP_COMMAND_CHECK: print the configuration in force and end
 * @DISP_COMMAND_VERSION: print the version and end
 *
 * What the command line asks for.
 */
typedef enum
{
  DISP_COMMAND_RUN,
  DISP_COMMAND_CHECK,
  DISP_COMMAND_VERSION,
} DispCommand;

gboolean disp_options_parse (int argc, char **argv, DispCommand *command, DispConfig **config,
                             GError **error);
