/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/record-document.h"

#include "core/error.h"
#include "wire/json-member.h"
#include "wire/record-parser.h"

#include <string.h>

/* The most records in one document: as many as the request log holds, and each of them takes more
 * memory than its text. */
#define MAX_RECORDS 100000

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
  if (container != NULL && container->device != DISP_DEVICE_UNKNOWN)
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

/* Whether @extra has a member of that name. */
static gboolean
has_extra (const char *extra, const char *name)
{
  DispJsonScanner scanner;
  DispJsonMember member;

  if (extra == NULL)
    return FALSE;
  disp_json_scanner_init (&scanner, extra, strlen (extra), DISP_JSON_MAX_DEPTH);
  scanner.nan = TRUE;
  do
    if (!disp_json_read_name (&scanner, &member, NULL)
        || !disp_json_read_value (&scanner, &member, NULL))
      return FALSE;
  while (disp_json_member_find (&member, &name, 1) != 0 && disp_json_scanner_take (&scanner, ','));
  return disp_json_member_find (&member, &name, 1) == 0;
}

/* A span is known once both of its ends are.  Else it may be that who made the record gave only the
 * span: then it comes with the extra members. */
static void
write_span (DispJsonWriter *writer, const char *key, gint64 from, gint64 to, const char *extra)
{
  if (from != 0 && to != 0)
    disp_json_writer_seconds (writer, key, to - from);
  else if (!has_extra (extra, key))
    disp_json_writer_null (writer, key);
}

/* Others than we may not know these, or call something else so: that comes with the extra members.
 */
static void
write_dispatching (DispJsonWriter *writer, const DispRecord *record)
{
  if (record->queue_time != DISP_RECORD_UNKNOWN)
    disp_json_writer_seconds (writer, "queue_time", record->queue_time);
  else if (!has_extra (record->extra, "queue_time"))
    disp_json_writer_null (writer, "queue_time");
  if (record->n_attempts != DISP_RECORD_UNKNOWN)
    disp_json_writer_int (writer, "attempts", record->n_attempts);
  else if (!has_extra (record->extra, "attempts"))
    disp_json_writer_null (writer, "attempts");
}

/**
 * disp_record_document_write:
 * @writer: where to write
 * @key: (nullable): its name in the object around it; %NULL in an array and at the top
 * @record: a record
 *
 * Writes @record as the object that the Requests Store keeps.  Times are seconds since the epoch.
 * What is not known yet is null.  A body that was not kept is null too, with its length beside it.
 * What others gave the record stands at the end, as they wrote it.
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
  write_span (writer, "process_time", record->ts_wait, record->ts_out, record->extra);
  write_span (writer, "resp_time", record->ts_in, record->ts_out, record->extra);
  write_dispatching (writer, record);
  write_response (writer, &record->response);
  disp_json_writer_int (writer, "state", (gint64) record->state);
  if (record->status != 0)
    disp_json_writer_int (writer, "status", (gint64) record->status);
  else
    disp_json_writer_null (writer, "status");
  if (record->extra != NULL)
    disp_json_writer_raw (writer, NULL, record->extra, strlen (record->extra));
  disp_json_writer_end_object (writer);
}

static gboolean
parse_elements (DispJsonScanner *scanner, GPtrArray *records, GError **error)
{
  disp_json_scanner_space (scanner);
  if (disp_json_scanner_take (scanner, ']'))
    return TRUE;
  do
    {
      DispRecord *record;
      g_autoptr (GError) problem = NULL;

      if (records->len == MAX_RECORDS)
        return disp_json_scanner_fail (scanner, scanner->at, error,
                                       "more than %d records, expected the others in another post",
                                       MAX_RECORDS);
      record = disp_record_parser_read (scanner, &problem);
      if (record == NULL)
        {
          /* Where the text goes wrong is told by the byte. */
          if (!g_error_matches (problem, DISP_ERROR, DISP_ERROR_INVALID_JSON))
            g_prefix_error (&problem, "element %u: ", records->len);
          g_propagate_error (error, g_steal_pointer (&problem));
          return FALSE;
        }
      g_ptr_array_add (records, record);
      disp_json_scanner_space (scanner);
    }
  while (disp_json_scanner_take (scanner, ','));
  return disp_json_scanner_take (scanner, ']')
         || disp_json_scanner_fail_found (scanner, "',' or ']'", error);
}

static gboolean
parse_one (DispJsonScanner *scanner, GPtrArray *records, GError **error)
{
  DispRecord *record = disp_record_parser_read (scanner, error);

  if (record == NULL)
    return FALSE;
  g_ptr_array_add (records, record);
  return TRUE;
}

/**
 * disp_record_document_parse:
 * @text: what was posted, which need not end in a NUL
 * @length: its length in bytes
 * @records: (element-type DispRecord): an array that releases its elements; new records are
 *   appended to it, in their order, on success only
 * @error: %DISP_ERROR_INVALID_JSON with the byte where the text goes wrong,
 *   %DISP_ERROR_MISSING_KEY or %DISP_ERROR_INVALID_VALUE naming the element and its member
 *
 * Reads a record, or an array of records, as disp_record_document_write() writes them and as others
 * post them to a Requests Store; see disp_record_parser_read().  In one pass and without recursion.
 *
 * Returns: whether it is that
 */
gboolean
disp_record_document_parse (const char *text, gsize length, GPtrArray *records, GError **error)
{
  g_autoptr (GPtrArray) found = NULL;
  DispJsonScanner scanner;

  g_return_val_if_fail (text != NULL || length == 0, FALSE);

  found = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_record_unref);
  disp_json_scanner_init (&scanner, text, length, DISP_JSON_MAX_DEPTH);
  scanner.nan = TRUE;
  disp_json_scanner_space (&scanner);
  if (disp_json_scanner_take (&scanner, '[') ? !parse_elements (&scanner, found, error)
                                             : !parse_one (&scanner, found, error))
    return FALSE;
  if (!disp_json_scanner_end (&scanner, error))
    return FALSE;
  g_ptr_array_extend_and_steal (records, g_steal_pointer (&found));
  return TRUE;
}
