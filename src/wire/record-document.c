/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/record-document.h"

/* Instances are the client's own JSON text, embedded as it is. */
static void
write_instances (DispJsonWriter *writer, const DispPayload *instances)
{
  if (instances->bytes != NULL)
    {
      gsize length;
      const char *text = g_bytes_get_data (instances->bytes, &length);

      disp_json_writer_raw (writer, "instances", text, length);
      return;
    }
  disp_json_writer_null (writer, "instances");
  if (instances->length > 0)
    disp_json_writer_int (writer, "instances_bytes", (gint64) instances->length);
}

/* A response is a string, since nothing says that it is JSON. */
static void
write_response (DispJsonWriter *writer, const DispPayload *response)
{
  if (response->bytes != NULL)
    {
      gsize length;
      const char *text = g_bytes_get_data (response->bytes, &length);

      disp_json_writer_text (writer, "response", text, length);
      return;
    }
  disp_json_writer_null (writer, "response");
  if (response->length > 0)
    disp_json_writer_int (writer, "response_bytes", (gint64) response->length);
}

static void
write_container (DispJsonWriter *writer, const DispContainer *container)
{
  disp_json_writer_string (writer, "node", container != NULL ? container->node : NULL);
  disp_json_writer_string (writer, "container", container != NULL ? container->name : NULL);
  disp_json_writer_string (writer, "container_id", container != NULL ? container->id : NULL);
  if (container != NULL)
    disp_json_writer_int (writer, "device", (gint64) container->device);
  else
    disp_json_writer_null (writer, "device");
}

static void
write_time (DispJsonWriter *writer, const char *key, gint64 time)
{
  if (time != 0)
    disp_json_writer_seconds (writer, key, time);
  else
    disp_json_writer_null (writer, key);
}

/* A span is known once both of its ends are. */
static void
write_span (DispJsonWriter *writer, const char *key, gint64 from, gint64 to)
{
  if (from != 0 && to != 0)
    disp_json_writer_seconds (writer, key, to - from);
  else
    disp_json_writer_null (writer, key);
}

/**
 * disp_record_document_write:
 * @writer: where to write
 * @key: (nullable): its name in the object around it; %NULL in an array and at the top
 * @record: a record
 *
 * Writes @record as the object that the Requests Store keeps.  Times are seconds since the epoch.
 * What is not known yet is null.  A body that was not kept is null too, with its length beside it.
 */
void
disp_record_document_write (DispJsonWriter *writer, const char *key, const DispRecord *record)
{
  disp_json_writer_begin_object (writer, key);
  disp_json_writer_string (writer, "id", record->id);
  disp_json_writer_string (writer, "request_id", record->request_id);
  disp_json_writer_string (writer, "model", record->model);
  if (record->version != 0)
    disp_json_writer_int (writer, "version", record->version);
  else
    disp_json_writer_null (writer, "version");
  write_instances (writer, &record->instances);
  write_container (writer, record->container);
  write_time (writer, "ts_in", record->ts_in);
  write_time (writer, "ts_wait", record->ts_wait);
  write_time (writer, "ts_out", record->ts_out);
  write_span (writer, "process_time", record->ts_wait, record->ts_out);
  write_span (writer, "resp_time", record->ts_in, record->ts_out);
  write_response (writer, &record->response);
  disp_json_writer_int (writer, "state", (gint64) record->state);
  if (record->status != 0)
    disp_json_writer_int (writer, "status", (gint64) record->status);
  else
    disp_json_writer_null (writer, "status");
  disp_json_writer_end_object (writer);
}
