/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/policy.h"

G_DEFINE_INTERFACE (DispPolicy, disp_policy, G_TYPE_OBJECT)

static void
disp_policy_default_init (G_GNUC_UNUSED DispPolicyInterface *iface)
{
}

/**
 * disp_policy_select:
 * @self: a policy
 * @candidates: (array length=n_candidates): the containers to choose among, all eligible, in fleet
 * order
 * @n_candidates: how many, at least 1
 * @request: what is asked
 * @random: a generator of the calling thread
 *
 * Chooses a container.  Any thread may call this at any time.
 *
 * Returns: the index of the chosen one
 */
guint
disp_policy_select (DispPolicy *self, DispContainer *const *candidates, guint n_candidates,
                    const DispRequest *request, GRand *random)
{
  guint index;

  g_return_val_if_fail (n_candidates > 0, 0);

  index = DISP_POLICY_GET_IFACE (self)->select (self, candidates, n_candidates, request, random);
  g_assert (index < n_candidates);
  return index;
}

/**
 * disp_policy_is_choosy:
 * @self: a policy
 *
 * Returns: whether disp_policy_accepts() may ever say no
 */
gboolean
disp_policy_is_choosy (DispPolicy *self)
{
  return DISP_POLICY_GET_IFACE (self)->accepts != NULL;
}

/**
 * disp_policy_accepts:
 * @self: a policy
 * @containers: (array length=n_containers): those that may be used, with a free place or without
 * @n_containers: how many
 * @index: the one that has a free place
 * @n_before: how many wait for the same and would go before
 * @waited: how long the request has waited, in microseconds
 *
 * Asks whether a request should take a free place, or rather wait for one at a better container.
 * Any thread; it may be asked for many that wait, under a lock, so it is quick.
 *
 * Returns: whether to take it; %TRUE if the policy does not say otherwise
 */
gboolean
disp_policy_accepts (DispPolicy *self, DispContainer *const *containers, guint n_containers,
                     guint index, guint n_before, gint64 waited)
{
  DispPolicyInterface *iface = DISP_POLICY_GET_IFACE (self);

  return iface->accepts == NULL
         || iface->accepts (self, containers, n_containers, index, n_before, waited);
}

/**
 * disp_policy_get_chances:
 * @self: a policy
 * @candidates: (array length=n_candidates): as of disp_policy_select()
 * @n_candidates: how many
 * @chances: (out caller-allocates) (array length=n_candidates): for each the probability that
 *   disp_policy_select() chooses it next; all are equal if the policy does not say otherwise
 *
 * Looks ahead, and changes nothing.  Any thread; who chooses meanwhile may change the answer.
 */
void
disp_policy_get_chances (DispPolicy *self, DispContainer *const *candidates, guint n_candidates,
                         double *chances)
{
  DispPolicyInterface *iface = DISP_POLICY_GET_IFACE (self);

  for (guint i = 0; i < n_candidates; i++)
    chances[i] = 1.0 / n_candidates;
  if (n_candidates > 0 && iface->get_chances != NULL)
    iface->get_chances (self, candidates, n_candidates, chances);
}

/**
 * disp_policy_get_times:
 * @self: a policy
 * @containers: (array length=n_containers): containers of its route
 * @n_containers: how many
 * @times: (out caller-allocates) (array length=n_containers): for each in how many microseconds one
 *   attempt more would be done there, as the policy expects; 0 if it does not know, or does not go
 *   by that
 *
 * Says by what it decides, and changes nothing.  Any thread.
 */
void
disp_policy_get_times (DispPolicy *self, DispContainer *const *containers, guint n_containers,
                       double *times)
{
  DispPolicyInterface *iface = DISP_POLICY_GET_IFACE (self);

  for (guint i = 0; i < n_containers; i++)
    times[i] = 0;
  if (iface->get_times != NULL)
    iface->get_times (self, containers, n_containers, times);
}

/**
 * disp_policy_request_started:
 * @self: a policy
 * @container: the container to which a request is being sent
 *
 * Tells of an attempt that begins.  Any thread.
 */
void
disp_policy_request_started (DispPolicy *self, const DispContainer *container)
{
  DispPolicyInterface *iface = DISP_POLICY_GET_IFACE (self);

  if (iface->request_started != NULL)
    iface->request_started (self, container);
}

/**
 * disp_policy_request_finished:
 * @self: a policy
 * @container: the container
 * @outcome: how the attempt ended
 * @duration: how long it took, in microseconds
 *
 * Tells of an attempt that ended; there is one for each disp_policy_request_started().  Any thread.
 */
void
disp_policy_request_finished (DispPolicy *self, const DispContainer *container, DispOutcome outcome,
                              gint64 duration)
{
  DispPolicyInterface *iface = DISP_POLICY_GET_IFACE (self);

  if (iface->request_finished != NULL)
    iface->request_finished (self, container, outcome, duration);
}

/**
 * disp_policy_fleet_changed:
 * @self: a policy
 * @route: (transfer none): the route that it chooses for, as it is from now on
 *
 * Tells of a new fleet, before the first pick from it.  Main thread.
 */
void
disp_policy_fleet_changed (DispPolicy *self, const DispRoute *route)
{
  DispPolicyInterface *iface = DISP_POLICY_GET_IFACE (self);

  if (iface->fleet_changed != NULL)
    iface->fleet_changed (self, route);
}
