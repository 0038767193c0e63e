/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/notice.h"
#include "records/http-poster.h"
#include "records/spool-outlet.h"

/**
 * DispDelivery:
 *
 * Carries letters from a spool to a Requests Store.
 */
typedef struct _DispDelivery DispDelivery;

DispDelivery *disp_delivery_new (DispSpoolOutlet *outlet, DispHttpPoster *poster, DispClock *clock,
                                 DispNotice *notice, gboolean coalesces, guint n_posts,
                                 GMainContext *context);
void disp_delivery_free (DispDelivery *self);
void disp_delivery_set_coalesces (DispDelivery *self, gboolean coalesces);
void disp_delivery_wake (DispDelivery *self);
void disp_delivery_end (DispDelivery *self);
void disp_delivery_abort (DispDelivery *self);
gboolean disp_delivery_has_ended (DispDelivery *self);
guint disp_delivery_count_posts (DispDelivery *self);
guint64 disp_delivery_count_refused (DispDelivery *self);
char *disp_delivery_dup_problem (DispDelivery *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispDelivery, disp_delivery_free)
