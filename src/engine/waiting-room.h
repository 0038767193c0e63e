/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/place.h"
#include "core/routing.h"
#include "engine/queue-policy.h"

#include <gio/gio.h>

/* The longest Retry-After that is told, in seconds. */
#define DISP_WAITING_ROOM_MAX_RETRY_AFTER 30

/**
 * DispWaitingRoom:
 *
 * Where requests wait until a container has a place for them: one for the whole daemon, with a
 * queue for each model and version.  What the functions do they do under one lock, which is held
 * for a few comparisons only; nobody who finds a place free while nobody waits takes it.
 */
typedef struct _DispWaitingRoom DispWaitingRoom;

/**
 * DispPorch:
 *
 * Where the requests of one thread are called to when there is a place for them.  It is opened,
 * used and closed on that thread.
 */
typedef struct _DispPorch DispPorch;

/**
 * DispWaiter:
 * @routing: (owned): what is in force for the request
 * @route: (unowned): of that, where it can go
 * @arrived: when the request came, in microseconds; it goes on when it waits again
 * @due: when it should be answered: by the target of its model, or else its deadline
 * @n_bytes: the memory that it takes
 * @tried: (array length=n_tried) (element-type DispCapacity): the containers that it has tried
 * @n_tried: how many
 * @again: whether it has waited in a queue before, and was called out of it without a place, which
 *   sets it; neither then nor when it has tried a container it is refused
 * @place: the place that was taken for it; without a container: it must look for one again, since
 *   what is in force has changed
 * @user_data: for the callback of the porch
 *
 * A request that waits.  Whoever lets it wait fills in what is above @place before, with all else
 * zero the first time, and touches nothing of it until it is called, or has left.
 */
typedef struct
{
  DispRouting *routing;
  const DispRoute *route;
  gint64 arrived;
  gint64 due;
  gsize n_bytes;
  DispCapacity *const *tried;
  guint n_tried;
  gboolean again;
  DispPlace place;
  gpointer user_data;
  /*< private >*/
  DispPorch *porch;
  gpointer queue;
  GList link;
} DispWaiter;

/**
 * DispWaiterCalled:
 * @waiter: a request that waits no longer
 * @user_data: as given to disp_waiting_room_open_porch()
 *
 * Called on the thread of the porch.  If @waiter has a place, it must be used or given back.
 */
typedef void (*DispWaiterCalled) (DispWaiter *waiter, gpointer user_data);

/**
 * DispWaitTerms:
 * @policy: which queue goes next
 * @max_in_flight: how many attempts a container may have, or %DISP_CAPACITY_AUTO
 * @limit: how many requests may wait for one model and version
 * @n_bytes: how much memory all that wait may take
 *
 * On what terms requests wait.
 */
typedef struct
{
  DispQueuePolicy policy;
  guint max_in_flight;
  guint limit;
  gsize n_bytes;
} DispWaitTerms;

/**
 * DispWaitResult:
 * @DISP_WAIT_PLACED: there was a place after all, which was taken
 * @DISP_WAIT_QUEUED: it waits until it is called
 * @DISP_WAIT_FULL: no more may wait
 *
 * What became of a request that was to wait.
 */
typedef enum
{
  DISP_WAIT_PLACED,
  DISP_WAIT_QUEUED,
  DISP_WAIT_FULL,
} DispWaitResult;

/**
 * DispWaitCounts:
 * @n_waiting: how many requests wait now
 * @n_waited: how many came to wait so far, with those; a request each time that it did
 * @n_refused: how many were refused since no more could wait
 *
 * What a waiting room counts.
 */
typedef struct
{
  guint n_waiting;
  guint64 n_waited;
  guint64 n_refused;
} DispWaitCounts;

DispWaitingRoom *disp_waiting_room_new (GRand *random);
DispWaitingRoom *disp_waiting_room_ref (DispWaitingRoom *self);
void disp_waiting_room_unref (DispWaitingRoom *self);

DispPorch *disp_waiting_room_open_porch (DispWaitingRoom *self, GMainContext *context,
                                         DispWaiterCalled called, gpointer user_data);
void disp_waiting_room_close_porch (DispWaitingRoom *self, DispPorch *porch);

gboolean disp_waiting_room_must_queue (DispWaitingRoom *self, const DispRoute *route);
DispWaitResult disp_waiting_room_enter (DispWaitingRoom *self, DispWaiter *waiter, DispPorch *porch,
                                        const DispWaitTerms *terms, gint64 now, guint *retry_after);
void disp_waiting_room_leave (DispWaitingRoom *self, DispWaiter *waiter);
void disp_waiting_room_offer (DispWaitingRoom *self, DispCapacity *capacity,
                              const DispWaitTerms *terms, gint64 now);
void disp_waiting_room_offer_all (DispWaitingRoom *self, const DispWaitTerms *terms, gint64 now);
void disp_waiting_room_set_routing (DispWaitingRoom *self, const DispRouting *routing);
void disp_waiting_room_recall (DispWaitingRoom *self);
void disp_waiting_room_recall_stranded (DispWaitingRoom *self, const DispWaitTerms *terms,
                                        gint64 now);

guint disp_waiting_room_get_length (DispWaitingRoom *self, const char *model);
void disp_waiting_room_read (DispWaitingRoom *self, const char *model, DispWaitCounts *counts);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispWaitingRoom, disp_waiting_room_unref)
