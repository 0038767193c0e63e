/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/baseline.h"
#include "core/limit-rule.h"
#include "core/stats.h"

/* The places that are taken, and whether more than one was at once since none was. */
#define DISP_CAPACITY_TAKEN_MASK 0x7fffffffU
#define DISP_CAPACITY_CROWDED 0x80000000U

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

/* Here so that it costs no calls to look at many; only capacity.c does. */
struct _DispCapacity
{
  /*< private >*/
  atomic_uint places;    /* (atomic) see DISP_CAPACITY_CROWDED */
  atomic_uint limit;     /* (atomic) what was found by measuring: that of the rule */
  atomic_flag is_taught; /* (atomic) whether a thread uses the rule */
  DispLimitRule rule;    /* (locked-by is_taught) */
};

DispCapacity *disp_capacity_new (void);
DispCapacity *disp_capacity_ref (DispCapacity *self);
void disp_capacity_unref (DispCapacity *self);

guint disp_capacity_take (DispCapacity *self, guint max_in_flight);
void disp_capacity_give (DispCapacity *self);
void disp_capacity_learn (DispCapacity *self, DispBaseline *baseline, DispOutcome outcome,
                          gint64 duration, guint n_taken, gint64 now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispCapacity, disp_capacity_unref)

/* What is asked of each candidate at each decision stands here, to cost no calls. */

/**
 * disp_capacity_get_taken:
 * @self: a capacity
 *
 * Returns: how many places are taken
 */
static inline guint
disp_capacity_get_taken (DispCapacity *self)
{
  return atomic_load (&self->places) & DISP_CAPACITY_TAKEN_MASK;
}

/**
 * disp_capacity_get_limit:
 * @self: a capacity
 * @max_in_flight: see disp_capacity_take()
 *
 * Returns: how many places there are, at least 1
 */
static inline guint
disp_capacity_get_limit (DispCapacity *self, guint max_in_flight)
{
  return max_in_flight != DISP_CAPACITY_AUTO
             ? max_in_flight
             : atomic_load_explicit (&self->limit, memory_order_relaxed);
}

/**
 * disp_capacity_has_place:
 * @self: a capacity
 * @max_in_flight: see disp_capacity_take()
 *
 * Returns: whether a place is free
 */
static inline gboolean
disp_capacity_has_place (DispCapacity *self, guint max_in_flight)
{
  return disp_capacity_get_taken (self) < disp_capacity_get_limit (self, max_in_flight);
}
