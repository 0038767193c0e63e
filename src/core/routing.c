/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/routing.h"

#include "core/tsan.h"

struct _DispRouting
{
  DispFleet *fleet;       /* (owned) */
  DispPolicies *policies; /* (owned) */
  GPtrArray *choosers;    /* (owned) (element-type DispPolicy, owned) by the index of the route */
};

/* The policy that @previous has for the same route, if it is of the very same @spec: so its memory
 * goes on over a change of the fleet, or of the policy of another model. */
static DispPolicy *
find_policy (DispRouting *previous, const DispPolicySpec *spec, const DispRoute *route)
{
  const DispVersion version = {
    .kind = route->any_version ? DISP_VERSION_LABEL : DISP_VERSION_NUMBER,
    .number = route->version,
  };
  const DispRoute *same = NULL;

  if (previous != NULL && disp_policies_get (previous->policies, route->model) == spec)
    same = disp_fleet_find (previous->fleet, route->model, &version, NULL);
  return same != NULL ? g_object_ref (disp_routing_get_policy (previous, same)) : NULL;
}

/**
 * disp_routing_new:
 * @fleet: the fleet
 * @policies: which policy chooses for which model
 * @previous: (nullable): what was in force before
 *
 * A fleet with a policy for each of its routes.  Where @previous has the very same spec for a
 * model, its policies go on.  Only the main thread makes one; then it is immutable and any thread
 * may use it.
 *
 * Returns: (transfer full): the routing
 */
DispRouting *
disp_routing_new (DispFleet *fleet, DispPolicies *policies, DispRouting *previous)
{
  DispRouting *self = g_atomic_rc_box_new0 (DispRouting);
  guint n_routes;
  const DispRoute *const *routes = disp_fleet_get_routes (fleet, &n_routes);

  self->fleet = disp_fleet_ref (fleet);
  self->policies = disp_policies_ref (policies);
  self->choosers = g_ptr_array_new_full (n_routes, g_object_unref);
  for (guint i = 0; i < n_routes; i++)
    {
      const DispPolicySpec *spec = disp_policies_get (policies, routes[i]->model);
      DispPolicy *policy = find_policy (previous, spec, routes[i]);

      if (policy == NULL)
        policy = disp_policy_spec_create (spec, routes[i]->model);
      disp_policy_fleet_changed (policy, routes[i]);
      g_ptr_array_add (self->choosers, policy);
    }
  return self;
}

/**
 * disp_routing_ref:
 * @self: a routing
 *
 * Returns: (transfer full): @self; any thread
 */
DispRouting *
disp_routing_ref (DispRouting *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
routing_clear (gpointer data)
{
  DispRouting *self = data;

  DISP_TSAN_ACQUIRE (self);
  g_ptr_array_unref (self->choosers);
  disp_policies_unref (self->policies);
  disp_fleet_unref (self->fleet);
}

/**
 * disp_routing_unref:
 * @self: (transfer full): a routing
 *
 * Gives a reference up; whichever thread gives up the last frees it.
 */
void
disp_routing_unref (DispRouting *self)
{
  DISP_TSAN_RELEASE (self);
  g_atomic_rc_box_release_full (self, routing_clear);
}

/**
 * disp_routing_get_fleet:
 * @self: a routing
 *
 * Returns: (transfer none): its fleet
 */
DispFleet *
disp_routing_get_fleet (const DispRouting *self)
{
  return self->fleet;
}

/**
 * disp_routing_get_policies:
 * @self: a routing
 *
 * Returns: (transfer none): which policy chooses for which model
 */
DispPolicies *
disp_routing_get_policies (const DispRouting *self)
{
  return self->policies;
}

/**
 * disp_routing_get_policy:
 * @self: a routing
 * @route: a route of its fleet
 *
 * Returns: (transfer none): the policy that chooses for @route
 */
DispPolicy *
disp_routing_get_policy (const DispRouting *self, const DispRoute *route)
{
  g_assert (route->index < self->choosers->len);
  return g_ptr_array_index (self->choosers, route->index);
}
