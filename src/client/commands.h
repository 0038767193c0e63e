/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/invocation.h"

/*
 * The commands.  Each gets an invocation whose command line is right as far as its row in
 * commands.c says, prints what it has to say on standard output, and returns whether all went well,
 * or an error that disp_exit_status() can judge.
 */

/**
 * DispCommandFunction:
 * @self: the invocation
 * @error: why it failed
 *
 * Returns: whether it was done
 */
typedef gboolean (*DispCommandFunction) (DispInvocation *self, GError **error);

/**
 * DispCommandRow:
 *
 * What is known of a command.
 */
typedef struct
{
  const char *name;
  const char *arguments;   /* (nullable) to be translated */
  const char *summary;     /* (nullable) to be translated; without one it is in no help */
  const char *description; /* (nullable) to be translated */
  guint min;               /* how many arguments it takes */
  guint max;
  gboolean alone; /* whether it does without a daemon */
  DispCommandFunction run;
} DispCommandRow;

const DispCommandRow *disp_commands_get (guint *n_commands);
const DispCommandRow *disp_commands_find (const char *name, GError **error);

/* command-status.c */
gboolean disp_command_status (DispInvocation *self, GError **error);
gboolean disp_command_refresh (DispInvocation *self, GError **error);
gboolean disp_command_reload (DispInvocation *self, GError **error);
gboolean disp_command_reset (DispInvocation *self, GError **error);

/* command-fleet.c */
gboolean disp_command_models (DispInvocation *self, GError **error);
gboolean disp_command_containers (DispInvocation *self, GError **error);
gboolean disp_command_names (DispInvocation *self, GError **error);

/* command-container.c */
gboolean disp_command_drain (DispInvocation *self, GError **error);
gboolean disp_command_resume (DispInvocation *self, GError **error);
gboolean disp_command_quota (DispInvocation *self, GError **error);

/* command-policy.c */
gboolean disp_command_policy (DispInvocation *self, GError **error);

/* command-explain.c */
gboolean disp_command_explain (DispInvocation *self, GError **error);

/* command-predict.c */
gboolean disp_command_predict (DispInvocation *self, GError **error);

/* command-records.c */
gboolean disp_command_records (DispInvocation *self, GError **error);

/* command-watch.c */
gboolean disp_command_watch (DispInvocation *self, GError **error);
