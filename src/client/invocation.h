/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/daemon.h"
#include "client/table.h"
#include "wire/json-writer.h"

/**
 * DispInvocation:
 *
 * One call of dispatcherctl.
 */
typedef struct
{
  DispFlags flags;      /* (owned) */
  char **arguments;     /* (unowned) behind the command, ended by %NULL */
  guint n_arguments;    /* how many */
  DispDaemon *daemon;   /* (owned) (nullable) for a command that needs none */
  gboolean is_terminal; /* whether standard output is one */
  gboolean colours;     /* whether to write colours there */
} DispInvocation;

void disp_invocation_init (DispInvocation *self);
void disp_invocation_clear (DispInvocation *self);
void disp_invocation_print_table (const DispInvocation *self, const DispTable *table);
void disp_invocation_print_json (DispJsonWriter *writer);
void disp_invocation_print_fact (const DispInvocation *self, const char *name, DispStyle style,
                                 const char *text);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DispInvocation, disp_invocation_clear)
