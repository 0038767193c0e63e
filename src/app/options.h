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

typedef struct _DispOptions DispOptions;

DispOptions *disp_options_parse (int argc, char **argv, DispCommand *command, GError **error);
DispConfig *disp_options_load (const DispOptions *self, GError **error);
void disp_options_free (DispOptions *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispOptions, disp_options_free)
