/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/documents.h"

#include "build-config.h"
#include "wire/json-writer.h"

/* What the daemon answers of itself. */

static DispAnswer *
to_answer (DispJsonWriter *writer, guint status)
{
  return disp_answer_new (status, "application/json", disp_json_writer_steal_bytes (writer));
}

static void
write_counters (DispJsonWriter *writer, DispSwitchboard *switchboard)
{
  DispRecordSink *sink = disp_switchboard_get_sink (switchboard);
  DispRecordSinkValues records;
  DispStatsValues totals;

  disp_stats_read (disp_switchboard_get_totals (switchboard), &totals);
  disp_json_writer_int (writer, "in_flight", totals.in_flight);
  disp_json_writer_int (
      writer, "waiting",
      disp_waiting_room_get_length (disp_switchboard_get_waiting_room (switchboard), NULL));
  disp_json_writer_int (writer, "requests", (gint64) totals.started);
  disp_json_writer_int (writer, "errors", (gint64) totals.failed);
  disp_record_sink_read (sink, &records);
  disp_json_writer_int (writer, "records_pushed", (gint64) records.pushed);
  disp_json_writer_int (writer, "records_queued", (gint64) records.queued);
  disp_json_writer_int (writer, "records_spooled", (gint64) records.spooled);
  disp_json_writer_int (writer, "records_refused", (gint64) records.refused);
  disp_json_writer_int (writer, "records_dropped", (gint64) records.dropped);
}

/**
 * disp_document_status:
 * @switchboard: what is told of
 *
 * Returns: (transfer full): the answer to GET /
 */
DispAnswer *
disp_document_status (DispSwitchboard *switchboard)
{
  g_auto (DispJsonWriter) writer = { 0 };
  g_autoptr (DispRouting) routing = disp_switchboard_ref_routing (switchboard);
  g_autofree char *problem = NULL;
  guint n_models = 0;
  guint n_containers = 0;

  if (routing != NULL)
    {
      disp_fleet_get_models (disp_routing_get_fleet (routing), &n_models);
      disp_fleet_get_containers (disp_routing_get_fleet (routing), &n_containers);
    }
  disp_json_writer_init (&writer);
  disp_json_writer_begin_object (&writer, NULL);
  disp_json_writer_string (
      &writer, "status",
      disp_status_to_string (disp_switchboard_get_status (switchboard, &problem)));
  disp_json_writer_string (&writer, "version", DISP_VERSION);
  disp_json_writer_string (&writer, "policy", disp_switchboard_get_policy_name (switchboard));
  disp_json_writer_int (&writer, "workers", disp_switchboard_get_n_workers (switchboard));
  disp_json_writer_int (&writer, "models", n_models);
  disp_json_writer_int (&writer, "containers", n_containers);
  disp_json_writer_seconds (&writer, "uptime", disp_switchboard_get_uptime (switchboard));
  write_counters (&writer, switchboard);
  if (problem != NULL)
    disp_json_writer_string (&writer, "problem", problem);
  disp_json_writer_end_object (&writer);
  return to_answer (&writer, 200);
}

static DispAnswer *
health_answer (guint status, const char *text, const char *problem)
{
  g_auto (DispJsonWriter) writer = { 0 };

  disp_json_writer_init (&writer);
  disp_json_writer_begin_object (&writer, NULL);
  disp_json_writer_string (&writer, "status", text);
  if (problem != NULL)
    disp_json_writer_string (&writer, "error", problem);
  disp_json_writer_end_object (&writer);
  return to_answer (&writer, status);
}

/**
 * disp_document_live:
 *
 * Returns: (transfer full): the answer to GET /healthz/live: that there is one says it all
 */
DispAnswer *
disp_document_live (void)
{
  return health_answer (200, "live", NULL);
}

/**
 * disp_document_ready:
 * @switchboard: what is told of
 *
 * A daemon that is degraded is ready as long as it knows a fleet: it still answers predictions.
 *
 * Returns: (transfer full): the answer to GET /healthz/ready: 200, or 503 while predictions cannot
 * be answered
 */
DispAnswer *
disp_document_ready (DispSwitchboard *switchboard)
{
  g_autoptr (DispRouting) routing = disp_switchboard_ref_routing (switchboard);
  g_autofree char *problem = NULL;
  DispStatus status = disp_switchboard_get_status (switchboard, &problem);

  if (status == DISP_STATUS_STARTING || status == DISP_STATUS_DRAINING)
    return health_answer (503, "not ready", disp_status_to_string (status));
  if (routing == NULL)
    return health_answer (503, "not ready", problem);
  return health_answer (200, "ready", NULL);
}

/**
 * disp_document_models:
 * @switchboard: what is told of
 *
 * Returns: (transfer full): the answer to GET /v1/models: the models of the fleet
 */
DispAnswer *
disp_document_models (DispSwitchboard *switchboard)
{
  g_auto (DispJsonWriter) writer = { 0 };
  g_autoptr (DispRouting) routing = disp_switchboard_ref_routing (switchboard);
  const DispRoute *const *routes = NULL;
  guint n_routes = 0;

  if (routing != NULL)
    routes = disp_fleet_get_routes (disp_routing_get_fleet (routing), &n_routes);
  disp_json_writer_init (&writer);
  disp_json_writer_begin_object (&writer, NULL);
  disp_json_writer_begin_array (&writer, "models");
  for (guint i = 0; i < n_routes; i++)
    {
      if (routes[i]->any_version)
        continue;
      disp_json_writer_begin_object (&writer, NULL);
      disp_json_writer_string (&writer, "name", routes[i]->model);
      disp_json_writer_int (&writer, "version", routes[i]->version);
      disp_json_writer_int (&writer, "containers", routes[i]->n_eligible);
      disp_json_writer_end_object (&writer);
    }
  disp_json_writer_end_array (&writer);
  disp_json_writer_end_object (&writer);
  return to_answer (&writer, 200);
}
