/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/route.h"

/* The cost of a candidate that should be tried, so that its pace becomes known: below all others.
 */
#define DISP_COST_EXPLORE (-G_MAXDOUBLE)

/**
 * DispEstimates:
 *
 * What one policy knows of the pace of the containers of its route.  All functions may be called
 * from any thread and none of them waits, but for those of which something else is said.
 */
typedef struct _DispEstimates DispEstimates;

DispEstimates *disp_estimates_new (void);
void disp_estimates_free (DispEstimates *self);
void disp_estimates_set_route (DispEstimates *self, const DispRoute *route);

void disp_estimates_started (DispEstimates *self, const DispContainer *container);
void disp_estimates_finished (DispEstimates *self, const DispContainer *container,
                              DispOutcome outcome, gint64 duration);

void disp_estimates_weigh (DispEstimates *self, DispContainer *const *candidates,
                           const guint *places, guint n_places, double *costs, double *loads);
void disp_estimates_get_times (DispEstimates *self, DispContainer *const *containers,
                               guint n_containers, double *times);
double disp_estimates_get_time (DispEstimates *self, const DispContainer *container);
gboolean disp_estimates_is_claimed (DispEstimates *self, const DispContainer *container);
gboolean disp_estimates_accept (DispEstimates *self, DispContainer *const *containers,
                                guint n_containers, guint index, guint n_before, gint64 waited);
gboolean disp_estimates_would_meet (DispEstimates *self, const DispContainer *container,
                                    guint n_before, gint64 waited, double target);
guint disp_estimates_choose (DispEstimates *self, DispContainer *const *candidates,
                             const guint *places, guint n_places, double *costs, GRand *random);
guint disp_estimates_select (DispEstimates *self, DispContainer *const *candidates,
                             guint n_candidates, GRand *random);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispEstimates, disp_estimates_free)
