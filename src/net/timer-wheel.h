/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * DISP_TIMER_WHEEL_TICK:
 *
 * How finely a wheel tells deadlines apart, in microseconds: to advance it more often costs more
 * than it brings.
 */
#define DISP_TIMER_WHEEL_TICK G_GINT64_CONSTANT (100000)

/**
 * DispTimerWheel:
 *
 * Many deadlines, of which most are moved or taken away before they come: setting one costs the
 * same however many there are.  Knows no clock: its user says what time it is.  Belongs to one
 * thread.
 */
typedef struct _DispTimerWheel DispTimerWheel;
typedef struct _DispDeadline DispDeadline;

/**
 * DispDeadlineDue:
 * @self: a deadline that has come, and is not set any longer; it may be set again, and freed
 */
typedef void (*DispDeadlineDue) (DispDeadline *self);

/**
 * DispDeadline:
 *
 * A member of what has the deadline; all zero but @due until it is set.
 */
struct _DispDeadline
{
  DispDeadlineDue due;
  /*< private >*/
  gint64 at;             /* in microseconds */
  DispTimerWheel *wheel; /* (unowned) (nullable) while it is set */
  DispDeadline *next;
  DispDeadline *previous;
};

DispTimerWheel *disp_timer_wheel_new (gint64 now);
void disp_timer_wheel_free (DispTimerWheel *self);

void disp_timer_wheel_set (DispTimerWheel *self, DispDeadline *deadline, gint64 at);
void disp_deadline_clear (DispDeadline *self);
gboolean disp_deadline_is_set (const DispDeadline *self);
void disp_timer_wheel_advance (DispTimerWheel *self, gint64 now);
gint64 disp_timer_wheel_get_next (DispTimerWheel *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispTimerWheel, disp_timer_wheel_free)
