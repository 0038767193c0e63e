/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/waiting-room-private.h"

#include "core/tsan.h"

/**
 * disp_waiting_room_lock:
 * @self: a waiting room
 *
 * For its own files.
 */
void
disp_waiting_room_lock (DispWaitingRoom *self)
{
  g_mutex_lock (&self->lock);
  DISP_TSAN_ACQUIRE (&self->lock);
}

/**
 * disp_waiting_room_unlock:
 * @self: a waiting room
 *
 * Ends disp_waiting_room_lock().
 */
void
disp_waiting_room_unlock (DispWaitingRoom *self)
{
  DISP_TSAN_RELEASE (&self->lock);
  g_mutex_unlock (&self->lock);
}

/**
 * disp_waiting_room_new:
 * @random: (transfer full): draws with %DISP_QUEUE_RANDOM
 *
 * Returns: (transfer full): a waiting room with nobody in it
 */
DispWaitingRoom *
disp_waiting_room_new (GRand *random)
{
  DispWaitingRoom *self = g_atomic_rc_box_new0 (DispWaitingRoom);

  g_mutex_init (&self->lock);
  self->queues = disp_waiting_queues_new (random);
  return self;
}

/**
 * disp_waiting_room_ref:
 * @self: a waiting room
 *
 * Returns: (transfer full): @self; any thread
 */
DispWaitingRoom *
disp_waiting_room_ref (DispWaitingRoom *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
waiting_room_clear (gpointer data)
{
  DispWaitingRoom *self = data;

  DISP_TSAN_ACQUIRE (self);
  disp_waiting_queues_free (self->queues);
  g_mutex_clear (&self->lock);
}

/**
 * disp_waiting_room_unref:
 * @self: (transfer full): a waiting room
 *
 * Gives a reference up; whichever thread gives up the last frees it.  By then all porches are
 * closed.
 */
void
disp_waiting_room_unref (DispWaitingRoom *self)
{
  DISP_TSAN_RELEASE (self);
  g_atomic_rc_box_release_full (self, waiting_room_clear);
}

/**
 * disp_waiting_room_open_porch:
 * @self: a waiting room, which outlives the porch
 * @context: the main context of the calling thread
 * @called: called from its loop, never from inside a function of the waiting room, for each request
 *   that waits no longer: in the order in which they got their places
 * @user_data: for @called
 *
 * Returns: (transfer full): a porch, for disp_waiting_room_close_porch()
 */
DispPorch *
disp_waiting_room_open_porch (DispWaitingRoom *self, GMainContext *context, DispWaiterCalled called,
                              gpointer user_data)
{
  return disp_porch_new (&self->lock, context, called, user_data);
}

/**
 * disp_waiting_room_close_porch:
 * @self: the waiting room of @porch
 * @porch: (transfer full): a porch, of which nobody waits any more
 *
 * Calls nobody any more.  On the thread of the porch; that may be from inside its callback.
 */
void
disp_waiting_room_close_porch (G_GNUC_UNUSED DispWaitingRoom *self, DispPorch *porch)
{
  disp_porch_close (porch);
  disp_porch_unref (porch);
}

/**
 * disp_waiting_room_must_queue:
 * @self: a waiting room
 * @route: where a request can go
 *
 * While nobody waits, this reads one number.  Any thread.
 *
 * Returns: whether others wait for the same, so that the request must wait behind them, even if a
 *   place is free at this moment: that one is theirs
 */
gboolean
disp_waiting_room_must_queue (DispWaitingRoom *self, const DispRoute *route)
{
  gboolean must;

  if (atomic_load (&self->n_waiting) == 0)
    return FALSE;
  disp_waiting_room_lock (self);
  must = disp_waiting_queues_has_waiter (self->queues, route);
  disp_waiting_room_unlock (self);
  return must;
}

/* Gives one place to whose turn it is, and says whom to ring; %NULL = nobody can have one. */
static DispPorch *
grant (DispWaitingRoom *self, DispCapacity *capacity, const DispWaitTerms *terms, gint64 now)
{
  DispPorch *porch = NULL;
  DispWaiter *waiter;
  guint index = 0;

  disp_waiting_room_lock (self);
  waiter = disp_waiting_queues_find_next (self->queues, capacity, terms, now, &index);
  if (waiter != NULL)
    {
      DispPlaceQuery query = disp_waiter_get_query (waiter, terms, now);

      if (disp_place_take (&waiter->place, waiter->route, index, &query))
        {
          disp_waiting_queues_remove_placed (self->queues, waiter, now);
          atomic_fetch_sub (&self->n_waiting, 1);
          disp_porch_call (waiter->porch, waiter);
          porch = disp_porch_ref (waiter->porch);
        }
    }
  disp_waiting_room_unlock (self);
  return porch;
}

/* The bell is rung without the lock, since that may wake a thread. */
static void
offer (DispWaitingRoom *self, DispCapacity *capacity, const DispWaitTerms *terms, gint64 now)
{
  DispPorch *porch;

  while ((porch = grant (self, capacity, terms, now)) != NULL)
    {
      disp_porch_ring (porch);
      disp_porch_unref (porch);
    }
}

/* Lets @waiter in.  One that was routed by what is in force no longer is called at once:
 * disp_waiting_room_recall() may have been here already. */
static gboolean
admit (DispWaitingRoom *self, DispWaiter *waiter, const DispWaitTerms *terms, gint64 now,
       guint *retry_after)
{
  gboolean admitted = TRUE;

  disp_waiting_room_lock (self);
  if (waiter->routing != atomic_load (&self->routing))
    {
      disp_porch_call (waiter->porch, waiter);
      disp_porch_ring (waiter->porch);
    }
  else
    {
      admitted = disp_waiting_queues_put (self->queues, waiter, terms, now, retry_after);
      if (admitted)
        atomic_fetch_add (&self->n_waiting, 1);
    }
  disp_waiting_room_unlock (self);
  return admitted;
}

/* Looks once more for a place on @route, and gives each that is free to whose turn it is. */
static void
look_again (DispWaitingRoom *self, const DispRoute *route, const DispPlaceQuery *query,
            const DispWaitTerms *terms)
{
  g_autofree guint *indices = g_new (guint, route->n_eligible);
  DispPlaceCounts counts;

  disp_place_list (route, query, indices, &counts);
  for (guint i = 0; i < counts.n_free; i++)
    offer (self, route->eligible[indices[i]]->capacity, terms, query->now);
}

/* Takes @waiter out of wherever it is.  With the lock held. */
static void
take_out (DispWaitingRoom *self, DispWaiter *waiter)
{
  if (waiter->queue != NULL)
    {
      disp_waiting_queues_remove (self->queues, waiter);
      atomic_fetch_sub (&self->n_waiting, 1);
    }
  else if (waiter->porch != NULL)
    disp_porch_take_back (waiter->porch, waiter);
  waiter->porch = NULL;
}

/**
 * disp_waiting_room_enter:
 * @self: a waiting room
 * @waiter: a request for which no place was found, or that must queue
 * @porch: where it will be called to; that of the calling thread
 * @terms: on what terms
 * @now: the time, in microseconds
 * @retry_after: (out): with %DISP_WAIT_FULL, in how many seconds it is worth to come again, by how
 *   fast those went that waited there; 0 = not known
 *
 * Lets a request wait, in the order of arrival.  A place that was given back since somebody looked
 * for one goes to whose turn it is, which may be @waiter: then that is not called.  One that must
 * wait is called later: for a place, or because what is in force has changed.
 *
 * Returns: what became of it; only with %DISP_WAIT_QUEUED @waiter belongs to the waiting room
 */
DispWaitResult
disp_waiting_room_enter (DispWaitingRoom *self, DispWaiter *waiter, DispPorch *porch,
                         const DispWaitTerms *terms, gint64 now, guint *retry_after)
{
  DispPlaceQuery query = disp_waiter_get_query (waiter, terms, now);
  gboolean placed;

  waiter->porch = porch;
  waiter->queue = NULL;
  waiter->place = (DispPlace){ 0 };
  if (!admit (self, waiter, terms, now, retry_after))
    {
      waiter->porch = NULL;
      return DISP_WAIT_FULL;
    }
  look_again (self, waiter->route, &query, terms);
  disp_waiting_room_lock (self);
  placed = waiter->place.container != NULL;
  if (placed)
    take_out (self, waiter);
  disp_waiting_room_unlock (self);
  return placed ? DISP_WAIT_PLACED : DISP_WAIT_QUEUED;
}

/**
 * disp_waiting_room_leave:
 * @self: a waiting room
 * @waiter: a request that waits, or that did
 *
 * Has @waiter wait no longer, and not be called: it belongs to the caller again, on whose thread it
 * would have been called.  It may have got a place meanwhile: then that is in @waiter, and must be
 * given back and offered to others.
 */
void
disp_waiting_room_leave (DispWaitingRoom *self, DispWaiter *waiter)
{
  disp_waiting_room_lock (self);
  take_out (self, waiter);
  disp_waiting_room_unlock (self);
}

/**
 * disp_waiting_room_offer:
 * @self: a waiting room
 * @capacity: that of a container at which a place was given back
 * @terms: on what terms others wait
 * @now: the time, in microseconds
 *
 * Gives the free places there to those that wait for them, as long as there are both, and has them
 * called.  While nobody waits, this reads one number.  To be called after disp_place_give(); any
 * thread.
 */
void
disp_waiting_room_offer (DispWaitingRoom *self, DispCapacity *capacity, const DispWaitTerms *terms,
                         gint64 now)
{
  if (atomic_load (&self->n_waiting) > 0)
    offer (self, capacity, terms, now);
}

/**
 * disp_waiting_room_offer_all:
 * @self: a waiting room
 * @terms: on what terms others wait
 * @now: the time, in microseconds
 *
 * Does what disp_waiting_room_offer() does for every container that somebody waits for: to be
 * called when one may be used again of which no place was given back, since it has recovered or
 * cooled down.  Any thread.
 */
void
disp_waiting_room_offer_all (DispWaitingRoom *self, const DispWaitTerms *terms, gint64 now)
{
  g_autoptr (GPtrArray) capacities = NULL;

  if (atomic_load (&self->n_waiting) == 0)
    return;
  disp_waiting_room_lock (self);
  capacities = disp_waiting_queues_list_free (self->queues, terms, now);
  disp_waiting_room_unlock (self);
  for (guint i = 0; i < capacities->len; i++)
    offer (self, capacities->pdata[i], terms, now);
}

/**
 * disp_waiting_room_get_length:
 * @self: a waiting room
 * @model: (nullable): a model; %NULL = all
 *
 * Returns: how many requests wait for it, in any version; any thread
 */
guint
disp_waiting_room_get_length (DispWaitingRoom *self, const char *model)
{
  DispWaitCounts counts;

  if (model == NULL)
    return atomic_load (&self->n_waiting);
  disp_waiting_room_read (self, model, &counts);
  return counts.n_waiting;
}

/**
 * disp_waiting_room_read:
 * @self: a waiting room
 * @model: (nullable): a model; %NULL = all
 * @counts: (out caller-allocates): what was counted
 *
 * What was counted of a model may begin anew when nobody has come to wait for it for ten minutes;
 * of all it never does.  Any thread.
 */
void
disp_waiting_room_read (DispWaitingRoom *self, const char *model, DispWaitCounts *counts)
{
  disp_waiting_room_lock (self);
  disp_waiting_queues_read (self->queues, model, counts);
  disp_waiting_room_unlock (self);
}
