/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/waiting-room.h"

/**
 * DispWaitingQueue:
 * @version: the version, 0 with @any_version
 * @any_version: whether it is for whichever version
 * @counts: (unowned): those of its model
 * @link: its place among the queues in which somebody waits
 * @waiters: (element-type DispWaiter): who waits, by arrival; their links are in the waiters
 * @last_put: (nullable): the link of who was put in last, if that one still waits
 * @n_placed: how many got a place lately; see disp_waiting_queue_get_retry_after()
 * @seconds: for how long somebody waited lately
 * @seen: when these two were true, in microseconds
 *
 * Who waits for one model and version.  It belongs to a waiting room and is guarded by its lock.
 */
typedef struct
{
  gint64 version;
  gboolean any_version;
  DispWaitCounts *counts;
  GList link;
  GQueue waiters;
  GList *last_put;
  double n_placed;
  double seconds;
  gint64 seen;
} DispWaitingQueue;

DispWaitingQueue *disp_waiting_queue_new (const DispRoute *route, DispWaitCounts *counts,
                                          gint64 now);
void disp_waiting_queue_free (DispWaitingQueue *self);

void disp_waiting_queue_put (DispWaitingQueue *self, DispWaiter *waiter, gint64 now);
void disp_waiting_queue_remove (DispWaitingQueue *self, DispWaiter *waiter);
void disp_waiting_queue_count_placed (DispWaitingQueue *self, gint64 now);
DispWaiter *disp_waiting_queue_find (DispWaitingQueue *self, DispCapacity *capacity,
                                     const DispWaitTerms *terms, gint64 now, guint *index);
void disp_waiting_queue_list_stranded (DispWaitingQueue *self, const DispWaitTerms *terms,
                                       gint64 now, GPtrArray *stranded);
guint disp_waiting_queue_get_retry_after (DispWaitingQueue *self, gint64 now);

DispPlaceQuery disp_waiter_get_query (const DispWaiter *self, const DispWaitTerms *terms,
                                      gint64 now);
