/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/retry-budget.h"

#include "core/tsan.h"

#include <stdatomic.h>

/*
 * A bound on how many further attempts are active at once, as a part of all that is active, is the
 * retry budget of Envoy's circuit breakers: when everything fails, the load grows by that part and
 * no more.  What each first attempt earns for later is that of Finagle's RetryBudget: it bounds how
 * many there are of all attempts, however short they are.
 */

/* A first attempt earns one part; a hedge takes so many. */
#define HEDGE_PRICE (100 / DISP_RETRY_BUDGET_HEDGES)
/* More than so many hedges are not saved up for: they would come all at once. */
#define MAX_SAVED (10 * HEDGE_PRICE)

struct _DispRetryBudget
{
  atomic_uint n_taken; /* (atomic) further attempts that are active */
  atomic_uint n_saved; /* (atomic) parts that were earned for hedges */
};

/**
 * disp_retry_budget_new:
 *
 * Returns: (transfer full): a budget of which nothing is taken, and in which nothing is saved
 */
DispRetryBudget *
disp_retry_budget_new (void)
{
  return g_atomic_rc_box_new0 (DispRetryBudget);
}

/**
 * disp_retry_budget_ref:
 * @self: a budget
 *
 * Returns: (transfer full): @self; any thread
 */
DispRetryBudget *
disp_retry_budget_ref (DispRetryBudget *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
budget_clear (gpointer self)
{
  DISP_TSAN_ACQUIRE (self);
}

/**
 * disp_retry_budget_unref:
 * @self: (transfer full): a budget
 *
 * Gives a reference up; whichever thread gives up the last frees it.
 */
void
disp_retry_budget_unref (DispRetryBudget *self)
{
  DISP_TSAN_RELEASE (self);
  g_atomic_rc_box_release_full (self, budget_clear);
}

static void
save (DispRetryBudget *self, guint n_parts)
{
  guint n_saved = atomic_load_explicit (&self->n_saved, memory_order_relaxed);

  do
    if (n_saved >= MAX_SAVED)
      return;
  while (
      !atomic_compare_exchange_weak (&self->n_saved, &n_saved, MIN (n_saved + n_parts, MAX_SAVED)));
}

static gboolean
spend (DispRetryBudget *self, guint n_parts)
{
  guint n_saved = atomic_load_explicit (&self->n_saved, memory_order_relaxed);

  do
    if (n_saved < n_parts)
      return FALSE;
  while (!atomic_compare_exchange_weak (&self->n_saved, &n_saved, n_saved - n_parts));
  return TRUE;
}

/**
 * disp_retry_budget_earn:
 * @self: the budget
 *
 * Tells of the first attempt of a request: twenty of them pay a hedge.
 */
void
disp_retry_budget_earn (DispRetryBudget *self)
{
  save (self, 1);
}

/**
 * disp_retry_budget_take:
 * @self: the budget
 * @n_active: how many requests are active
 *
 * Asks for a further attempt of a request whose last one is over.  When it is over too,
 * disp_retry_budget_give() gives it back.
 *
 * Returns: whether there may be one: of as many active requests, a fifth may have one, and three
 *   may always
 */
gboolean
disp_retry_budget_take (DispRetryBudget *self, guint n_active)
{
  guint64 part = (guint64) n_active * DISP_RETRY_BUDGET_PERCENT / 100;
  guint limit = (guint) MAX (part, DISP_RETRY_BUDGET_MIN);
  guint n_taken = atomic_load_explicit (&self->n_taken, memory_order_relaxed);

  do
    if (n_taken >= limit)
      return FALSE;
  while (!atomic_compare_exchange_weak (&self->n_taken, &n_taken, n_taken + 1));
  return TRUE;
}

/**
 * disp_retry_budget_take_hedge:
 * @self: the budget
 * @n_active: how many requests are active
 *
 * Asks for a further attempt of a request beside the one that it has.  When that one is over,
 * disp_retry_budget_give() gives it back.
 *
 * Returns: whether there may be one: as of disp_retry_budget_take(), and no more than a twentieth
 *   of all first attempts that were earned
 */
gboolean
disp_retry_budget_take_hedge (DispRetryBudget *self, guint n_active)
{
  if (!spend (self, HEDGE_PRICE))
    return FALSE;
  if (disp_retry_budget_take (self, n_active))
    return TRUE;
  save (self, HEDGE_PRICE);
  return FALSE;
}

/**
 * disp_retry_budget_give:
 * @self: the budget
 *
 * Tells that a further attempt is over.
 */
void
disp_retry_budget_give (DispRetryBudget *self)
{
  guint n_taken = atomic_fetch_sub (&self->n_taken, 1);

  g_assert (n_taken > 0);
}
