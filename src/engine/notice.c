/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/notice.h"

#include "core/tsan.h"
#include "engine/bell.h"

struct _DispNotice
{
  GMutex lock;   /* held for a few instructions */
  GSource *bell; /* (owned) (nullable) (locked-by lock) while somebody watches */
};

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
  g_assert (self->bell == NULL);
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

static void
set_bell (DispNotice *self, GSource *bell)
{
  GSource *old;

  g_mutex_lock (&self->lock);
  DISP_TSAN_ACQUIRE (&self->lock);
  old = self->bell;
  self->bell = bell;
  DISP_TSAN_RELEASE (&self->lock);
  g_mutex_unlock (&self->lock);
  if (old == NULL)
    return;
  g_source_destroy (old);
  g_source_unref (old);
}

/**
 * disp_notice_watch:
 * @self: a notice that nobody watches
 * @callback: called on the thread-default context of the caller, never from inside a function of
 *   the notice; its answer is %G_SOURCE_CONTINUE
 * @user_data: for @callback
 *
 * Has @callback called after each disp_notice_touch(), once for all that came before it is called.
 */
void
disp_notice_watch (DispNotice *self, GSourceFunc callback, gpointer user_data)
{
  set_bell (self,
            disp_bell_new (g_main_context_get_thread_default (), "notice", callback, user_data));
}

/**
 * disp_notice_unwatch:
 * @self: a notice
 *
 * Ends disp_notice_watch(): after this there is no callback.  To be called on the same thread.
 */
void
disp_notice_unwatch (DispNotice *self)
{
  set_bell (self, NULL);
}

/**
 * disp_notice_touch:
 * @self: a notice
 *
 * Says that something has changed, after it has.  Nothing is done while nobody watches, or when the
 * callback is due anyway.  Any thread.
 */
void
disp_notice_touch (DispNotice *self)
{
  g_mutex_lock (&self->lock);
  DISP_TSAN_ACQUIRE (&self->lock);
  if (self->bell != NULL)
    disp_bell_ring (self->bell);
  DISP_TSAN_RELEASE (&self->lock);
  g_mutex_unlock (&self->lock);
}
