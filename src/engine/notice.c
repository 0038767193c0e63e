/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/notice.h"

#include "core/tsan.h"
#include "engine/bell.h"

/* One who watches. */
typedef struct
{
  GSource *bell; /* (owned) */
  gpointer user_data;
} Watch;

struct _DispNotice
{
  GMutex lock;     /* held for a few instructions */
  GArray *watches; /* (owned) (locked-by lock) (element-type Watch) */
};

static void
watch_clear (gpointer data)
{
  Watch *watch = data;

  g_source_destroy (watch->bell);
  g_source_unref (watch->bell);
}

/**
 * disp_notice_new:
 *
 * Returns: (transfer full): a notice that nobody watches
 */
DispNotice *
disp_notice_new (void)
{
  DispNotice *self = g_atomic_rc_box_new0 (DispNotice);

  g_mutex_init (&self->lock);
  self->watches = g_array_new (FALSE, FALSE, sizeof (Watch));
  g_array_set_clear_func (self->watches, watch_clear);
  return self;
}

/**
 * disp_notice_ref:
 * @self: a notice
 *
 * Returns: (transfer full): @self; any thread
 */
DispNotice *
disp_notice_ref (DispNotice *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
notice_clear (gpointer data)
{
  DispNotice *self = data;

  DISP_TSAN_ACQUIRE (self);
  g_assert (self->watches->len == 0);
  g_array_unref (self->watches);
  g_mutex_clear (&self->lock);
}

/**
 * disp_notice_unref:
 * @self: (transfer full): a notice
 *
 * Gives a reference up; whichever thread gives up the last frees it.  By then nobody may watch.
 */
void
disp_notice_unref (DispNotice *self)
{
  DISP_TSAN_RELEASE (self);
  g_atomic_rc_box_release_full (self, notice_clear);
}

/**
 * disp_notice_watch:
 * @self: a notice
 * @callback: called on the thread-default context of the caller, never from inside a function of
 *   the notice; its answer is %G_SOURCE_CONTINUE
 * @user_data: for @callback; by it who watches is told from others who do
 *
 * Has @callback called after each disp_notice_touch(), once for all that came before it is called.
 */
void
disp_notice_watch (DispNotice *self, GSourceFunc callback, gpointer user_data)
{
  const Watch watch = {
    .bell = disp_bell_new (g_main_context_get_thread_default (), "notice", callback, user_data),
    .user_data = user_data,
  };

  g_mutex_lock (&self->lock);
  DISP_TSAN_ACQUIRE (&self->lock);
  g_array_append_val (self->watches, watch);
  DISP_TSAN_RELEASE (&self->lock);
  g_mutex_unlock (&self->lock);
}

/**
 * disp_notice_unwatch:
 * @self: a notice
 * @user_data: as given to disp_notice_watch()
 *
 * Ends disp_notice_watch(): after this there is no callback.  To be called on the same thread.
 */
void
disp_notice_unwatch (DispNotice *self, gpointer user_data)
{
  g_mutex_lock (&self->lock);
  DISP_TSAN_ACQUIRE (&self->lock);
  for (guint i = self->watches->len; i > 0; i--)
    if (g_array_index (self->watches, Watch, i - 1).user_data == user_data)
      g_array_remove_index (self->watches, i - 1);
  DISP_TSAN_RELEASE (&self->lock);
  g_mutex_unlock (&self->lock);
}

/**
 * disp_notice_touch:
 * @self: a notice
 *
 * Says that something has changed, after it has.  Nothing is done while nobody watches, or where
 * the callback is due anyway.  Any thread.
 */
void
disp_notice_touch (DispNotice *self)
{
  g_mutex_lock (&self->lock);
  DISP_TSAN_ACQUIRE (&self->lock);
  for (guint i = 0; i < self->watches->len; i++)
    disp_bell_ring (g_array_index (self->watches, Watch, i).bell);
  DISP_TSAN_RELEASE (&self->lock);
  g_mutex_unlock (&self->lock);
}
