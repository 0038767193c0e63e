/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/baseline.h"
#include "core/cooling.h"
#include "core/health.h"

/**
 * DispStanding:
 *
 * How a container does, as far as its attempts and checks tell: its health, and how long it takes
 * when it does nothing else.  There is one for a container as a whole, and one for each model at
 * it. Every snapshot with the same container shares them.  All functions may be called from any
 * thread, and none of them waits but disp_standing_for_model() and disp_standing_get_state().
 */
typedef struct _DispStanding DispStanding;

/* Here so that it costs no calls to look at many; only standing.c and place.c do. */
struct _DispStanding
{
  /*< private >*/
  DispHealth health;
  DispCooling cooling;   /* of a container as a whole */
  DispBaseline baseline; /* of a model */
  DispStanding *whole;   /* (unowned) (nullable) of a model: that of the container */
  GMutex lock;
  GHashTable *models; /* (owned) (locked-by lock) (element-type utf8 DispStanding, both owned) */
};

DispStanding *disp_standing_new (void);
DispStanding *disp_standing_ref (DispStanding *self);
void disp_standing_unref (DispStanding *self);
DispStanding *disp_standing_for_model (DispStanding *self, const char *model);
gboolean disp_standing_set_available (DispStanding *self, gboolean available, gint64 now);
DispHealthState disp_standing_get_state (DispStanding *self, gint64 now, gint64 *next_change);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispStanding, disp_standing_unref)
