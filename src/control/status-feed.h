/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "control/notify.h"
#include "engine/switchboard.h"

/**
 * DispStatusFeed:
 *
 * Keeps the supervisor informed of how the daemon is, in one line.
 */
typedef struct _DispStatusFeed DispStatusFeed;

DispStatusFeed *disp_status_feed_new (DispNotify *notify, DispSwitchboard *switchboard);
void disp_status_feed_free (DispStatusFeed *self);

void disp_status_feed_begin_reload (DispStatusFeed *self);
void disp_status_feed_end_reload (DispStatusFeed *self);
void disp_status_feed_stop (DispStatusFeed *self, gint64 patience);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispStatusFeed, disp_status_feed_free)
