/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/record-parser.h"

#include "core/error.h"

#include <string.h>

/* What a record cannot be without. */
#define REST "\"id\":\"r1\",\"model\":\"m\",\"ts_in\":1.5"

/* Reads a copy that ends where the text ends, so that reading on is seen. */
static DispRecord *
parse (const char *text, gsize length, GError **error)
{
  g_autofree char *copy = g_malloc (MAX (length, 1));
  DispJsonScanner scanner;

  memcpy (copy, text, length);
  disp_json_scanner_init (&scanner, copy, length, DISP_JSON_MAX_DEPTH);
  scanner.nan = TRUE;
  return disp_record_parser_read (&scanner, error);
}

/* The record of REST with more members before it. */
static DispRecord *
parse_with (const char *members)
{
  g_autofree char *text = g_strdup_printf ("{%s," REST "}", members);
  g_autoptr (GError) error = NULL;
  DispRecord *record;

  g_test_message ("%s", text);
  record = parse (text, strlen (text), &error);
  g_assert_no_error (error);
  g_assert_nonnull (record);
  return record;
}

static void
assert_payload (const DispPayload *payload, const char *bytes, gsize length)
{
  g_assert_cmpuint (payload->length, ==, length);
  if (bytes == NULL)
    g_assert_null (payload->bytes);
  else
    g_assert_cmpmem (g_bytes_get_data (payload->bytes, NULL), g_bytes_get_size (payload->bytes),
                     bytes, length);
}

static void
test_least (void)
{
  g_autoptr (DispRecord) record = parse ("{" REST "}", strlen ("{" REST "}"), NULL);

  g_assert_cmpstr (record->id, ==, "r1");
  g_assert_null (record->request_id);
  g_assert_cmpstr (record->model, ==, "m");
  g_assert_cmpint (record->version, ==, 0);
  assert_payload (&record->instances, NULL, 0);
  assert_payload (&record->response, NULL, 0);
  g_assert_null (record->container);
  g_assert_cmpint (record->ts_in, ==, 1500000);
  g_assert_cmpint (record->ts_wait, ==, 0);
  g_assert_cmpint (record->ts_out, ==, 0);
  g_assert_cmpint (record->state, ==, DISP_RECORD_CREATED);
  g_assert_cmpuint (record->status, ==, 0);
  g_assert_null (record->extra);
}

/* A record of the original dispatcher, with the members that later versions have as well. */
static void
test_original (void)
{
  static const char text[]
      = " { \"id\": \"6f1b0f2e-6d3a-4a58-9a3c-000000000001\", \"model\": \"half_plus_two\","
        " \"version\": 1, \"instances\": [1.0, NaN], \"node\": \"192.168.99.103\","
        " \"container\": \"tfserving-cpu-0\", \"ts_in\": 1566830435.1093774,"
        " \"ts_out\": 1566830435.25, \"resp_time\": 0.14062, \"response\": \"{\\n  \\\"p\\\": 1}\","
        " \"state\": 2, \"container_id\": \"0058c1\", \"device\": 0, \"ts_wait\": null,"
        " \"process_time\": 0.1, \"user\": {\"a\": [1, -Infinity]} }";
  g_autoptr (DispRecord) record = parse (text, strlen (text), NULL);

  g_assert_cmpstr (record->id, ==, "6f1b0f2e-6d3a-4a58-9a3c-000000000001");
  g_assert_cmpint (record->version, ==, 1);
  assert_payload (&record->instances, "[1.0, NaN]", 10);
  assert_payload (&record->response, "{\n  \"p\": 1}", 11);
  g_assert_cmpstr (record->container->node, ==, "192.168.99.103");
  g_assert_cmpstr (record->container->name, ==, "tfserving-cpu-0");
  g_assert_cmpstr (record->container->id, ==, "0058c1");
  g_assert_cmpint (record->container->device, ==, DISP_DEVICE_CPU);
  g_assert_cmpint (record->ts_in, ==, 1566830435109377);
  g_assert_cmpint (record->ts_out, ==, 1566830435250000);
  g_assert_cmpint (record->state, ==, DISP_RECORD_COMPLETED);
  g_assert_cmpstr (record->extra, ==, "\"user\":{\"a\": [1, -Infinity]},\"process_time\":0.1");
}

static void
test_instances (void)
{
  static const char *const rows[]
      = { "[]",    "{\"x\": [1e400]}", "NaN", "\"\\ud800\"", "123456789012345678901234567890",
          "false", "[ [ ], 0.10 ]" };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *members = g_strdup_printf ("\"instances\" : %s", rows[i]);
      g_autoptr (DispRecord) record = parse_with (members);

      assert_payload (&record->instances, rows[i], strlen (rows[i]));
    }
}

static void
test_payload_lengths (void)
{
  g_autoptr (DispRecord) lengths = parse_with ("\"instances\":null,\"instances_bytes\":70000,"
                                               "\"response_bytes\":5");
  g_autoptr (DispRecord) both = parse_with ("\"instances\":[1],\"instances_bytes\":70000,"
                                            "\"response\":\"\",\"response_bytes\":null");

  assert_payload (&lengths->instances, NULL, 70000);
  assert_payload (&lengths->response, NULL, 5);
  g_assert_null (lengths->extra);
  assert_payload (&both->instances, "[1]", 3);
  assert_payload (&both->response, "", 0);
  g_assert_null (both->extra);
}

static void
test_responses (void)
{
  static const struct
  {
    const char *json;
    const char *bytes;
    gsize length;
  } rows[] = {
    { "\"\"", "", 0 },
    { "\"a\\u0000b\\/\"", "a\0b/", 4 },
    { "\"\\ud83d\\ude00\\ud83d!\\udc00\"", "😀\xef\xbf\xbd!\xef\xbf\xbd", 11 },
    { "\"\\b\\f\\n\\r\\t\\\"\\\\\"", "\b\f\n\r\t\"\\", 7 },
    /* of a poster that sends no string, the text */
    { "{\"predictions\": [2.5]}", "{\"predictions\": [2.5]}", 22 },
    { "[ 1 ]", "[ 1 ]", 5 },
    { "17", "17", 2 },
    { "false", "false", 5 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *members = g_strdup_printf ("\"response\":%s", rows[i].json);
      g_autoptr (DispRecord) record = parse_with (members);

      assert_payload (&record->response, rows[i].bytes, rows[i].length);
    }
}

static void
test_containers (void)
{
  g_autoptr (DispRecord) named = parse_with ("\"container\":\"c\",\"device\":null");
  g_autoptr (DispRecord) device = parse_with ("\"device\":1");
  g_autoptr (DispRecord) none = parse_with (
      "\"node\":null,\"container\":null,\"container_id\":null,\"device\":null");

  g_assert_cmpstr (named->container->name, ==, "c");
  g_assert_null (named->container->node);
  g_assert_null (named->container->id);
  g_assert_cmpint (named->container->device, ==, DISP_DEVICE_UNKNOWN);
  g_assert_null (device->container->name);
  g_assert_cmpint (device->container->device, ==, DISP_DEVICE_GPU);
  g_assert_null (none->container);
}

/* What is kept of members that are not ours, and of spans. */
static void
test_extra (void)
{
  static const struct
  {
    const char *members;
    const char *extra;
  } rows[] = {
    { "\"a\" : 1", "\"a\":1" },
    { "\"a\":1,\"b\":[ 2 ],\"a\":null", "\"a\":1,\"b\":[ 2 ],\"a\":null" },
    { "\"\":12345678901234567890", "\"\":12345678901234567890" },
    { "\"\\u0061\\\"\":{\"id\":1,\"id\":2}", "\"\\u0061\\\"\":{\"id\":1,\"id\":2}" },
    { "\"Id\":\"\\ud800\",\"ids\":-0.0", "\"Id\":\"\\ud800\",\"ids\":-0.0" },
    { "\"\\u0073tatus\":204", NULL },
    { "\"resp_time\":0.25,\"a\":1", "\"a\":1,\"resp_time\":0.25" },
    { "\"process\\u005ftime\":\"?\"", "\"process_time\":\"?\"" },
    { "\"resp_time\":null,\"process_time\":null", NULL },
    { "\"resp_time\":7,\"process_time\":8,\"ts_out\":2", "\"process_time\":8" },
    { "\"resp_time\":7,\"process_time\":8,\"ts_out\":2,\"ts_wait\":1", NULL },
    { "\"resp_time\":7,\"process_time\":8,\"ts_wait\":1", "\"process_time\":8,\"resp_time\":7" },
    { "\"queue_time\":0.25,\"attempts\":3", NULL },
    { "\"queue_time\":null,\"attempts\":null", NULL },
    { "\"attempts\":[1,2],\"queue\\u005ftime\":{}", "\"queue_time\":{},\"attempts\":[1,2]" },
    { "\"attempts\":1.5,\"queue_time\":-1", "\"queue_time\":-1,\"attempts\":1.5" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (DispRecord) record = parse_with (rows[i].members);

      g_assert_cmpstr (record->extra, ==, rows[i].extra);
    }
}

/* How a request was dispatched, as far as who made the record knows. */
static void
test_dispatching (void)
{
  static const struct
  {
    const char *members;
    gint64 queue_time;
    gint64 n_attempts;
  } rows[] = {
    { "\"queue_time\":0.25,\"attempts\":3", 250000, 3 },
    { "\"queue_time\":0,\"attempts\":0", 0, 0 },
    { "\"attempts\":2147483647", DISP_RECORD_UNKNOWN, G_MAXINT },
    { "\"attempts\":2147483648", DISP_RECORD_UNKNOWN, DISP_RECORD_UNKNOWN },
    { "\"queue_time\":1e-6,\"attempts\":null", 1, DISP_RECORD_UNKNOWN },
    { "\"queue_time\":\"1\",\"attempts\":true", DISP_RECORD_UNKNOWN, DISP_RECORD_UNKNOWN },
    { "\"state\":2", DISP_RECORD_UNKNOWN, DISP_RECORD_UNKNOWN },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (DispRecord) record = parse_with (rows[i].members);

      g_assert_cmpint (record->queue_time, ==, rows[i].queue_time);
      g_assert_cmpint (record->n_attempts, ==, rows[i].n_attempts);
    }
}

static void
test_values (void)
{
  g_autoptr (DispRecord) nulls = parse_with (
      "\"request_id\":null,\"version\":null,\"ts_wait\":null,\"ts_out\":0.0,"
      "\"state\":null,\"status\":null,\"instances\":null,\"response\":null");
  g_autoptr (DispRecord) most = parse_with (
      "\"request_id\":\"\\u00e9\",\"version\":9223372036854775807,\"ts_wait\":1e9,"
      "\"ts_out\":9223372036854.775807,\"state\":3,\"status\":599");

  g_assert_null (nulls->request_id);
  g_assert_cmpint (nulls->version, ==, 0);
  g_assert_cmpint (nulls->ts_out, ==, 0);
  g_assert_cmpint (nulls->state, ==, DISP_RECORD_CREATED);
  g_assert_cmpstr (most->request_id, ==, "é");
  g_assert_cmpint (most->version, ==, G_MAXINT64);
  g_assert_cmpint (most->ts_wait, ==, 1000000000000000);
  g_assert_cmpint (most->ts_out, ==, G_MAXINT64);
  g_assert_cmpint (most->state, ==, DISP_RECORD_ERROR);
  g_assert_cmpuint (most->status, ==, 599);
}

#define AN_ID "expected a string of 1 to 36 bytes without control characters"
#define A_MODEL "expected a string that is not empty and names a model"
#define A_TIME "expected a number of seconds since the epoch"

static const struct
{
  const char *text;
  int code;
  const char *message;
} refused[] = {
  { "", DISP_ERROR_INVALID_JSON,
    "byte 0: expected a record, which is a JSON object, found the end" },
  { "[", DISP_ERROR_INVALID_JSON,
    "byte 0: expected a record, which is a JSON object, found an array" },
  { "{\"a\":nan}", DISP_ERROR_INVALID_JSON, "byte 5: expected a value, found 'n'" },
  { "{\"a\":01}", DISP_ERROR_INVALID_JSON, "byte 5: a number with a leading zero" },
  { "{\"a\":\"\xff\"}", DISP_ERROR_INVALID_JSON, "byte 6: a string that is not UTF-8" },
  { "{}", DISP_ERROR_MISSING_KEY, "no \"id\", " AN_ID },
  { "{\"id\":\"a\"}", DISP_ERROR_MISSING_KEY, "no \"model\", " A_MODEL },
  { "{\"id\":\"a\",\"model\":\"m\"}", DISP_ERROR_MISSING_KEY, "no \"ts_in\", " A_TIME },
  { "{\"id\":null}", DISP_ERROR_INVALID_VALUE, "\"id\": " AN_ID ", found null" },
  { "{\"id\":7}", DISP_ERROR_INVALID_VALUE, "\"id\": " AN_ID ", found 7" },
  { "{\"id\":\"\"}", DISP_ERROR_INVALID_VALUE, "\"id\": " AN_ID ", found \"\"" },
  { "{\"id\":\"0123456789012345678901234567890123456\"}", DISP_ERROR_INVALID_VALUE,
    "\"id\": " AN_ID ", found \"0123456789012345678901234567890123456\"" },
  { "{\"id\":\"a\\n\"}", DISP_ERROR_INVALID_VALUE, "\"id\": " AN_ID ", found \"a\\n\"" },
  { "{\"id\":\"a\\u007f\"}", DISP_ERROR_INVALID_VALUE, "\"id\": " AN_ID ", found \"a\\u007f\"" },
  { "{\"id\":\"a\\u0000\"}", DISP_ERROR_INVALID_VALUE, "\"id\": " AN_ID ", found \"a\\u0000\"" },
  { "{\"id\":\"a\",\"id\":\"a\"}", DISP_ERROR_INVALID_VALUE,
    "\"id\" appears twice, the second time before byte 15, expected it once" },
  { "{\"\\u0069d\":\"a\",\"id\":\"a\"}", DISP_ERROR_INVALID_VALUE,
    "\"id\" appears twice, the second time before byte 20, expected it once" },
  { "{\"resp_time\":null,\"resp_time\":1}", DISP_ERROR_INVALID_VALUE,
    "\"resp_time\" appears twice, the second time before byte 30, expected it once" },
  { "{\"id\":\"a\",\"model\":\"\"}", DISP_ERROR_INVALID_VALUE,
    "\"model\": " A_MODEL ", found \"\"" },
  { "{\"id\":\"a\",\"model\":null}", DISP_ERROR_INVALID_VALUE,
    "\"model\": " A_MODEL ", found null" },
  { "{\"id\":\"a\",\"model\":[\"m\"]}", DISP_ERROR_INVALID_VALUE,
    "\"model\": " A_MODEL ", found an array" },
  { "{\"id\":\"a\",\"model\":\"m\",\"ts_in\":null}", DISP_ERROR_INVALID_VALUE,
    "\"ts_in\": " A_TIME ", found null" },
  { "{\"id\":\"a\",\"model\":\"m\",\"ts_in\":0}", DISP_ERROR_INVALID_VALUE,
    "\"ts_in\": " A_TIME ", found 0" },
  { "{\"id\":\"a\",\"model\":\"m\",\"ts_in\":\"1\"}", DISP_ERROR_INVALID_VALUE,
    "\"ts_in\": " A_TIME ", found \"1\"" },
  { "{\"id\":\"a\",\"model\":\"m\",\"ts_in\":NaN}", DISP_ERROR_INVALID_VALUE,
    "\"ts_in\": " A_TIME ", found NaN" },
  { "{\"request_id\":7," REST "}", DISP_ERROR_INVALID_VALUE,
    "\"request_id\": expected a string without NUL, or null, found 7" },
  { "{\"node\":{}," REST "}", DISP_ERROR_INVALID_VALUE,
    "\"node\": expected a string without NUL, or null, found an object" },
  { "{\"container\":true," REST "}", DISP_ERROR_INVALID_VALUE,
    "\"container\": expected a string without NUL, or null, found true" },
  { "{\"container_id\":\"\\ud800\"," REST "}", DISP_ERROR_INVALID_VALUE,
    "\"container_id\": expected a string without NUL, or null, found \"\\ud800\"" },
  { "{\"version\":\"1\"," REST "}", DISP_ERROR_INVALID_VALUE,
    "\"version\": expected an integer from 0 up, or null, found \"1\"" },
  { "{\"version\":-1," REST "}", DISP_ERROR_INVALID_VALUE,
    "\"version\": expected an integer from 0 up, or null, found -1" },
  { "{\"version\":9223372036854775808," REST "}", DISP_ERROR_INVALID_VALUE,
    "\"version\": expected an integer from 0 up, or null, found 9223372036854775808" },
  { "{\"device\":2," REST "}", DISP_ERROR_INVALID_VALUE,
    "\"device\": expected 0 (CPU), 1 (GPU) or null, found 2" },
  { "{\"device\":-1," REST "}", DISP_ERROR_INVALID_VALUE,
    "\"device\": expected 0 (CPU), 1 (GPU) or null, found -1" },
  { "{\"device\":10," REST "}", DISP_ERROR_INVALID_VALUE,
    "\"device\": expected 0 (CPU), 1 (GPU) or null, found 10" },
  { "{\"ts_wait\":-1," REST "}", DISP_ERROR_INVALID_VALUE,
    "\"ts_wait\": " A_TIME ", or null, found -1" },
  { "{\"ts_out\":false," REST "}", DISP_ERROR_INVALID_VALUE,
    "\"ts_out\": " A_TIME ", or null, found false" },
  { "{\"state\":4," REST "}", DISP_ERROR_INVALID_VALUE,
    "\"state\": expected a state from 0 to 3, found 4" },
  { "{\"state\":\"completed\"," REST "}", DISP_ERROR_INVALID_VALUE,
    "\"state\": expected a state from 0 to 3, found \"completed\"" },
  { "{\"status\":1000," REST "}", DISP_ERROR_INVALID_VALUE,
    "\"status\": expected an HTTP status, or null, found 1000" },
  { "{\"instances_bytes\":-5," REST "}", DISP_ERROR_INVALID_VALUE,
    "\"instances_bytes\": expected a number of bytes, found -5" },
  { "{\"response_bytes\":1.5," REST "}", DISP_ERROR_INVALID_VALUE,
    "\"response_bytes\": expected a number of bytes, found 1.5" },
};

static void
test_refuses (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", refused[i].message);
      g_assert_null (parse (refused[i].text, strlen (refused[i].text), &error));
      g_assert_error (error, DISP_ERROR, refused[i].code);
      g_assert_cmpstr (error->message, ==, refused[i].message);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/record-parser/least", test_least);
  g_test_add_func ("/wire/record-parser/original", test_original);
  g_test_add_func ("/wire/record-parser/instances", test_instances);
  g_test_add_func ("/wire/record-parser/payload-lengths", test_payload_lengths);
  g_test_add_func ("/wire/record-parser/responses", test_responses);
  g_test_add_func ("/wire/record-parser/containers", test_containers);
  g_test_add_func ("/wire/record-parser/extra", test_extra);
  g_test_add_func ("/wire/record-parser/dispatching", test_dispatching);
  g_test_add_func ("/wire/record-parser/values", test_values);
  g_test_add_func ("/wire/record-parser/refuses", test_refuses);
  return g_test_run ();
}
