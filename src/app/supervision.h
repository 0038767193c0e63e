/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/switchboard.h"

/**
 * DispSupervision:
 *
 * What the supervisor that started the daemon, such as systemd, has to do with it.  Main thread.
 */
typedef struct _DispSupervision DispSupervision;

DispSupervision *disp_supervision_new (void);
void disp_supervision_free (DispSupervision *self);

void disp_supervision_fail (DispSupervision *self, const GError *error);
void disp_supervision_ready (DispSupervision *self, DispSwitchboard *switchboard,
                             GPtrArray *heartbeats);
void disp_supervision_begin_reload (DispSupervision *self);
void disp_supervision_end_reload (DispSupervision *self);
void disp_supervision_stop (DispSupervision *self, gint64 patience);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispSupervision, disp_supervision_free)
