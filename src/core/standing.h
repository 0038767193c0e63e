/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/baseline.h"
#include "core/stats.h"

/**
 * DispStanding:
 *
 * How a container does, as far as its attempts and checks tell: its health, and how long it takes
 * when it does nothing else.  There is one for a container as a whole, and one for each model at
 * it. Every snapshot with the same container shares them.  All functions may be called from any
 * thread, and none of them waits but disp_standing_for_model().
 */
typedef struct _DispStanding DispStanding;

DispStanding *disp_standing_new (void);
DispStanding *disp_standing_ref (DispStanding *self);
void disp_standing_unref (DispStanding *self);
DispStanding *disp_standing_for_model (DispStanding *self, const char *model);
DispBaseline *disp_standing_get_baseline (DispStanding *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispStanding, disp_standing_unref)
