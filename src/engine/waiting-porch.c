/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/waiting-porch.h"

#include "core/tsan.h"
#include "engine/bell.h"

struct _DispPorch
{
  GMutex *lock;          /* (unowned) that of the waiting room */
  GMainContext *context; /* (owned) so that it is there while another thread rings */
  GSource *bell;         /* (owned) destroyed when it is closed */
  DispWaiterCalled called;
  gpointer user_data;
  GQueue waiters; /* (element-type DispWaiter) (locked-by lock) to be called, in this order */
};

static void
lock (DispPorch *self)
{
  g_mutex_lock (self->lock);
  DISP_TSAN_ACQUIRE (self->lock);
}

static void
unlock (DispPorch *self)
{
  DISP_TSAN_RELEASE (self->lock);
  g_mutex_unlock (self->lock);
}

static DispWaiter *
pop (DispPorch *self)
{
  DispWaiter *waiter = NULL;
  GList *link;

  lock (self);
  link = g_queue_pop_head_link (&self->waiters);
  if (link != NULL)
    {
      waiter = link->data;
      waiter->porch = NULL;
    }
  unlock (self);
  return waiter;
}

/* Who is to be called only after it began is called at the next turn: so the thread comes to what
 * else it has to do.  The callback may close the porch. */
static gboolean
on_bell (gpointer user_data)
{
  DispPorch *self = user_data;
  DispWaiter *waiter;
  guint n;

  lock (self);
  n = self->waiters.length;
  unlock (self);
  disp_porch_ref (self);
  while (n > 0 && !g_source_is_destroyed (self->bell) && (waiter = pop (self)) != NULL)
    {
      self->called (waiter, self->user_data);
      n--;
    }
  disp_porch_unref (self);
  return G_SOURCE_CONTINUE;
}

/**
 * disp_porch_new:
 * @lock: the lock of the waiting room, which outlives it
 * @context: the main context of the calling thread
 * @called: called there
 * @user_data: for @called
 *
 * Returns: (transfer full): a porch to which nobody is called yet
 */
DispPorch *
disp_porch_new (GMutex *lock, GMainContext *context, DispWaiterCalled called, gpointer user_data)
{
  DispPorch *self = g_atomic_rc_box_new0 (DispPorch);

  self->lock = lock;
  self->context = g_main_context_ref (context);
  self->called = called;
  self->user_data = user_data;
  g_queue_init (&self->waiters);
  self->bell = disp_bell_new (context, "porch", on_bell, self);
  return self;
}

/**
 * disp_porch_ref:
 * @self: a porch
 *
 * Returns: (transfer full): @self; any thread
 */
DispPorch *
disp_porch_ref (DispPorch *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
porch_clear (gpointer data)
{
  DispPorch *self = data;

  DISP_TSAN_ACQUIRE (self);
  g_assert (g_queue_is_empty (&self->waiters));
  g_source_unref (self->bell);
  g_main_context_unref (self->context);
}

/**
 * disp_porch_unref:
 * @self: (transfer full): a porch
 *
 * Gives a reference up; whichever thread gives up the last frees it.
 */
void
disp_porch_unref (DispPorch *self)
{
  DISP_TSAN_RELEASE (self);
  g_atomic_rc_box_release_full (self, porch_clear);
}

/**
 * disp_porch_close:
 * @self: a porch; nobody waits who would be called to it
 *
 * Calls nobody after this.  On its thread.
 */
void
disp_porch_close (DispPorch *self)
{
  g_source_destroy (self->bell);
}

/**
 * disp_porch_call:
 * @self: a porch
 * @waiter: who is to be called; its own, and in no queue
 *
 * Puts @waiter behind those that are to be called already.  With the lock held; then, without it,
 * disp_porch_ring().
 */
void
disp_porch_call (DispPorch *self, DispWaiter *waiter)
{
  waiter->link = (GList){ .data = waiter };
  g_queue_push_tail_link (&self->waiters, &waiter->link);
}

/**
 * disp_porch_take_back:
 * @self: a porch
 * @waiter: who is to be called
 *
 * Has @waiter not called after all.  With the lock held.
 */
void
disp_porch_take_back (DispPorch *self, DispWaiter *waiter)
{
  g_queue_unlink (&self->waiters, &waiter->link);
}

/**
 * disp_porch_ring:
 * @self: a porch
 *
 * Has those that are to be called called soon, from the loop of its thread.  Any thread, with a
 * reference and better without the lock.
 */
void
disp_porch_ring (DispPorch *self)
{
  disp_bell_ring (self->bell);
}
