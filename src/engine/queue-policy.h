/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * DispQueuePolicy:
 * @DISP_QUEUE_DEADLINE: that with the request that should be answered earliest: its arrival and the
 *   target of its model, or its deadline
 * @DISP_QUEUE_FIFO: that with the request that came earliest
 * @DISP_QUEUE_RANDOM: any, all equally likely
 * @DISP_QUEUE_ROUND_ROBIN: one after the other
 * @DISP_QUEUE_LONGEST: that in which most wait
 *
 * Which of several queues a free place goes to.  Within a queue it goes to who came first.
 */
typedef enum
{
  DISP_QUEUE_DEADLINE,
  DISP_QUEUE_FIFO,
  DISP_QUEUE_RANDOM,
  DISP_QUEUE_ROUND_ROBIN,
  DISP_QUEUE_LONGEST,
  DISP_N_QUEUE_POLICIES /*< skip >*/
} DispQueuePolicy;

const char *disp_queue_policy_to_string (DispQueuePolicy policy);
