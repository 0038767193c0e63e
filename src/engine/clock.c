/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/clock.h"

G_DEFINE_INTERFACE (DispClock, disp_clock, G_TYPE_OBJECT)

static void
disp_clock_default_init (G_GNUC_UNUSED DispClockInterface *iface)
{
}

/**
 * disp_clock_now:
 * @self: a clock
 *
 * Returns: the time in microseconds on a clock that never goes backwards; any thread may ask
 */
gint64
disp_clock_now (DispClock *self)
{
  return DISP_CLOCK_GET_IFACE (self)->now (self);
}

/**
 * disp_clock_now_real:
 * @self: a clock
 *
 * Returns: the time in microseconds since the epoch; any thread may ask
 */
gint64
disp_clock_now_real (DispClock *self)
{
  return DISP_CLOCK_GET_IFACE (self)->now_real (self);
}

/**
 * disp_clock_add_timer:
 * @self: a clock
 * @at: when it is due, on the scale of disp_clock_now()
 * @name: (transfer none): a static name, for debugging
 * @callback: called on the thread-default context of the caller
 * @user_data: for @callback
 *
 * Calls @callback once when it is @at or later, unless the timer is cleared before, and never from
 * inside this call.  The callback's result is ignored; it may clear this timer and any other.  The
 * order of timers that fall due while the context is busy is not defined.
 *
 * Returns: (transfer full): the timer; end it with disp_clock_clear_timer()
 */
GSource *
disp_clock_add_timer (DispClock *self, gint64 at, const char *name, GSourceFunc callback,
                      gpointer user_data)
{
  return DISP_CLOCK_GET_IFACE (self)->add_timer (self, at, name, callback, user_data);
}

/**
 * disp_clock_clear_timer:
 * @timer: (inout) (nullable): a timer, or %NULL
 *
 * Ends a timer, whether it rang or not, and forgets it.
 */
void
disp_clock_clear_timer (GSource **timer)
{
  GSource *source = g_steal_pointer (timer);

  if (source == NULL)
    return;
  g_source_destroy (source);
  g_source_unref (source);
}

struct _DispSystemClock
{
  GObject parent_instance;
};

static gint64
system_clock_now (G_GNUC_UNUSED DispClock *clock)
{
  return g_get_monotonic_time ();
}

static gint64
system_clock_now_real (G_GNUC_UNUSED DispClock *clock)
{
  return g_get_real_time ();
}

static gboolean
dispatch_once (GSource *source, GSourceFunc callback, gpointer user_data)
{
  g_source_set_ready_time (source, -1);
  callback (user_data);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs timer_funcs = { .dispatch = dispatch_once };

static GSource *
system_clock_add_timer (G_GNUC_UNUSED DispClock *clock, gint64 at, const char *name,
                        GSourceFunc callback, gpointer user_data)
{
  GSource *source = g_source_new (&timer_funcs, sizeof (GSource));

  g_source_set_static_name (source, name);
  g_source_set_ready_time (source, MAX (at, 0)); /* -1 would be never */
  g_source_set_callback (source, callback, user_data, NULL);
  g_source_attach (source, g_main_context_get_thread_default ());
  return source;
}

static void
system_clock_iface_init (DispClockInterface *iface)
{
  iface->now = system_clock_now;
  iface->now_real = system_clock_now_real;
  iface->add_timer = system_clock_add_timer;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (DispSystemClock, disp_system_clock, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_CLOCK, system_clock_iface_init))

static void
disp_system_clock_class_init (G_GNUC_UNUSED DispSystemClockClass *klass)
{
}

static void
disp_system_clock_init (G_GNUC_UNUSED DispSystemClock *self)
{
}

/**
 * disp_system_clock_new:
 *
 * Returns: (transfer full): the clock of the system, to be shared by all threads
 */
DispClock *
disp_system_clock_new (void)
{
  return g_object_new (DISP_TYPE_SYSTEM_CLOCK, NULL);
}
