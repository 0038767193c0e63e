/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/clock.h"

#define TYPE_FAKE_CLOCK (fake_clock_get_type ())
G_DECLARE_FINAL_TYPE (FakeClock, fake_clock, FAKE, CLOCK, GObject)

FakeClock *fake_clock_new (void);
gboolean fake_clock_step (FakeClock *self, gint64 end);
void fake_clock_advance (FakeClock *self, gint64 microseconds);
guint fake_clock_count_timers (FakeClock *self);
guint fake_clock_count_named_timers (FakeClock *self, const char *name);
