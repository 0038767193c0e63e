/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/baseline.h"
#include "core/stats.h"

/* In place of a number: the capacity is found by measuring. */
#define DISP_CAPACITY_AUTO 0

/**
 * DispCapacity:
 *
 * How many attempts a container may have in flight, and how many have a place there now.  Every
 * snapshot with the same container shares it.  All functions may be called from any thread and none
 * of them waits.
 */
typedef struct _DispCapacity DispCapacity;

DispCapacity *disp_capacity_new (void);
DispCapacity *disp_capacity_ref (DispCapacity *self);
void disp_capacity_unref (DispCapacity *self);

guint disp_capacity_take (DispCapacity *self, guint max_in_flight);
void disp_capacity_give (DispCapacity *self);
void disp_capacity_learn (DispCapacity *self, DispBaseline *baseline, DispOutcome outcome,
                          gint64 duration, guint n_taken, gint64 now);

gboolean disp_capacity_has_place (DispCapacity *self, guint max_in_flight);
guint disp_capacity_get_taken (DispCapacity *self);
guint disp_capacity_get_limit (DispCapacity *self, guint max_in_flight);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispCapacity, disp_capacity_unref)
