/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/policy-registry.h"

/**
 * DispShadow:
 *
 * A policy that decides beside the one of a route, among the same containers, without effect, and
 * how that compares.  All functions may be called from any thread and none of them waits, but for
 * those of which something else is said.
 */
typedef struct _DispShadow DispShadow;

/**
 * DispShadowCounts:
 * @decisions: how many times it decided, among two containers or more
 * @disagreements: of these, how often it chose another container than the policy
 * @unknown: of the disagreements, those in which the time of one of the two was not known
 * @gain: by how much the containers that it chose would have been done sooner, in microseconds:
 *   the sum over the disagreements in which they would have been
 * @loss: by how much they would have been done later, likewise
 *
 * How a shadow compares.  Each value is exact; together they are not one instant.
 */
typedef struct
{
  guint64 decisions;
  guint64 disagreements;
  guint64 unknown;
  guint64 gain;
  guint64 loss;
} DispShadowCounts;

DispShadow *disp_shadow_new (const DispPolicySpec *spec, const char *model);
DispShadow *disp_shadow_ref (DispShadow *self);
void disp_shadow_unref (DispShadow *self);
void disp_shadow_set_route (DispShadow *self, const DispRoute *route);

guint disp_shadow_decide (DispShadow *self, DispContainer *const *candidates, guint n_candidates,
                          const DispRequest *request, GRand *random, guint chosen);
void disp_shadow_started (DispShadow *self, const DispContainer *container);
void disp_shadow_finished (DispShadow *self, const DispContainer *container, DispOutcome outcome,
                           gint64 duration);

void disp_shadow_add_counts (DispShadow *self, DispShadowCounts *sum);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispShadow, disp_shadow_unref)
