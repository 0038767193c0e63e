/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/record-document.h"

#include "core/error.h"

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
                   "\"queue_time\":null,\"attempts\":null,"
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
  record->queue_time = 250000;
  record->n_attempts = 2;
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
                   "\"resp_time\":2.000001,\"queue_time\":0.250000,\"attempts\":2,"
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
  record->queue_time = 0;
  record->n_attempts = 0;
  text = write_record (record);
  g_assert_nonnull (strstr (text, "\"ts_wait\":null,\"ts_out\":1.000250,\"process_time\":null,"
                                  "\"resp_time\":0.000250,\"queue_time\":0.000000,"
                                  "\"attempts\":0,\"response\":null,\"state\":3,"
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

static GPtrArray *
new_records (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) disp_record_unref);
}

/* Parses a copy that ends where the text ends, so that reading on is seen. */
static gboolean
parse (const char *text, gsize length, GPtrArray *records, GError **error)
{
  g_autofree char *copy = g_malloc (MAX (length, 1));

  memcpy (copy, text, length);
  return disp_record_document_parse (copy, length, records, error);
}

static char *
write_parsed (const char *text)
{
  g_autoptr (GPtrArray) records = new_records ();
  g_autoptr (GError) error = NULL;

  parse (text, strlen (text), records, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (records->len, ==, 1);
  return write_record (g_ptr_array_index (records, 0));
}

static void
assert_comes_back (const DispRecord *record)
{
  g_autofree char *text = write_record (record);
  g_autofree char *again = write_parsed (text);

  g_assert_cmpstr (again, ==, text);
}

/* What is written and parsed is written as it was, whatever is known of it. */
static void
test_comes_back (void)
{
  const gint64 out = G_GINT64_CONSTANT (1795499604469255);
  g_autoptr (DispRequest) request = new_request (BODY);
  g_autoptr (GBytes) response = g_bytes_new_static ("a\0b\x7f\"\n\xff", 7);

  request->version.kind = DISP_VERSION_NUMBER;
  request->version.number = G_MAXINT64;
  for (guint known = 0; known < 64; known++)
    {
      const gssize limit = known & 32 ? -1 : 0;
      g_autoptr (DispRecord) record = disp_record_new (request, out - 1, limit);

      if (known & 1)
        choose_container (record);
      if (known & 2)
        record->ts_wait = out - 2;
      if (known & 4)
        record->ts_out = out;
      if (known & 8)
        disp_record_set_response (record, response, limit);
      if (known & 16)
        record->extra = g_strdup ("\"a\":[1, {}],\"\":NaN");
      assert_comes_back (record);
    }
}

/* Of a container only a part may be known, and of the times only what is between them. */
static void
test_parts (void)
{
  static const char *const rows[]
      = { "\"node\":null,\"container\":\"c\",\"container_id\":null,\"device\":null,"
          "\"ts_in\":1.000000,\"ts_wait\":null,\"ts_out\":null,\"process_time\":null,"
          "\"queue_time\":null,\"attempts\":null,"
          "\"response\":null,\"state\":2,\"status\":null,\"a\":1,\"resp_time\":0.1",
          "\"node\":\"n\",\"container\":null,\"container_id\":null,\"device\":null,"
          "\"ts_in\":1.000000,\"ts_wait\":null,\"ts_out\":2.000000,\"resp_time\":1.000000,"
          "\"queue_time\":0.000001,\"attempts\":0,"
          "\"response\":null,\"state\":2,\"status\":null,\"process_time\":\"resp_time\"",
          "\"node\":null,\"container\":null,\"container_id\":null,\"device\":1,"
          "\"ts_in\":1.000000,\"ts_wait\":null,\"ts_out\":null,\"process_time\":null,"
          "\"resp_time\":null,\"response\":null,\"state\":0,\"status\":null,"
          "\"b\":{\"resp_time\":1},\"queue_time\":\"long\",\"attempts\":-1" };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text = g_strdup_printf (
          "{\"id\":\"i\",\"request_id\":null,\"model\":\"m\",\"version\":null,"
          "\"instances\":null,%s}",
          rows[i]);
      g_autofree char *again = write_parsed (text);

      g_assert_cmpstr (again, ==, text);
    }
}

#define ONE "{\"id\":\"1\",\"model\":\"m\",\"ts_in\":1}"
#define TWO "{\"id\":\"2\",\"model\":\"m\",\"ts_in\":1}"

static void
test_arrays (void)
{
  static const struct
  {
    const char *text;
    const char *ids;
  } rows[] = {
    { ONE, "01" },
    { " \n" ONE " \n", "01" },
    { "[]", "0" },
    { " [ ] ", "0" },
    { "[" ONE "]", "01" },
    { "[ " ONE " , " TWO " ]\n", "012" },
    { "[" TWO "," ONE "," TWO "]", "0212" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GPtrArray) records = new_records ();
      g_autoptr (GString) ids = g_string_new (NULL);

      g_assert_true (parse (TWO, strlen (TWO), records, NULL));
      ((DispRecord *) g_ptr_array_index (records, 0))->id[0] = '0';
      g_assert_true (parse (rows[i].text, strlen (rows[i].text), records, NULL));
      for (guint j = 0; j < records->len; j++)
        g_string_append (ids, ((DispRecord *) g_ptr_array_index (records, j))->id);
      g_assert_cmpstr (ids->str, ==, rows[i].ids);
    }
}

static void
assert_refused (const char *text, gsize length, int code, const char *message)
{
  g_autoptr (GPtrArray) records = new_records ();
  g_autoptr (GError) error = NULL;

  g_assert_false (parse (text, length, records, &error));
  g_assert_cmpuint (records->len, ==, 0);
  g_assert_error (error, DISP_ERROR, code);
  if (message != NULL)
    g_assert_cmpstr (error->message, ==, message);
}

static void
test_wrong_arrays (void)
{
  static const struct
  {
    const char *text;
    int code;
    const char *message;
  } rows[] = {
    { "7", DISP_ERROR_INVALID_JSON,
      "byte 0: expected a record, which is a JSON object, found '7'" },
    { "[7]", DISP_ERROR_INVALID_JSON,
      "byte 1: expected a record, which is a JSON object, found '7'" },
    { "[[" ONE "]]", DISP_ERROR_INVALID_JSON,
      "byte 1: expected a record, which is a JSON object, found an array" },
    { "[" ONE ",]", DISP_ERROR_INVALID_JSON,
      "byte 34: expected a record, which is a JSON object, found ']'" },
    { "[" ONE TWO "]", DISP_ERROR_INVALID_JSON, "byte 33: expected ',' or ']', found '{'" },
    { "[" ONE "}", DISP_ERROR_INVALID_JSON, "byte 33: expected ',' or ']', found '}'" },
    { ONE TWO, DISP_ERROR_INVALID_JSON, "byte 32: expected the end, found '{'" },
    { "[]]", DISP_ERROR_INVALID_JSON, "byte 2: expected the end, found ']'" },
    { "[{}]", DISP_ERROR_MISSING_KEY,
      "element 0: no \"id\", expected a string of 1 to 36 bytes without control characters" },
    { "[" ONE "," TWO ",{\"id\":\"3\",\"model\":\"m\",\"ts_in\":\"now\"}]",
      DISP_ERROR_INVALID_VALUE,
      "element 2: \"ts_in\": expected a number of seconds since the epoch, found \"now\"" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    assert_refused (rows[i].text, strlen (rows[i].text), rows[i].code, rows[i].message);
}

static void
test_prefixes (void)
{
  static const char text[] = "[{\"id\":\"1\",\"model\":\"\\u006d\",\"ts_in\":1.5e1,"
                             "\"instances\":[NaN,{\"a\":null}],\"x\":true}," ONE "]";

  for (gsize length = 0; length < strlen (text); length++)
    assert_refused (text, length, DISP_ERROR_INVALID_JSON, NULL);
  for (gsize length = 0; length < strlen (ONE); length++)
    assert_refused (ONE, length, DISP_ERROR_INVALID_JSON, NULL);
}

/* An array does not make records deeper: what may be posted alone may be posted with others. */
static void
test_depth (void)
{
  for (guint depth = 511; depth <= 512; depth++)
    {
      g_autofree char *open = g_strnfill (depth, '[');
      g_autofree char *close = g_strnfill (depth, ']');
      g_autofree char *text = g_strdup_printf (
          "[{\"id\":\"1\",\"model\":\"m\",\"ts_in\":1,\"instances\":%s%s}]", open, close);
      g_autoptr (GPtrArray) records = new_records ();

      g_assert_cmpint (parse (text, strlen (text), records, NULL), ==, depth == 511);
      g_assert_cmpint (parse (text + 1, strlen (text) - 2, records, NULL), ==, depth == 511);
    }
}

static void
test_too_many (void)
{
  g_autoptr (GString) text = g_string_new ("[" ONE);
  g_autoptr (GPtrArray) records = new_records ();

  for (guint i = 1; i < 100000; i++)
    g_string_append (text, "," ONE);
  g_string_append (text, "]");
  g_assert_true (disp_record_document_parse (text->str, text->len, records, NULL));
  g_assert_cmpuint (records->len, ==, 100000);
  g_string_overwrite (text, text->len - 1, "," ONE "]");
  assert_refused (text->str, text->len, DISP_ERROR_INVALID_JSON,
                  "byte 3300001: more than 100000 records, expected the others in another post");
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
  g_test_add_func ("/wire/record-document/comes-back", test_comes_back);
  g_test_add_func ("/wire/record-document/parts", test_parts);
  g_test_add_func ("/wire/record-document/arrays", test_arrays);
  g_test_add_func ("/wire/record-document/wrong-arrays", test_wrong_arrays);
  g_test_add_func ("/wire/record-document/prefixes", test_prefixes);
  g_test_add_func ("/wire/record-document/depth", test_depth);
  g_test_add_func ("/wire/record-document/too-many", test_too_many);
  return g_test_run ();
}
