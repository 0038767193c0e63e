/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/heartbeat.h"

#include "core/tsan.h"

#include <stdatomic.h>

struct _DispHeartbeat
{
  gatomicrefcount references;
  char *name;            /* (owned) */
  GMainContext *context; /* (owned) (nullable) of the thread; NULL = it looks by itself */
  atomic_uint n_asked;   /* (atomic) */
  atomic_uint n_answers; /* (atomic) which question was answered last */
  atomic_bool rests;     /* (atomic) it waits for something to do, or has ended */
};

/**
 * disp_heartbeat_new:
 * @name: the name of the thread, for people
 * @context: (nullable): what the thread runs; %NULL when it has none, and says by
 *   disp_heartbeat_answer() and disp_heartbeat_rest() what it does
 *
 * Returns: (transfer full): the heartbeat of a thread, which is well at first
 */
DispHeartbeat *
disp_heartbeat_new (const char *name, GMainContext *context)
{
  DispHeartbeat *self = g_new0 (DispHeartbeat, 1);

  g_atomic_ref_count_init (&self->references);
  self->name = g_strdup (name);
  self->context = context != NULL ? g_main_context_ref (context) : NULL;
  atomic_init (&self->n_asked, 0);
  atomic_init (&self->n_answers, 0);
  atomic_init (&self->rests, FALSE);
  return self;
}

/**
 * disp_heartbeat_ref:
 * @self: a heartbeat
 *
 * Returns: (transfer full): @self
 */
DispHeartbeat *
disp_heartbeat_ref (DispHeartbeat *self)
{
  g_atomic_ref_count_inc (&self->references);
  return self;
}

/**
 * disp_heartbeat_unref:
 * @self: (transfer full): a heartbeat
 */
void
disp_heartbeat_unref (DispHeartbeat *self)
{
  DISP_TSAN_RELEASE (self);
  if (!g_atomic_ref_count_dec (&self->references))
    return;
  DISP_TSAN_ACQUIRE (self);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_free (self->name);
  g_free (self);
}

/**
 * disp_heartbeat_get_name:
 * @self: a heartbeat
 *
 * Returns: (transfer none): the name of its thread
 */
const char *
disp_heartbeat_get_name (const DispHeartbeat *self)
{
  return self->name;
}

static gboolean
on_asked (gpointer user_data)
{
  disp_heartbeat_answer (user_data);
  return G_SOURCE_REMOVE;
}

/* The source has a reference, and so keeps the context until that has dispatched it: whoever ends
 * the thread lets its context do what is left. */
static void
wake (DispHeartbeat *self)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_static_name (source, "heartbeat");
  g_source_set_priority (source, G_PRIORITY_HIGH);
  g_source_set_callback (source, on_asked, disp_heartbeat_ref (self),
                         (GDestroyNotify) disp_heartbeat_unref);
  g_source_attach (source, self->context);
}

/**
 * disp_heartbeat_ask:
 * @self: a heartbeat that is well
 *
 * Asks the thread for a sign of life.  Any thread.
 */
void
disp_heartbeat_ask (DispHeartbeat *self)
{
  atomic_fetch_add (&self->n_asked, 1);
  if (self->context != NULL && !atomic_load (&self->rests))
    wake (self);
}

/**
 * disp_heartbeat_is_well:
 * @self: a heartbeat
 *
 * Returns: whether the thread has answered since it was asked last, or has nothing to do; any
 *   thread
 */
gboolean
disp_heartbeat_is_well (DispHeartbeat *self)
{
  /* In this order: who stops to rest has answered before. */
  return atomic_load (&self->rests)
         || atomic_load (&self->n_answers) == atomic_load (&self->n_asked);
}

/**
 * disp_heartbeat_rest:
 * @self: the heartbeat of the calling thread
 *
 * Says that the thread waits for something to do, until disp_heartbeat_answer(), or ends.  While it
 * rests nobody wakes it.
 */
void
disp_heartbeat_rest (DispHeartbeat *self)
{
  atomic_store (&self->rests, TRUE);
}

/**
 * disp_heartbeat_answer:
 * @self: the heartbeat of the calling thread
 *
 * Says that the thread makes progress, and rests no more.
 */
void
disp_heartbeat_answer (DispHeartbeat *self)
{
  atomic_store (&self->n_answers, atomic_load (&self->n_asked));
  atomic_store (&self->rests, FALSE);
}
