/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#define DISP_TYPE_CLOCK (disp_clock_get_type ())
G_DECLARE_INTERFACE (DispClock, disp_clock, DISP, CLOCK, GObject)

/**
 * DispClockInterface:
 * @now: see disp_clock_now()
 * @now_real: see disp_clock_now_real()
 * @add_timer: see disp_clock_add_timer()
 *
 * The port through which everything above the ground floor sees time.
 */
struct _DispClockInterface
{
  GTypeInterface parent;
  gint64 (*now) (DispClock *self);
  gint64 (*now_real) (DispClock *self);
  GSource *(*add_timer) (DispClock *self, gint64 at, const char *name, GSourceFunc callback,
                         gpointer user_data);
};

gint64 disp_clock_now (DispClock *self);
gint64 disp_clock_now_real (DispClock *self);
GSource *disp_clock_add_timer (DispClock *self, gint64 at, const char *name, GSourceFunc callback,
                               gpointer user_data);
void disp_clock_clear_timer (GSource **timer);

#define DISP_TYPE_SYSTEM_CLOCK (disp_system_clock_get_type ())
G_DECLARE_FINAL_TYPE (DispSystemClock, disp_system_clock, DISP, SYSTEM_CLOCK, GObject)

DispClock *disp_system_clock_new (void);
