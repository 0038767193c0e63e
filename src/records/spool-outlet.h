/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "records/letter.h"
#include "records/spool.h"

/**
 * DispSpoolOutlet:
 *
 * The end of a spool where letters are taken out.
 */
typedef struct _DispSpoolOutlet DispSpoolOutlet;

DispSpoolOutlet *disp_spool_outlet_new (DispSpool *spool, GError **error);
void disp_spool_outlet_free (DispSpoolOutlet *self);
gboolean disp_spool_outlet_list (DispSpoolOutlet *self, guint max, GPtrArray *letters,
                                 GError **error);
gboolean disp_spool_outlet_read (DispSpoolOutlet *self, const DispLetter *letter, GBytes **document,
                                 GError **error);
gboolean disp_spool_outlet_remove (DispSpoolOutlet *self, GPtrArray *letters, GError **error);
gboolean disp_spool_outlet_tidy (DispSpoolOutlet *self, gboolean *more, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispSpoolOutlet, disp_spool_outlet_free)
