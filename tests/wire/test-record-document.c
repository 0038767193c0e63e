/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/record-document.h"

#include <string.h>

#define ID "6f1b0f2e-6d3a-4a58-9a3c-000000000001"
#define BODY "{\"model\":\"m\",\"instances\":[1.0, NaN]}"
#define INSTANCES "[1.0, NaN]"

static DispRequest *
new_request (const char *body)
{
  DispRequest *request = disp_request_new (DISP_VERB_PREDICT, 0);

  memcpy (request->id, ID, DISP_ID_SIZE);
  request->model = g_strdup ("m");
  request->body = g_bytes_new_static (body, strlen (body));
  request->instances.offset = (gsize) (strstr (body, "[") - body);
  request->instances.length = (gsize) (strstr (body, "]") + 1 - body) - request->instances.offset;
  return request;
}

static char *
write_record (const DispRecord *record)
{
  g_auto (DispJsonWriter) writer = { 0 };

  disp_json_writer_init (&writer);
  disp_record_document_write (&writer, NULL, record);
  return disp_json_writer_steal (&writer);
}

static void
choose_container (DispRecord *record)
{
  record->container = disp_container_new ();
  record->container->model = g_strdup ("all");
  record->container->name = g_strdup ("tfserving-gpu-0");
  record->container->id = g_strdup ("0058c1");
  record->container->device = DISP_DEVICE_GPU;
  record->container->node = g_strdup ("192.168.99.103");
  record->container->endpoint = g_strdup ("http://192.168.99.103:30001");
}

static void
test_created (void)
{
  g_autoptr (DispRequest) request = new_request (BODY);
  g_autoptr (DispRecord) record = disp_record_new (request, 1566830435109377, -1);
  g_autofree char *text = write_record (record);

  g_assert_cmpstr (text, ==,
                   "{\"id\":\"" ID "\",\"request_id\":null,\"model\":\"m\",\"version\":null,"
                   "\"instances\":" INSTANCES ",\"node\":null,\"container\":null,"
                   "\"container_id\":null,\"device\":null,\"ts_in\":1566830435.109377,"
                   "\"ts_wait\":null,\"ts_out\":null,\"process_time\":null,\"resp_time\":null,"
                   "\"response\":null,\"state\":0,\"status\":null}");
}

static void
test_completed (void)
{
  g_autoptr (DispRequest) request = new_request (BODY);
  g_autoptr (GBytes) response = g_bytes_new_static ("{\n \"predictions\": []\xff}", 22);
  g_autoptr (DispRecord) record = NULL;
  g_autofree char *text = NULL;

  disp_request_set_request_id (request, "client-7");
  request->version.kind = DISP_VERSION_NUMBER;
  request->version.number = 3;
  record = disp_record_new (request, 1000000, -1);
  choose_container (record);
  record->ts_wait = 1250000;
  record->ts_out = 3000001;
  record->state = DISP_RECORD_COMPLETED;
  record->status = 200;
  disp_record_set_response (record, response, -1);
  text = write_record (record);
  g_assert_cmpstr (text, ==,
                   "{\"id\":\"" ID "\",\"request_id\":\"client-7\",\"model\":\"m\",\"version\":3,"
                   "\"instances\":" INSTANCES
                   ",\"node\":\"192.168.99.103\",\"container\":\"tfserving-gpu-0\","
                   "\"container_id\":\"0058c1\",\"device\":1,\"ts_in\":1.000000,"
                   "\"ts_wait\":1.250000,\"ts_out\":3.000001,\"process_time\":1.750001,"
                   "\"resp_time\":2.000001,"
                   "\"response\":\"{\\n \\\"predictions\\\": []\xef\xbf\xbd}\","
                   "\"state\":2,\"status\":200}");
}

/* An error before any container was chosen has no processing time. */
static void
test_error (void)
{
  g_autoptr (DispRequest) request = new_request (BODY);
  g_autoptr (DispRecord) record = disp_record_new (request, 1000000, -1);
  g_autofree char *text = NULL;

  record->ts_out = 1000250;
  record->state = DISP_RECORD_ERROR;
  record->status = 503;
  text = write_record (record);
  g_assert_nonnull (strstr (text, "\"ts_wait\":null,\"ts_out\":1.000250,\"process_time\":null,"
                                  "\"resp_time\":0.000250,\"response\":null,\"state\":3,"
                                  "\"status\":503}"));
}

static void
test_payload_limit (void)
{
  g_autoptr (DispRequest) request = new_request (BODY);
  g_autoptr (GBytes) response = g_bytes_new_static ("0123456789", 10);
  g_autoptr (DispRecord) record = disp_record_new (request, 1000000, 9);
  g_autofree char *text = NULL;

  disp_record_set_response (record, response, 9);
  text = write_record (record);
  g_assert_nonnull (strstr (text, "\"instances\":null,\"instances_bytes\":10,\"node\""));
  g_assert_nonnull (strstr (text, "\"response\":null,\"response_bytes\":10,\"state\""));
}

static void
test_in_array (void)
{
  g_autoptr (DispRequest) request = new_request (BODY);
  g_autoptr (DispRecord) record = disp_record_new (request, 1000000, 0);
  g_auto (DispJsonWriter) writer = { 0 };
  g_autofree char *text = NULL;

  disp_json_writer_init (&writer);
  disp_json_writer_begin_array (&writer, NULL);
  disp_record_document_write (&writer, NULL, record);
  disp_record_document_write (&writer, NULL, record);
  disp_json_writer_end_array (&writer);
  text = disp_json_writer_steal (&writer);
  g_assert_true (g_str_has_prefix (text, "[{\"id\":"));
  g_assert_nonnull (strstr (text, "},{\"id\":"));
  g_assert_true (g_str_has_suffix (text, "}]"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/record-document/created", test_created);
  g_test_add_func ("/wire/record-document/completed", test_completed);
  g_test_add_func ("/wire/record-document/error", test_error);
  g_test_add_func ("/wire/record-document/payload-limit", test_payload_limit);
  g_test_add_func ("/wire/record-document/in-array", test_in_array);
  return g_test_run ();
}
