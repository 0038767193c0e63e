/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/limit-window.h"

/**
 * DispLimitDip:
 * @active: whether the limit is 1, so that an attempt has the container to itself
 * @n_lone: how many had
 * @longest: the longest of those that it waited for
 * @cost: what the dip took, and after it, what the latest did
 * @over: when the latest was over
 *
 * A short time in which the limit is 1.
 */
typedef struct
{
  gboolean active;
  guint n_lone;
  gint64 longest;
  gint64 cost;
  gint64 over;
} DispLimitDip;

/**
 * DispLimitMark:
 * @n_taken: how many attempts were in flight; 0 = there is no mark
 * @slowness: how many times longer answers took than they may
 *
 * How it was once, to be compared with how it is with other numbers in flight.
 */
typedef struct
{
  double n_taken;
  double slowness;
} DispLimitMark;

/**
 * DispLimitRule:
 * @limit: how many attempts a container should have, with the fraction of the next
 * @allowance: how many times longer than by the baseline answers may take, as marks showed
 * @starts: whether nothing is known of how many are too many
 * @changed: when the limit in force was changed
 * @checked: when there was a dip or a stretch last
 * @n_checks: how many there were
 * @cut: when the container was found overloaded
 * @n_refused: the number of attempts that it refused, then
 * @n_windows: how many windows there were
 * @n_then: how many there had been at the latest dip or stretch
 * @window: that which is open
 * @dip: see #DispLimitDip
 * @mark: see #DispLimitMark
 * @stretched: when the limit is doubled for a window, to see what that does: what it was; else 0
 *
 * How many attempts a container should have, found from how long they take.  A plain value: who
 * uses it sees that no two threads do at once.  Times and durations are in microseconds.
 */
typedef struct
{
  double limit;
  double allowance;
  gboolean starts;
  gint64 changed;
  gint64 checked;
  guint n_checks;
  gint64 cut;
  guint n_refused;
  guint n_windows;
  guint n_then;
  DispLimitWindow window;
  DispLimitDip dip;
  DispLimitMark mark;
  double stretched;
} DispLimitRule;

void disp_limit_rule_init (DispLimitRule *self);
void disp_limit_rule_learn (DispLimitRule *self, DispBaseline *baseline,
                            const DispLimitSample *sample);

/**
 * disp_limit_rule_get:
 * @self: a rule
 *
 * Returns: the limit in force, at least 1
 */
static inline guint
disp_limit_rule_get (const DispLimitRule *self)
{
  return self->dip.active ? 1 : (guint) self->limit;
}
