/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/bell.h"

static gboolean
dispatch_bell (GSource *source, GSourceFunc callback, gpointer user_data)
{
  g_source_set_ready_time (source, -1);
  return callback (user_data);
}

static GSourceFuncs bell_funcs = { .dispatch = dispatch_bell };

/**
 * disp_bell_new:
 * @context: a main context
 * @name: (transfer none): a static name, for debugging
 * @callback: what to do when it rings, on the thread of @context
 * @user_data: for @callback
 *
 * Returns: (transfer full): a source by which other threads can tell that one something
 */
GSource *
disp_bell_new (GMainContext *context, const char *name, GSourceFunc callback, gpointer user_data)
{
  GSource *bell = g_source_new (&bell_funcs, sizeof (GSource));

  g_source_set_static_name (bell, name);
  g_source_set_callback (bell, callback, user_data, NULL);
  g_source_attach (bell, context);
  return bell;
}

/**
 * disp_bell_ring:
 * @bell: a bell
 *
 * Has the callback called once more, soon.  Any thread.
 */
void
disp_bell_ring (GSource *bell)
{
  g_source_set_ready_time (bell, 0);
}
