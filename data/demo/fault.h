/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "demo/connection.h"

/**
 * DemoFault:
 * @DEMO_FAULT_NONE: none
 * @DEMO_FAULT_BUSY: answers inferences with 503, at once
 * @DEMO_FAULT_RESET: has one inference on each connection, and resets every second of them
 * @DEMO_FAULT_HALF: sends half of the answer to an inference, and then nothing more
 * @DEMO_FAULT_LOADING: says that it loads its models, and knows none until then
 *
 * How a model server misbehaves.
 */
typedef enum
{
  DEMO_FAULT_NONE,
  DEMO_FAULT_BUSY,
  DEMO_FAULT_RESET,
  DEMO_FAULT_HALF,
  DEMO_FAULT_LOADING,
  DEMO_N_FAULTS /*< skip >*/
} DemoFault;

gboolean demo_fault_parse (const char *name, DemoFault *fault, GError **error);
gboolean demo_fault_strike (DemoFault self, guint64 number, DemoConnection *connection,
                            DemoAnswer *answer);
