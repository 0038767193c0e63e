/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/explanation.h"

#include "core/error.h"
#include "core/place.h"

/* How a model's next request would be dispatched, as org.dispatcherd.Dispatcher1.Explain()
 * documents it. */

/* What is said of a container, for one version of a model. */
typedef struct
{
  const DispContainer *container; /* (unowned) */
  const char *path;               /* (unowned) */
  gint64 version;
  const char *reason; /* (unowned) why it is not used; empty = it is */
  char *explanation;  /* (owned) */
  const char *health; /* (unowned) */
  double chance;
  double expected; /* when one request more would be done, in microseconds; 0 = not known */
} Entry;

/* What is said is about these. */
typedef struct
{
  const DispRoute *route; /* (unowned) */
  DispPlaceQuery query;
  guint n_waiting; /* of the model */
} Subject;

/* By what it is decided. */
static void
add_numbers (GVariantBuilder *builder, const Entry *entry, const Subject *subject)
{
  const DispContainer *container = entry->container;
  const guint max_in_flight = disp_container_get_max_in_flight (container,
                                                                subject->query.max_in_flight);
  const double load = (disp_stats_get_in_flight (container->stats) + 1) / container->quota;

  g_variant_builder_add (
      builder, "{sv}", "capacity",
      g_variant_new_uint32 (disp_capacity_get_limit (container->capacity, max_in_flight)));
  g_variant_builder_add (builder, "{sv}", "waiting", g_variant_new_uint32 (subject->n_waiting));
  g_variant_builder_add (builder, "{sv}", "load",
                         g_variant_new_double (container->quota > 0 ? load : 0));
  g_variant_builder_add (builder, "{sv}", "expected",
                         g_variant_new_uint64 ((guint64) entry->expected));
  g_variant_builder_add (builder, "{sv}", "target",
                         g_variant_new_uint64 ((guint64) (subject->route->sla * 1000)));
}

static GVariant *
describe (const Entry *entry, const Subject *subject)
{
  const DispContainer *container = entry->container;
  DispStatsValues counters;
  GVariantBuilder builder;

  disp_stats_read (container->stats, &counters);
  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&builder, "{sv}", "container", g_variant_new_string (container->name));
  g_variant_builder_add (&builder, "{sv}", "path", g_variant_new_object_path (entry->path));
  g_variant_builder_add (&builder, "{sv}", "version", g_variant_new_int64 (entry->version));
  g_variant_builder_add (&builder, "{sv}", "eligible",
                         g_variant_new_boolean (disp_container_is_eligible (container)));
  g_variant_builder_add (&builder, "{sv}", "reason", g_variant_new_string (entry->reason));
  g_variant_builder_add (&builder, "{sv}", "explanation",
                         g_variant_new_string (entry->explanation));
  g_variant_builder_add (&builder, "{sv}", "health", g_variant_new_string (entry->health));
  g_variant_builder_add (&builder, "{sv}", "quota", g_variant_new_double (container->quota));
  g_variant_builder_add (&builder, "{sv}", "in-flight",
                         g_variant_new_uint32 ((guint32) MAX (counters.in_flight, 0)));
  add_numbers (&builder, entry, subject);
  g_variant_builder_add (&builder, "{sv}", "latency", g_variant_new_uint64 (counters.latency));
  g_variant_builder_add (&builder, "{sv}", "chance", g_variant_new_double (entry->chance));
  g_variant_builder_add (&builder, "{sv}", "next", g_variant_new_boolean (entry->chance >= 1));
  return g_variant_builder_end (&builder);
}

/* Why one is not eligible. */
static void
explain_fleet (Entry *entry, gint64 now)
{
  const DispContainer *container = entry->container;
  gint64 never = G_MAXINT64;

  entry->health = disp_health_state_to_string (
      disp_standing_get_state (container->standing, now, &never));
  entry->reason = !container->active ? "inactive" : container->drained ? "drained" : "no-quota";
  entry->explanation = g_strdup (!container->active
                                     ? "the source of the fleet says that it does not run"
                                 : container->drained   ? "an operator drained it"
                                 : container->own_quota ? "an operator gave it quota 0"
                                                        : "the source of the fleet gives it quota "
                                                          "0");
}

/* Why one that is eligible is not used now. */
static void
explain_health (Entry *entry, const DispRoute *route, guint index, const DispPlaceQuery *query)
{
  gint64 until;
  DispHealthState state = disp_place_get_state (route, index, query->now, &until);
  double left = (double) (until - query->now) / G_USEC_PER_SEC;

  entry->health = disp_health_state_to_string (state);
  if (state < DISP_HEALTH_BUSY || disp_place_may_take (route, index, query))
    {
      entry->reason = "";
      entry->explanation = g_strdup ("");
      return;
    }
  entry->reason = entry->health;
  if (state == DISP_HEALTH_UNAVAILABLE)
    entry->explanation = g_strdup ("a check found that it does not serve the model");
  else if (state == DISP_HEALTH_EJECTED)
    entry->explanation = g_strdup_printf ("too many requests in a row failed there; it may be "
                                          "tried again in %.1f s",
                                          left);
  else if (until > 0)
    {
      entry->reason = disp_health_state_to_string (DISP_HEALTH_BUSY);
      entry->explanation = g_strdup_printf ("it said that it can take no more; it may be asked "
                                            "again in %.3f s",
                                            left);
    }
  else
    entry->explanation = g_strdup ("too many requests in a row failed there, and another is "
                                   "trying it now");
}

/* Says which of the eligible containers may be chosen: those that are used and have a place; else
 * those that are used; and if there is none, those that are busy, for which a request waits. */
static guint
find_candidates (const DispRoute *route, const DispPlaceQuery *query, guint *indices)
{
  DispPlaceCounts counts;
  guint n;

  disp_place_list (route, query, indices, &counts);
  n = counts.n_free;
  for (guint i = 0; counts.n_free == 0 && i < route->n_eligible; i++)
    if (disp_place_may_take (route, i, query)
        || (counts.n_usable == 0
            && disp_place_get_state (route, i, query->now, NULL) == DISP_HEALTH_BUSY))
      indices[n++] = i;
  return n;
}

/* The chance of each of the eligible containers. */
static double *
find_chances (DispRouting *routing, const DispRoute *route, const DispPlaceQuery *query)
{
  g_autofree guint *indices = g_new (guint, route->n_eligible);
  guint n = find_candidates (route, query, indices);
  g_autofree DispContainer **candidates = g_new (DispContainer *, n);
  g_autofree double *chances = g_new0 (double, n);
  double *found = g_new0 (double, route->n_eligible);

  if (n == 0)
    return found;
  for (guint i = 0; i < n; i++)
    candidates[i] = route->eligible[indices[i]];
  disp_policy_get_chances (disp_routing_get_policy (routing, route), candidates, n, chances);
  for (guint i = 0; i < n; i++)
    found[indices[i]] = chances[i];
  return found;
}

static void
add_route (GVariantBuilder *list, DispRouting *routing, DispObjectTree *tree,
           const Subject *subject)
{
  const DispRoute *route = subject->route;
  const DispPlaceQuery *query = &subject->query;
  g_autofree double *chances = find_chances (routing, route, query);
  g_autofree double *times = g_new (double, route->n_eligible);
  guint next = 0;

  disp_policy_get_times (disp_routing_get_policy (routing, route), route->eligible,
                         route->n_eligible, times);
  for (guint i = 0; i < route->n_containers; i++)
    {
      Entry entry = { .container = route->containers[i], .version = route->version };

      if (disp_container_is_eligible (entry.container))
        {
          explain_health (&entry, route, next, query);
          entry.expected = times[next];
          entry.chance = chances[next++];
        }
      else
        explain_fleet (&entry, query->now);
      entry.path = disp_object_tree_find_path (tree, entry.container);
      if (entry.path != NULL)
        g_variant_builder_add_value (list, describe (&entry, subject));
      g_free (entry.explanation);
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
  g_autoptr (DispEngineSettings) settings = disp_switchboard_ref_settings (switchboard);
  Subject subject = {
    .query.max_in_flight = settings->max_in_flight,
    .query.now = disp_clock_now (disp_switchboard_get_clock (switchboard)),
    .n_waiting = disp_waiting_room_get_length (disp_switchboard_get_waiting_room (switchboard),
                                               model),
  };
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
      {
        subject.route = routes[i];
        add_route (&list, routing, tree, &subject);
      }
  return g_variant_builder_end (&list);
}
