/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/statistics.h"

/* All counters as one value, as org.dispatcherd.Dispatcher1.GetStatistics() documents it. */

static GVariant *
list_latencies (DispStats *stats)
{
  guint64 counts[DISP_STATS_N_LATENCIES];
  GVariantBuilder list;

  disp_stats_read_latencies (stats, counts);
  g_variant_builder_init (&list, G_VARIANT_TYPE ("a(tt)"));
  for (guint i = 0; i < DISP_STATS_N_LATENCIES; i++)
    if (counts[i] > 0)
      g_variant_builder_add (&list, "(tt)", disp_stats_get_latency_bound (i), counts[i]);
  return g_variant_builder_end (&list);
}

static void
add_number (GVariantBuilder *builder, const char *name, guint64 value)
{
  g_variant_builder_add (builder, "{sv}", name, g_variant_new_uint64 (value));
}

static void
add_stats (GVariantBuilder *builder, DispStats *stats)
{
  DispStatsValues values;

  disp_stats_read (stats, &values);
  g_variant_builder_add (builder, "{sv}", "in-flight",
                         g_variant_new_uint32 ((guint32) MAX (values.in_flight, 0)));
  add_number (builder, "requests", values.started);
  add_number (builder, "succeeded", values.succeeded);
  add_number (builder, "failed", values.failed);
  add_number (builder, "cancelled", values.cancelled);
  add_number (builder, "latency", values.latency);
  g_variant_builder_add (builder, "{sv}", "latencies", list_latencies (stats));
}

static void
add_waits (GVariantBuilder *builder, DispWaitingRoom *room)
{
  DispWaitCounts counts;

  disp_waiting_room_read (room, NULL, &counts);
  g_variant_builder_add (builder, "{sv}", "waiting", g_variant_new_uint32 (counts.n_waiting));
  add_number (builder, "waited", counts.n_waited);
  add_number (builder, "refused", counts.n_refused);
}

static void
add_records (GVariantBuilder *builder, DispRecordSink *sink)
{
  DispRecordSinkValues values;

  disp_record_sink_read (sink, &values);
  add_number (builder, "records-pushed", values.pushed);
  add_number (builder, "records-stored", values.stored);
  add_number (builder, "records-queued", values.queued);
  add_number (builder, "records-queued-bytes", values.queued_bytes);
  add_number (builder, "records-refused", values.refused);
  add_number (builder, "records-dropped", values.dropped);
  add_number (builder, "records-lost", values.lost);
  add_number (builder, "records-spooled", values.spooled);
}

static GVariant *
describe_container (DispContainerObject *object, const char *path)
{
  const DispContainer *container = disp_container_object_get_container (object);
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&builder, "{sv}", "path", g_variant_new_object_path (path));
  g_variant_builder_add (&builder, "{sv}", "container", g_variant_new_string (container->name));
  g_variant_builder_add (&builder, "{sv}", "endpoint", g_variant_new_string (container->endpoint));
  add_stats (&builder, container->stats);
  g_variant_builder_add (&builder, "{sv}", "capacity",
                         g_variant_new_uint32 (disp_container_object_get_capacity (object)));
  g_variant_builder_add (&builder, "{sv}", "quota", g_variant_new_double (container->quota));
  g_variant_builder_add (&builder, "{sv}", "eligible",
                         g_variant_new_boolean (disp_container_is_eligible (container)));
  return g_variant_builder_end (&builder);
}

static GVariant *
list_containers (DispObjectTree *tree)
{
  guint n_containers;
  DispContainerObject *const *objects = disp_object_tree_get_containers (tree, &n_containers);
  GVariantBuilder list;

  g_variant_builder_init (&list, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < n_containers; i++)
    g_variant_builder_add_value (
        &list, describe_container (objects[i],
                                   disp_object_tree_find_path (
                                       tree, disp_container_object_get_container (objects[i]))));
  return g_variant_builder_end (&list);
}

static void
add_shadow_counts (GVariantBuilder *builder, const DispRouting *routing, const char *model)
{
  DispShadowCounts counts;

  disp_routing_count_shadow (routing, model, &counts);
  add_number (builder, "decisions", counts.decisions);
  add_number (builder, "disagreements", counts.disagreements);
  add_number (builder, "unknown", counts.unknown);
  add_number (builder, "gain", counts.gain);
  add_number (builder, "loss", counts.loss);
}

static GVariant *
list_shadow_models (const DispRouting *routing)
{
  g_autoptr (GHashTable) told = g_hash_table_new (g_str_hash, g_str_equal);
  guint n_routes;
  const DispRoute *const *routes = disp_fleet_get_routes (disp_routing_get_fleet (routing),
                                                          &n_routes);
  GVariantBuilder list;

  g_variant_builder_init (&list, G_VARIANT_TYPE ("a{sa{sv}}"));
  for (guint i = 0; i < n_routes; i++)
    if (g_hash_table_add (told, (gpointer) routes[i]->model))
      {
        g_variant_builder_open (&list, G_VARIANT_TYPE ("{sa{sv}}"));
        g_variant_builder_add (&list, "s", routes[i]->model);
        g_variant_builder_open (&list, G_VARIANT_TYPE_VARDICT);
        add_shadow_counts (&list, routing, routes[i]->model);
        g_variant_builder_close (&list);
        g_variant_builder_close (&list);
      }
  return g_variant_builder_end (&list);
}

/* Nothing while there is none, or no fleet in which it could decide. */
static void
add_shadow (GVariantBuilder *builder, DispSwitchboard *switchboard)
{
  g_autoptr (DispRouting) routing = disp_switchboard_ref_routing (switchboard);
  const DispPolicySpec *shadow;
  GVariantBuilder document;

  if (routing == NULL)
    return;
  shadow = disp_policies_get_shadow (disp_routing_get_policies (routing));
  if (shadow == NULL)
    return;
  g_variant_builder_init (&document, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&document, "{sv}", "policy",
                         g_variant_new_string (disp_policy_spec_get_name (shadow)));
  add_shadow_counts (&document, routing, NULL);
  g_variant_builder_add (&document, "{sv}", "models", list_shadow_models (routing));
  g_variant_builder_add (builder, "{sv}", "shadow", g_variant_builder_end (&document));
}

/**
 * disp_statistics_new:
 * @switchboard: what is counted
 * @tree: the containers
 *
 * Returns: (transfer floating): all counters, as a{sv}
 */
GVariant *
disp_statistics_new (DispSwitchboard *switchboard, DispObjectTree *tree)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  add_number (&builder, "time",
              (guint64) disp_clock_now (disp_switchboard_get_clock (switchboard)));
  add_number (&builder, "uptime", (guint64) disp_switchboard_get_uptime (switchboard));
  add_stats (&builder, disp_switchboard_get_totals (switchboard));
  add_waits (&builder, disp_switchboard_get_waiting_room (switchboard));
  add_records (&builder, disp_switchboard_get_sink (switchboard));
  add_shadow (&builder, switchboard);
  g_variant_builder_add (&builder, "{sv}", "containers", list_containers (tree));
  return g_variant_builder_end (&builder);
}
