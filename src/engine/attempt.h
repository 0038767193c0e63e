/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/policy.h"
#include "engine/clock.h"
#include "engine/notice.h"
#include "engine/transport.h"

typedef struct _DispAttempt DispAttempt;

/**
 * DispAttemptEnded:
 * @outcome: how
 * @duration: how long it took, in microseconds
 * @answer: (transfer full) (nullable): the container's answer, whatever its status
 * @error: (nullable): why there is none
 * @user_data: as given to disp_attempt_start()
 *
 * Called once when an attempt has ended, after the counters know of it.
 */
typedef void (*DispAttemptEnded) (DispOutcome outcome, gint64 duration, DispAnswer *answer,
                                  const GError *error, gpointer user_data);

DispAttempt *disp_attempt_start (DispTransport *transport, DispClock *clock, DispNotice *notice,
                                 DispPolicy *policy, DispContainer *container, DispRequest *request,
                                 const char *path, DispAttemptEnded ended, gpointer user_data);
void disp_attempt_cancel (DispAttempt *self, DispOutcome outcome, GError *error);
