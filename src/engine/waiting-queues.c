/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/waiting-queues.h"

/* What is known of a model for which nobody came to wait for so long may be forgotten, in
 * microseconds. */
#define FORGOTTEN_AFTER (600 * (gint64) G_USEC_PER_SEC)

/* The queues of all versions of a model. */
typedef struct
{
  GPtrArray *queues; /* (owned) (element-type DispWaitingQueue) (owned) */
  DispWaitCounts counts;
} Model;

struct _DispWaitingQueues
{
  GRand *random;      /* (owned) */
  GHashTable *models; /* (owned) (element-type utf8 Model) (owned) */
  GQueue active;      /* (element-type DispWaitingQueue) in which somebody waits; that first which
                         has had no turn for the longest time */
  gsize n_bytes;      /* of all that wait */
  DispWaitCounts counts; /* of all */
};

static void
model_free (gpointer value)
{
  Model *model = value;

  g_ptr_array_unref (model->queues);
  g_free (model);
}

static Model *
model_new (void)
{
  Model *model = g_new0 (Model, 1);

  model->queues = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_waiting_queue_free);
  return model;
}

/**
 * disp_waiting_queues_new:
 * @random: (transfer full): draws with %DISP_QUEUE_RANDOM
 *
 * Returns: (transfer full): no queues yet
 */
DispWaitingQueues *
disp_waiting_queues_new (GRand *random)
{
  DispWaitingQueues *self = g_new0 (DispWaitingQueues, 1);

  self->random = random;
  self->models = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, model_free);
  g_queue_init (&self->active);
  return self;
}

/**
 * disp_waiting_queues_free:
 * @self: (transfer full): queues in which nobody waits
 *
 * Frees them.
 */
void
disp_waiting_queues_free (DispWaitingQueues *self)
{
  g_assert (g_queue_is_empty (&self->active));
  g_hash_table_unref (self->models);
  g_rand_free (self->random);
  g_free (self);
}

/* The queue for @route; %NULL = none is known. */
static DispWaitingQueue *
find_queue (DispWaitingQueues *self, const DispRoute *route)
{
  const Model *model = g_hash_table_lookup (self->models, route->model);

  for (guint i = 0; model != NULL && i < model->queues->len; i++)
    {
      DispWaitingQueue *queue = model->queues->pdata[i];

      if (queue->version == route->version && queue->any_version == route->any_version)
        return queue;
    }
  return NULL;
}

static gboolean
is_forgotten (G_GNUC_UNUSED gpointer name, gpointer value, gpointer user_data)
{
  const Model *model = value;
  const gint64 *now = user_data;

  for (guint i = 0; i < model->queues->len; i++)
    {
      const DispWaitingQueue *queue = model->queues->pdata[i];

      if (queue->waiters.length > 0 || *now - queue->seen < FORGOTTEN_AFTER)
        return FALSE;
    }
  return TRUE;
}

/* Finds the queue for @route, or makes one; then others are forgotten, so that there are not ever
 * more. */
static DispWaitingQueue *
get_queue (DispWaitingQueues *self, const DispRoute *route, gint64 now)
{
  DispWaitingQueue *queue = find_queue (self, route);
  Model *model;

  if (queue != NULL)
    return queue;
  g_hash_table_foreach_remove (self->models, is_forgotten, &now);
  model = g_hash_table_lookup (self->models, route->model);
  if (model == NULL)
    {
      model = model_new ();
      g_hash_table_insert (self->models, g_strdup (route->model), model);
    }
  queue = disp_waiting_queue_new (route, &model->counts, now);
  g_ptr_array_add (model->queues, queue);
  return queue;
}

/**
 * disp_waiting_queues_has_waiter:
 * @self: the queues
 * @route: where a request can go
 *
 * Returns: whether others wait for the same
 */
gboolean
disp_waiting_queues_has_waiter (DispWaitingQueues *self, const DispRoute *route)
{
  const DispWaitingQueue *queue = find_queue (self, route);

  return queue != NULL && queue->waiters.length > 0;
}

/**
 * disp_waiting_queues_put:
 * @self: the queues
 * @waiter: who waits from now on
 * @terms: on what terms; who waits again is not refused
 * @now: the time, in microseconds
 * @retry_after: (out): with %FALSE, see disp_waiting_queue_get_retry_after()
 *
 * Puts @waiter into the queue of its route.
 *
 * Returns: whether it may wait
 */
gboolean
disp_waiting_queues_put (DispWaitingQueues *self, DispWaiter *waiter, const DispWaitTerms *terms,
                         gint64 now, guint *retry_after)
{
  DispWaitingQueue *queue = get_queue (self, waiter->route, now);
  gboolean is_full = queue->waiters.length >= terms->limit
                     || self->n_bytes + waiter->n_bytes > terms->n_bytes;

  if (is_full && !waiter->again && waiter->n_tried == 0)
    {
      *retry_after = disp_waiting_queue_get_retry_after (queue, now);
      queue->counts->n_refused++;
      self->counts.n_refused++;
      return FALSE;
    }
  if (!waiter->again)
    {
      queue->counts->n_waited++;
      self->counts.n_waited++;
    }
  if (g_queue_is_empty (&queue->waiters))
    g_queue_push_tail_link (&self->active, &queue->link);
  disp_waiting_queue_put (queue, waiter, now);
  queue->counts->n_waiting++;
  self->counts.n_waiting++;
  self->n_bytes += waiter->n_bytes;
  return TRUE;
}

/**
 * disp_waiting_queues_remove:
 * @self: the queues
 * @waiter: one of those that wait
 *
 * Takes @waiter out.
 */
void
disp_waiting_queues_remove (DispWaitingQueues *self, DispWaiter *waiter)
{
  DispWaitingQueue *queue = waiter->queue;

  disp_waiting_queue_remove (queue, waiter);
  queue->counts->n_waiting--;
  self->counts.n_waiting--;
  self->n_bytes -= waiter->n_bytes;
  if (g_queue_is_empty (&queue->waiters))
    g_queue_unlink (&self->active, &queue->link);
}

/**
 * disp_waiting_queues_remove_placed:
 * @self: the queues
 * @waiter: one of those that wait
 * @now: the time, in microseconds
 *
 * Takes @waiter out, since it has got a place: its queue has had its turn.
 */
void
disp_waiting_queues_remove_placed (DispWaitingQueues *self, DispWaiter *waiter, gint64 now)
{
  DispWaitingQueue *queue = waiter->queue;

  g_queue_unlink (&self->active, &queue->link);
  g_queue_push_tail_link (&self->active, &queue->link);
  disp_waiting_queue_count_placed (queue, now);
  disp_waiting_queues_remove (self, waiter);
}

/**
 * disp_waiting_queues_pop:
 * @self: the queues
 *
 * Takes one out.
 *
 * Returns: (transfer none) (nullable): who waited, of each queue in order; %NULL = nobody
 */
DispWaiter *
disp_waiting_queues_pop (DispWaitingQueues *self)
{
  DispWaitingQueue *queue = g_queue_peek_head (&self->active);
  DispWaiter *waiter = queue != NULL ? g_queue_peek_head (&queue->waiters) : NULL;

  if (waiter != NULL)
    disp_waiting_queues_remove (self, waiter);
  return waiter;
}

/**
 * disp_waiting_queues_take_stranded:
 * @self: the queues
 * @terms: on what terms they wait
 * @now: the time, in microseconds
 *
 * Takes those out for whom no container may be used.
 *
 * Returns: (transfer container) (element-type DispWaiter): who waited, of each queue in order
 */
GPtrArray *
disp_waiting_queues_take_stranded (DispWaitingQueues *self, const DispWaitTerms *terms, gint64 now)
{
  GPtrArray *stranded = g_ptr_array_new ();

  for (GList *link = self->active.head; link != NULL; link = link->next)
    disp_waiting_queue_list_stranded (link->data, terms, now, stranded);
  for (guint i = 0; i < stranded->len; i++)
    disp_waiting_queues_remove (self, stranded->pdata[i]);
  return stranded;
}

/* Whether @waiter, the @n_found th of those that may go next, goes before @best, which was found
 * before. */
static gboolean
goes_before (DispWaitingQueues *self, const DispWaiter *waiter, const DispWaiter *best,
             gint n_found, DispQueuePolicy policy)
{
  const DispWaitingQueue *queue = waiter->queue;
  const DispWaitingQueue *best_queue = best->queue;

  if (policy == DISP_QUEUE_ROUND_ROBIN)
    return FALSE;
  if (policy == DISP_QUEUE_RANDOM)
    return g_rand_int_range (self->random, 0, n_found) == 0;
  if (policy == DISP_QUEUE_LONGEST && queue->waiters.length != best_queue->waiters.length)
    return queue->waiters.length > best_queue->waiters.length;
  if (policy == DISP_QUEUE_DEADLINE && waiter->due != best->due)
    return waiter->due < best->due;
  return waiter->arrived < best->arrived;
}

/**
 * disp_waiting_queues_find_next:
 * @self: the queues
 * @capacity: that of a container
 * @terms: on what terms they wait
 * @now: the time, in microseconds
 * @index: (out): which of the eligible containers of the route of whom it finds that is
 *
 * Finds whose turn it is at that container, if it has a free place.  Where nothing else decides, it
 * is that of the queue that has had none for the longest time.
 *
 * Returns: (transfer none) (nullable): who that is; %NULL = nobody may use it
 */
DispWaiter *
disp_waiting_queues_find_next (DispWaitingQueues *self, DispCapacity *capacity,
                               const DispWaitTerms *terms, gint64 now, guint *index)
{
  DispWaiter *best = NULL;
  gint n_found = 0;

  for (GList *link = self->active.head; link != NULL; link = link->next)
    {
      guint found = 0;
      DispWaiter *waiter = disp_waiting_queue_find (link->data, capacity, terms, now, &found);

      if (waiter == NULL)
        continue;
      n_found++;
      if (best == NULL || goes_before (self, waiter, best, n_found, terms->policy))
        {
          best = waiter;
          *index = found;
        }
    }
  return best;
}

/**
 * disp_waiting_queues_list_free:
 * @self: the queues
 * @terms: on what terms they wait
 * @now: the time, in microseconds
 *
 * Returns: (transfer full) (element-type DispCapacity): the containers with a free place that
 *   somebody waits for; some may be there more than once
 */
GPtrArray *
disp_waiting_queues_list_free (DispWaitingQueues *self, const DispWaitTerms *terms, gint64 now)
{
  GPtrArray *found = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_capacity_unref);
  const DispPlaceQuery query = { .max_in_flight = terms->max_in_flight, .now = now };

  for (GList *link = self->active.head; link != NULL; link = link->next)
    {
      DispWaitingQueue *queue = link->data;
      const DispWaiter *head = g_queue_peek_head (&queue->waiters);
      const DispRoute *route = head->route;
      g_autofree guint *indices = g_new (guint, route->n_eligible);
      DispPlaceCounts counts;

      disp_place_list (route, &query, indices, &counts);
      for (guint i = 0; i < counts.n_free; i++)
        g_ptr_array_add (found, disp_capacity_ref (route->eligible[indices[i]]->capacity));
    }
  return found;
}

/**
 * disp_waiting_queues_read:
 * @self: the queues
 * @model: (nullable): a model; %NULL = all
 * @counts: (out caller-allocates): what was counted
 *
 * See disp_waiting_room_read().
 */
void
disp_waiting_queues_read (DispWaitingQueues *self, const char *model, DispWaitCounts *counts)
{
  const Model *found = model != NULL ? g_hash_table_lookup (self->models, model) : NULL;

  if (model == NULL)
    *counts = self->counts;
  else
    *counts = found != NULL ? found->counts : (DispWaitCounts){ 0 };
}
