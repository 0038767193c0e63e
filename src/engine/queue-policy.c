/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/queue-policy.h"

#include "core/error.h"

static const char *const names[] = {
  [DISP_QUEUE_DEADLINE] = "deadline",     [DISP_QUEUE_FIFO] = "fifo",
  [DISP_QUEUE_RANDOM] = "random",         [DISP_QUEUE_ROUND_ROBIN] = "round-robin",
  [DISP_QUEUE_LONGEST] = "longest-queue",
};

G_STATIC_ASSERT (G_N_ELEMENTS (names) == DISP_N_QUEUE_POLICIES);

/**
 * disp_queue_policy_to_string:
 * @policy: a queue policy
 *
 * Returns: (transfer none): its name
 */
const char *
disp_queue_policy_to_string (DispQueuePolicy policy)
{
  g_return_val_if_fail (policy < DISP_N_QUEUE_POLICIES, NULL);
  return names[policy];
}

/**
 * disp_queue_policy_parse:
 * @text: a name
 * @policy: (out): the queue policy
 * @error: %DISP_ERROR_INVALID_VALUE, saying which names there are
 *
 * Returns: whether @text is the name of one
 */
gboolean
disp_queue_policy_parse (const char *text, DispQueuePolicy *policy, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_str_equal (text, names[i]))
      {
        *policy = i;
        return TRUE;
      }
  g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_VALUE,
               "\"%s\" is no queue policy; expected deadline, fifo, random, round-robin or "
               "longest-queue",
               text);
  return FALSE;
}
