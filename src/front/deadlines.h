/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/clock.h"
#include "net/timer-wheel.h"

/**
 * DispDeadlines:
 *
 * The deadlines of the connections of one thread: a timer wheel that a clock drives.  However many
 * are set, moved and cleared, the loop wakes up at most every 100 ms, and so calls none later than
 * that; it wakes up once where those that were moved or cleared had been, and without any never.
 */
typedef struct _DispDeadlines DispDeadlines;

DispDeadlines *disp_deadlines_new (DispClock *clock);
void disp_deadlines_free (DispDeadlines *self);

gint64 disp_deadlines_now (DispDeadlines *self);
void disp_deadlines_set (DispDeadlines *self, DispDeadline *deadline, gint64 at);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispDeadlines, disp_deadlines_free)
