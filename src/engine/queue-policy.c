/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/queue-policy.h"

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
