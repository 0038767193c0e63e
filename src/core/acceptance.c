/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/acceptance.h"

/**
 * disp_acceptance_ask:
 * @policy: the policy of @route
 * @route: a route
 * @index: which of its eligible containers has a free place
 * @query: for whom
 * @n_before: see disp_policy_accepts()
 * @waited: likewise
 *
 * Asks the policy whether a request should take a free place, or wait for one at another container
 * that it may use: one that may not be used now is nothing to wait for.  Among more than
 * %DISP_POLICY_MAX_COMPARED any place is good enough.  Any thread.
 *
 * Returns: whether to take it
 */
gboolean
disp_acceptance_ask (DispPolicy *policy, const DispRoute *route, guint index,
                     const DispPlaceQuery *query, guint n_before, gint64 waited)
{
  DispContainer *usable[DISP_POLICY_MAX_COMPARED];
  guint n_usable = 0;
  guint asked = 0;

  if (!disp_policy_is_choosy (policy) || route->n_eligible > DISP_POLICY_MAX_COMPARED)
    return TRUE;
  for (guint i = 0; i < route->n_eligible; i++)
    {
      if (i == index)
        asked = n_usable;
      else if (!disp_place_may_take (route, i, query))
        continue;
      usable[n_usable++] = route->eligible[i];
    }
  return disp_policy_accepts (policy, usable, n_usable, asked, n_before, waited);
}
