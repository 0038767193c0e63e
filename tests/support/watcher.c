/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/watcher.h"

static gboolean
on_notice (gpointer user_data)
{
  ((Watcher *) user_data)->n_calls++;
  return G_SOURCE_CONTINUE;
}

/**
 * watcher_init:
 * @self: (out caller-allocates): a watcher
 * @notice: (nullable): what to watch; %NULL = a new one
 *
 * Watches from now on.
 */
void
watcher_init (Watcher *self, DispNotice *notice)
{
  self->notice = notice != NULL ? disp_notice_ref (notice) : disp_notice_new ();
  self->n_calls = 0;
  disp_notice_watch (self->notice, on_notice, self);
}

/**
 * watcher_clear:
 * @self: a watcher
 */
void
watcher_clear (Watcher *self)
{
  disp_notice_unwatch (self->notice, self);
  g_clear_pointer (&self->notice, disp_notice_unref);
}

/**
 * watcher_take:
 * @self: a watcher
 *
 * Lets happen what is due on the default context.
 *
 * Returns: how often the watcher was called since it was asked last
 */
guint
watcher_take (Watcher *self)
{
  guint n;

  while (g_main_context_iteration (NULL, FALSE))
    ;
  n = self->n_calls;
  self->n_calls = 0;
  return n;
}
