/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/routing.h"

#include "core/tsan.h"

struct _DispRouting
{
  DispFleet *fleet;       /* (owned) */
  DispPolicies *policies; /* (owned) */
  GPtrArray *choosers;    /* (owned) (element-type DispPolicy, owned) by the index of the route */
  GPtrArray *tails;       /* (owned) (element-type DispTail, owned) by the index of the route */
  GPtrArray *shadows;     /* (owned) (nullable) (element-type DispShadow, owned) likewise */
};

/* The route of the same model and version that @previous has, if any: what is known of it goes on
 * over a change of the fleet. */
static const DispRoute *
find_same (DispRouting *previous, const DispRoute *route)
{
  const DispVersion version = {
    .kind = route->any_version ? DISP_VERSION_LABEL : DISP_VERSION_NUMBER,
    .number = route->version,
  };

  if (previous == NULL)
    return NULL;
  return disp_fleet_find (previous->fleet, route->model, &version, NULL);
}

/* The policy that @previous has for @same, if it is of the very same @spec: so its memory goes on,
 * also when only the policy of another model changes. */
static DispPolicy *
find_policy (DispRouting *previous, const DispPolicySpec *spec, const DispRoute *same)
{
  if (same == NULL || disp_policies_get (previous->policies, same->model) != spec)
    return NULL;
  return g_object_ref (disp_routing_get_policy (previous, same));
}

/* The shadow that @previous has for @same, if both it and the policy beside it are of the very same
 * specs: so it goes on counting the same. */
static DispShadow *
find_shadow (DispRouting *previous, const DispPolicies *policies, const DispRoute *same)
{
  if (same == NULL || previous->shadows == NULL
      || disp_policies_get_shadow (previous->policies) != disp_policies_get_shadow (policies)
      || disp_policies_get (previous->policies, same->model)
             != disp_policies_get (policies, same->model))
    return NULL;
  return disp_shadow_ref (disp_routing_get_shadow (previous, same));
}

static void
add_shadow (DispRouting *self, DispRouting *previous, const DispRoute *same, const DispRoute *route)
{
  DispShadow *shadow = find_shadow (previous, self->policies, same);

  if (shadow == NULL)
    shadow = disp_shadow_new (disp_policies_get_shadow (self->policies), route->model);
  disp_shadow_set_route (shadow, route);
  g_ptr_array_add (self->shadows, shadow);
}

/**
 * disp_routing_new:
 * @fleet: the fleet
 * @policies: which policy chooses for which model
 * @previous: (nullable): what was in force before
 *
 * A fleet with a policy for each of its routes.  Where @previous has the very same spec for a
 * model, its policies go on; what is known of a route goes on anyway.  Only the main thread makes
 * one; then it is immutable and any thread may use it.
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
  self->tails = g_ptr_array_new_full (n_routes, (GDestroyNotify) disp_tail_unref);
  if (disp_policies_get_shadow (policies) != NULL)
    self->shadows = g_ptr_array_new_full (n_routes, (GDestroyNotify) disp_shadow_unref);
  for (guint i = 0; i < n_routes; i++)
    {
      const DispPolicySpec *spec = disp_policies_get (policies, routes[i]->model);
      const DispRoute *same = find_same (previous, routes[i]);
      DispPolicy *policy = find_policy (previous, spec, same);

      if (policy == NULL)
        policy = disp_policy_spec_create (spec, routes[i]->model);
      disp_policy_fleet_changed (policy, routes[i]);
      g_ptr_array_add (self->choosers, policy);
      g_ptr_array_add (self->tails, same != NULL
                                        ? disp_tail_ref (disp_routing_get_tail (previous, same))
                                        : disp_tail_new ());
      if (self->shadows != NULL)
        add_shadow (self, previous, same, routes[i]);
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
  g_ptr_array_unref (self->tails);
  g_clear_pointer (&self->shadows, g_ptr_array_unref);
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

/**
 * disp_routing_get_tail:
 * @self: a routing
 * @route: a route of its fleet
 *
 * Returns: (transfer none): the tail of the answers of @route; shared by all routings that follow
 *   each other with the same model and version
 */
DispTail *
disp_routing_get_tail (const DispRouting *self, const DispRoute *route)
{
  g_assert (route->index < self->tails->len);
  return g_ptr_array_index (self->tails, route->index);
}

/**
 * disp_routing_get_shadow:
 * @self: a routing
 * @route: a route of its fleet
 *
 * Returns: (transfer none) (nullable): what decides beside the policy of @route, without effect;
 *   %NULL = nothing does
 */
DispShadow *
disp_routing_get_shadow (const DispRouting *self, const DispRoute *route)
{
  if (G_LIKELY (self->shadows == NULL))
    return NULL;
  g_assert (route->index < self->shadows->len);
  return g_ptr_array_index (self->shadows, route->index);
}

/**
 * disp_routing_count_shadow:
 * @self: a routing
 * @model: (nullable): a model; %NULL = all that the fleet has
 * @counts: (out caller-allocates): what the shadow counted for it; all 0 without a shadow
 */
void
disp_routing_count_shadow (const DispRouting *self, const char *model, DispShadowCounts *counts)
{
  guint n_routes;
  const DispRoute *const *routes = disp_fleet_get_routes (self->fleet, &n_routes);

  *counts = (DispShadowCounts){ 0 };
  for (guint i = 0; self->shadows != NULL && i < n_routes; i++)
    if (model == NULL || g_str_equal (routes[i]->model, model))
      disp_shadow_add_counts (g_ptr_array_index (self->shadows, i), counts);
}
