/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/explanation.h"

#include "core/error.h"

/* How a model's next request would be dispatched, as org.dispatcherd.Dispatcher1.Explain()
 * documents it. */

/* Why a container is not used. */
typedef struct
{
  const char *reason;
  const char *explanation;
} Reason;

static const Reason *
find_reason (const DispContainer *container)
{
  static const Reason none = { "", "" };
  static const Reason inactive = { "inactive",
                                   "the source of the fleet says that it does not run" };
  static const Reason drained = { "drained", "an operator drained it" };
  static const Reason own_quota = { "no-quota", "an operator gave it quota 0" };
  static const Reason source_quota = { "no-quota", "the source of the fleet gives it quota 0" };

  if (disp_container_is_eligible (container))
    return &none;
  if (!container->active)
    return &inactive;
  if (container->drained)
    return &drained;
  return container->own_quota ? &own_quota : &source_quota;
}

static GVariant *
describe (const DispContainer *container, const char *path, gint64 version, double chance)
{
  const Reason *reason = find_reason (container);
  DispStatsValues counters;
  GVariantBuilder builder;

  disp_stats_read (container->stats, &counters);
  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&builder, "{sv}", "container", g_variant_new_string (container->name));
  g_variant_builder_add (&builder, "{sv}", "path", g_variant_new_object_path (path));
  g_variant_builder_add (&builder, "{sv}", "version", g_variant_new_int64 (version));
  g_variant_builder_add (&builder, "{sv}", "eligible",
                         g_variant_new_boolean (disp_container_is_eligible (container)));
  g_variant_builder_add (&builder, "{sv}", "reason", g_variant_new_string (reason->reason));
  g_variant_builder_add (&builder, "{sv}", "explanation",
                         g_variant_new_string (reason->explanation));
  g_variant_builder_add (&builder, "{sv}", "quota", g_variant_new_double (container->quota));
  g_variant_builder_add (&builder, "{sv}", "in-flight",
                         g_variant_new_uint32 ((guint32) MAX (counters.in_flight, 0)));
  g_variant_builder_add (&builder, "{sv}", "latency", g_variant_new_uint64 (counters.latency));
  g_variant_builder_add (&builder, "{sv}", "chance", g_variant_new_double (chance));
  g_variant_builder_add (&builder, "{sv}", "next", g_variant_new_boolean (chance >= 1));
  return g_variant_builder_end (&builder);
}

static void
add_route (GVariantBuilder *list, DispRouting *routing, DispObjectTree *tree,
           const DispRoute *route)
{
  g_autofree double *chances = g_new0 (double, route->n_eligible);
  guint next = 0;

  disp_policy_get_chances (disp_routing_get_policy (routing, route), route->eligible,
                           route->n_eligible, chances);
  for (guint i = 0; i < route->n_containers; i++)
    {
      const DispContainer *container = route->containers[i];
      const char *path = disp_object_tree_find_path (tree, container);
      double chance = disp_container_is_eligible (container) ? chances[next++] : 0;

      if (path != NULL)
        g_variant_builder_add_value (list, describe (container, path, route->version, chance));
    }
}

/**
 * disp_explanation_new:
 * @switchboard: what decides
 * @tree: the containers
 * @model: the name of a model
 * @policy: (out): the name of the policy that chooses for it, which is never freed
 * @error: %DISP_ERROR_NO_FLEET or %DISP_ERROR_UNKNOWN_MODEL
 *
 * Returns: (transfer floating) (nullable): the containers of the model, as aa{sv}
 */
GVariant *
disp_explanation_new (DispSwitchboard *switchboard, DispObjectTree *tree, const char *model,
                      const char **policy, GError **error)
{
  const DispVersion any = { .kind = DISP_VERSION_LABEL };
  g_autoptr (DispRouting) routing = disp_switchboard_ref_routing (switchboard);
  const DispRoute *const *routes;
  guint n_routes;
  GVariantBuilder list;

  if (routing == NULL)
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_NO_FLEET, "no fleet is known yet");
      return NULL;
    }
  if (disp_fleet_find (disp_routing_get_fleet (routing), model, &any, error) == NULL)
    return NULL;
  *policy = disp_policy_spec_get_name (
      disp_policies_get (disp_routing_get_policies (routing), model));
  routes = disp_fleet_get_routes (disp_routing_get_fleet (routing), &n_routes);
  g_variant_builder_init (&list, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < n_routes; i++)
    if (!routes[i]->any_version && g_str_equal (routes[i]->model, model))
      add_route (&list, routing, tree, routes[i]);
  return g_variant_builder_end (&list);
}
