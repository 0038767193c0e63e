/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/metrics-document.h"

static void
write_number (DispJsonWriter *writer, const char *key, gboolean known, double value)
{
  if (known)
    disp_json_writer_double (writer, key, value);
  else
    disp_json_writer_null (writer, key);
}

static void
write_model (DispJsonWriter *writer, const DispModelMetrics *metrics)
{
  const DispSpread *times = &metrics->times;

  disp_json_writer_begin_object (writer, NULL);
  disp_json_writer_string (writer, "model", metrics->model);
  if (metrics->version != 0)
    disp_json_writer_int (writer, "version", metrics->version);
  else
    disp_json_writer_null (writer, "version");
  disp_json_writer_begin_object (writer, "metrics");
  disp_json_writer_int (writer, "completed", (gint64) metrics->n_completed);
  disp_json_writer_int (writer, "waiting", (gint64) metrics->n_waiting);
  write_number (writer, "avg", times->n > 0, times->mean);
  write_number (writer, "dev", times->n > 1, times->n > 1 ? disp_spread_get_variance (times) : 0);
  write_number (writer, "min", times->n > 0, times->min);
  write_number (writer, "max", times->n > 0, times->max);
  disp_json_writer_end_object (writer);
  disp_json_writer_end_object (writer);
}

/**
 * disp_metrics_document_write:
 * @writer: where to write
 * @metrics: metrics
 *
 * Writes @metrics as the array of the Requests Store: times in seconds, "dev" the variance of the
 * response time, and null for what is not known.
 */
void
disp_metrics_document_write (DispJsonWriter *writer, const DispMetrics *metrics)
{
  guint n_models;
  const DispModelMetrics *const *models = disp_metrics_get_models (metrics, &n_models);

  disp_json_writer_begin_array (writer, NULL);
  for (guint i = 0; i < n_models; i++)
    write_model (writer, models[i]);
  disp_json_writer_end_array (writer);
}
