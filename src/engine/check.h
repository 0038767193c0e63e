/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/clock.h"
#include "engine/finding.h"

/**
 * DispCheck:
 *
 * One check of a model at a container, while it is under way.
 */
typedef struct _DispCheck DispCheck;

/**
 * DispCheckEnded:
 * @finding: what it found
 * @reason: (nullable): why, in words, unless the model is available
 * @user_data: as given to disp_check_start()
 *
 * Called once, on the thread of disp_check_start(), when a check has ended.
 */
typedef void (*DispCheckEnded) (DispFinding finding, const char *reason, gpointer user_data);

DispCheck *disp_check_start (DispTransport *transport, DispClock *clock, DispContainer *container,
                             const DispCheckQuestion *question, gint64 time_limit,
                             DispCheckEnded ended, gpointer user_data);
void disp_check_abandon (DispCheck *self);
