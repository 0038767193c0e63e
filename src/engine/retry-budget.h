/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Of the requests that are active, how many may have a further attempt, in percent. */
#define DISP_RETRY_BUDGET_PERCENT 20
/* So many may at least. */
#define DISP_RETRY_BUDGET_MIN 3
/* Of all attempts, how many may be hedges, in percent. */
#define DISP_RETRY_BUDGET_HEDGES 5

/**
 * DispRetryBudget:
 *
 * How many further attempts there may be, so that they do not bring down what still works.  One for
 * the whole daemon.  All functions may be called from any thread and none of them waits.
 */
typedef struct _DispRetryBudget DispRetryBudget;

DispRetryBudget *disp_retry_budget_new (void);
DispRetryBudget *disp_retry_budget_ref (DispRetryBudget *self);
void disp_retry_budget_unref (DispRetryBudget *self);

void disp_retry_budget_earn (DispRetryBudget *self);
gboolean disp_retry_budget_take (DispRetryBudget *self, guint n_active);
gboolean disp_retry_budget_take_hedge (DispRetryBudget *self, guint n_active);
void disp_retry_budget_give (DispRetryBudget *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispRetryBudget, disp_retry_budget_unref)
