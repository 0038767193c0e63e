/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/waiting-queue.h"

/**
 * DispWaitingQueues:
 *
 * All queues of a waiting room, which guards them with its lock.
 */
typedef struct _DispWaitingQueues DispWaitingQueues;

DispWaitingQueues *disp_waiting_queues_new (GRand *random);
void disp_waiting_queues_free (DispWaitingQueues *self);

gboolean disp_waiting_queues_has_waiter (DispWaitingQueues *self, const DispRoute *route);
gboolean disp_waiting_queues_put (DispWaitingQueues *self, DispWaiter *waiter,
                                  const DispWaitTerms *terms, gint64 now, guint *retry_after);
void disp_waiting_queues_remove (DispWaitingQueues *self, DispWaiter *waiter);
DispWaiter *disp_waiting_queues_pop (DispWaitingQueues *self);
GPtrArray *disp_waiting_queues_take_stranded (DispWaitingQueues *self, const DispWaitTerms *terms,
                                              gint64 now);
DispWaiter *disp_waiting_queues_find_next (DispWaitingQueues *self, DispCapacity *capacity,
                                           const DispWaitTerms *terms, gint64 now, guint *index);
GPtrArray *disp_waiting_queues_list_free (DispWaitingQueues *self, const DispWaitTerms *terms,
                                          gint64 now);
void disp_waiting_queues_remove_placed (DispWaitingQueues *self, DispWaiter *waiter, gint64 now);
void disp_waiting_queues_read (DispWaitingQueues *self, const char *model, DispWaitCounts *counts);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispWaitingQueues, disp_waiting_queues_free)
