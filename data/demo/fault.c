/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "demo/fault.h"

static const char *const fault_names[] = {
  [DEMO_FAULT_NONE] = "none", [DEMO_FAULT_BUSY] = "busy",       [DEMO_FAULT_RESET] = "reset",
  [DEMO_FAULT_HALF] = "half", [DEMO_FAULT_LOADING] = "loading",
};

G_STATIC_ASSERT (G_N_ELEMENTS (fault_names) == DEMO_N_FAULTS);

/**
 * demo_fault_parse:
 * @name: the name of a fault
 * @fault: (out): which it is
 * @error: %G_OPTION_ERROR_BAD_VALUE if there is none of that name
 *
 * Returns: whether there is one
 */
gboolean
demo_fault_parse (const char *name, DemoFault *fault, GError **error)
{
  for (guint i = 0; i < DEMO_N_FAULTS; i++)
    if (g_str_equal (fault_names[i], name))
      {
        *fault = (DemoFault) i;
        return TRUE;
      }
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
               "--fault: expected none, busy, reset, half or loading, not \"%s\"", name);
  return FALSE;
}

/* As TensorFlow Serving is seen while it loads a model. */
static void
seem_loading (DemoAnswer *answer)
{
  g_string_replace (answer->body, "\"AVAILABLE\"", "\"LOADING\"", 1);
  if (answer->n_instances > 0)
    demo_answer_fail (answer, 404, "Servable not found for request");
}

/**
 * demo_fault_strike:
 * @self: a fault
 * @number: how many inferences it has struck before
 * @connection: where a request came, within its #DemoRequestFunc
 * @answer: what would be the answer to it; may become another one
 *
 * Misbehaves with a request.
 *
 * Returns: whether that is all; otherwise @answer is due, as it is now
 */
gboolean
demo_fault_strike (DemoFault self, guint64 number, DemoConnection *connection, DemoAnswer *answer)
{
  if (self == DEMO_FAULT_LOADING)
    seem_loading (answer);
  if (self == DEMO_FAULT_NONE || answer->n_instances == 0)
    return FALSE;
  switch (self)
    {
    case DEMO_FAULT_BUSY:
      demo_answer_fail (answer, 503, "The device is busy");
      return FALSE;
    case DEMO_FAULT_HALF:
      demo_connection_answer_half (connection, answer);
      return TRUE;
    default:
      break;
    }
  if (number % 2 == 0)
    {
      demo_connection_end_after_answer (connection);
      return FALSE;
    }
  demo_connection_reset (connection);
  return TRUE;
}
