/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/record.h"
#include "records/spool.h"

/**
 * DispSpoolInlet:
 *
 * The end of a spool where records come in.
 */
typedef struct _DispSpoolInlet DispSpoolInlet;

DispSpoolInlet *disp_spool_inlet_new (DispSpool *spool, gboolean coalesces, gboolean committed,
                                      GError **error);
void disp_spool_inlet_free (DispSpoolInlet *self);
void disp_spool_inlet_set_coalesces (DispSpoolInlet *self, gboolean coalesces);
gboolean disp_spool_inlet_append (DispSpoolInlet *self, DispRecord *const *records, guint n_records,
                                  guint *n_taken, guint *n_refused, GError **error);
void disp_spool_inlet_tidy (DispSpoolInlet *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispSpoolInlet, disp_spool_inlet_free)
