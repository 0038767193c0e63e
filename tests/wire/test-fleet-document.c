/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/fleet-document.h"

#include "core/error.h"

#include <string.h>

/* What the Containers Manager's own configuration looks like. */
static const char manager_yaml[] = "# the fleet\n"
                                   "models:\n"
                                   "  - name: half_plus_two\n"
                                   "    version: 1\n"
                                   "    sla: 1000\n"
                                   "    alpha: 0.5\n"
                                   "    profiled_rt: 0.25\n"
                                   "  - name: half_plus_three\n"
                                   "    unknown: {a: [1, 2]}\n"
                                   "containers:\n"
                                   "  - model: half_plus_two\n"
                                   "    version: 1\n"
                                   "    container: tfserving-cpu-0\n"
                                   "    active: true\n"
                                   "    device: 0\n"
                                   "    node: 192.168.99.103\n"
                                   "    port: 30001\n"
                                   "    max_in_flight: 3\n"
                                   "    quota: 100000\n"
                                   "  - model: all\n"
                                   "    version: null\n"
                                   "    container: tfserving-gpu-0\n"
                                   "    container_id: 0058c1\n"
                                   "    active: false\n"
                                   "    device: 1\n"
                                   "    node: gpu_node.example\n"
                                   "    port: 30002\n"
                                   "    quota: 1.5\n";

static const char manager_json[]
    = "{\"models\":[{\"name\":\"half_plus_two\",\"version\":1,\"sla\":1000,\"alpha\":0.5,"
      "\"profiled_rt\":0.25},{\"name\":\"half_plus_three\",\"unknown\":{\"a\":[1,2]}}],"
      "\"containers\":[{\"model\":\"half_plus_two\",\"version\":1,\"container\":"
      "\"tfserving-cpu-0\",\"container_id\":null,\"active\":true,\"device\":0,"
      "\"node\":\"192.168.99.103\",\"port\":30001,"
      "\"endpoint\":\"http://192.168.99.103:30001\",\"quota\":100000,\"max_in_flight\":3},"
      "{\"model\":\"all\",\"container\":\"tfserving-gpu-0\",\"container_id\":\"0058c1\","
      "\"active\":false,\"device\":1,\"node\":\"gpu_node.example\",\"port\":30002,"
      "\"quota\":1.5}]}";

static void
assert_models (DispModel *const *models, guint n_models)
{
  g_assert_cmpuint (n_models, ==, 2);
  g_assert_cmpstr (models[0]->name, ==, "half_plus_two");
  g_assert_cmpint (models[0]->version, ==, 1);
  g_assert_cmpfloat (models[0]->sla, ==, 1000);
  g_assert_cmpfloat (models[0]->alpha, ==, 0.5);
  g_assert_cmpfloat (models[0]->profiled_rt, ==, 0.25);
  g_assert_cmpstr (models[1]->name, ==, "half_plus_three");
  g_assert_cmpint (models[1]->version, ==, 1);
  g_assert_cmpfloat (models[1]->sla, ==, 0);
}

static void
assert_containers (DispContainer *const *containers, guint n_containers)
{
  g_assert_cmpuint (n_containers, ==, 2);
  g_assert_cmpstr (containers[0]->model, ==, "half_plus_two");
  g_assert_cmpint (containers[0]->version, ==, 1);
  g_assert_cmpstr (containers[0]->name, ==, "tfserving-cpu-0");
  g_assert_null (containers[0]->id);
  g_assert_true (containers[0]->active);
  g_assert_cmpint (containers[0]->device, ==, DISP_DEVICE_CPU);
  g_assert_cmpstr (containers[0]->node, ==, "192.168.99.103");
  g_assert_cmpuint (containers[0]->port, ==, 30001);
  g_assert_cmpstr (containers[0]->endpoint, ==, "http://192.168.99.103:30001");
  g_assert_cmpfloat (containers[0]->quota, ==, 100000);
  g_assert_cmpuint (containers[0]->max_in_flight, ==, 3);
  g_assert_cmpstr (containers[1]->model, ==, DISP_MODEL_ALL);
  g_assert_cmpstr (containers[1]->id, ==, "0058c1");
  g_assert_false (containers[1]->active);
  g_assert_cmpint (containers[1]->device, ==, DISP_DEVICE_GPU);
  g_assert_cmpstr (containers[1]->endpoint, ==, "http://gpu_node.example:30002");
  g_assert_cmpfloat (containers[1]->quota, ==, 1.5);
  g_assert_cmpuint (containers[1]->max_in_flight, ==, 0);
}

static void
assert_fleet (const char *text, DispDocumentFormat format)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DispFleet) fleet = disp_fleet_document_parse (text, strlen (text), format, NULL,
                                                           &error);
  DispModel *const *models;
  DispContainer *const *containers;
  guint n;

  g_assert_no_error (error);
  models = disp_fleet_get_models (fleet, &n);
  assert_models (models, n);
  containers = disp_fleet_get_containers (fleet, &n);
  assert_containers (containers, n);
}

static void
test_files (void)
{
  assert_fleet (manager_yaml, DISP_DOCUMENT_YAML);
  assert_fleet (manager_json, DISP_DOCUMENT_JSON);
  assert_fleet (manager_json, DISP_DOCUMENT_YAML);
}

static void
test_answers (void)
{
  const char *models_start = strstr (manager_json, "[{");
  const char *containers_start = strstr (manager_json, "[{\"model\"");
  gsize models_length = (gsize) (strstr (manager_json, ",\"containers\"") - models_start);
  gsize containers_length = strlen (containers_start) - 1;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) models = disp_fleet_document_parse_models (models_start, models_length,
                                                                   &error);
  g_autoptr (GPtrArray) containers = NULL;

  g_assert_no_error (error);
  assert_models ((DispModel *const *) models->pdata, models->len);
  containers = disp_fleet_document_parse_containers (containers_start, containers_length, &error);
  g_assert_no_error (error);
  assert_containers ((DispContainer *const *) containers->pdata, containers->len);
}

/* The counters of a container go on from one document to the next. */
static void
test_previous (void)
{
  g_autoptr (DispFleet) first = disp_fleet_document_parse (manager_yaml, strlen (manager_yaml),
                                                           DISP_DOCUMENT_YAML, NULL, NULL);
  g_autoptr (DispFleet) second = disp_fleet_document_parse (manager_json, strlen (manager_json),
                                                            DISP_DOCUMENT_JSON, first, NULL);
  guint n;

  g_assert_true (disp_fleet_get_containers (first, &n)[0]->stats
                 == disp_fleet_get_containers (second, &n)[0]->stats);
}

static void
test_empty_lists (void)
{
  static const char *const rows[] = { "{\"models\":[],\"containers\":[]}",
                                      "{\"containers\":[],\"x\":{},\"models\":[]}" };
  g_autoptr (GPtrArray) models = disp_fleet_document_parse_models ("[]", 2, NULL);
  g_autoptr (GPtrArray) containers = disp_fleet_document_parse_containers (" [ ] ", 5, NULL);

  g_assert_cmpuint (models->len, ==, 0);
  g_assert_cmpuint (containers->len, ==, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    for (DispDocumentFormat format = DISP_DOCUMENT_YAML; format <= DISP_DOCUMENT_JSON; format++)
      {
        g_autoptr (DispFleet) fleet = disp_fleet_document_parse (rows[i], strlen (rows[i]), format,
                                                                 NULL, NULL);
        guint n;

        disp_fleet_get_containers (fleet, &n);
        g_assert_cmpuint (n, ==, 0);
      }
}

/* What the endpoint of a container with @members comes to. */
static const struct
{
  const char *members;
  const char *endpoint;
  const char *node;
  guint16 port;
} endpoints[] = {
  { "\"node\":\"n\",\"port\":80", "http://n:80", "n", 80 },
  { "\"node\":\"n\",\"port\":65535,\"endpoint\":null", "http://n:65535", "n", 65535 },
  { "\"node\":\"::1\",\"port\":8501", "http://[::1]:8501", "::1", 8501 },
  { "\"node\":\"n\",\"port\":1,\"endpoint\":\"http://other:2\"", "http://other:2", "n", 2 },
  { "\"endpoint\":\"http://10.0.0.1:8501\"", "http://10.0.0.1:8501", "10.0.0.1", 8501 },
  { "\"endpoint\":\"http://a.example:8501/\"", "http://a.example:8501", "a.example", 8501 },
  { "\"endpoint\":\"HTTP://a\"", "http://a:80", "a", 80 },
  { "\"endpoint\":\"http://[2001:db8::1]:9\"", "http://[2001:db8::1]:9", "2001:db8::1", 9 },
};

static void
test_endpoints (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (endpoints); i++)
    {
      g_autofree char *text = g_strdup_printf (
          "[{\"model\":\"m\",\"container\":\"c\",\"quota\":1,%s}]", endpoints[i].members);
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) containers = disp_fleet_document_parse_containers (text, strlen (text),
                                                                               &error);
      const DispContainer *container;

      g_assert_no_error (error);
      container = g_ptr_array_index (containers, 0);
      g_assert_cmpstr (container->endpoint, ==, endpoints[i].endpoint);
      g_assert_cmpstr (container->node, ==, endpoints[i].node);
      g_assert_cmpuint (container->port, ==, endpoints[i].port);
    }
}

static void
test_defaults (void)
{
  const char *text = "[{\"model\":\"m\",\"version\":null,\"container\":\"c\",\"active\":null,"
                     "\"device\":null,\"node\":\"n\",\"port\":1,\"cpu_quota\":5},"
                     "{\"model\":\"all\",\"version\":\"any\",\"container\":\"c\",\"node\":\"n\","
                     "\"port\":1,\"quota\":0,\"cpu_quota\":7},"
                     "{\"model\":\"m\",\"version\":2,\"container\":\"c\",\"node\":\"n\","
                     "\"port\":1,\"quota\":null,\"cpu_quota\":7}]";
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) containers = disp_fleet_document_parse_containers (text, strlen (text),
                                                                           &error);
  const DispContainer *container;

  g_assert_no_error (error);
  container = g_ptr_array_index (containers, 0);
  g_assert_cmpint (container->version, ==, 1);
  g_assert_true (container->active);
  g_assert_cmpint (container->device, ==, DISP_DEVICE_CPU);
  g_assert_cmpfloat (container->quota, ==, 5);
  container = g_ptr_array_index (containers, 1);
  g_assert_cmpfloat (container->quota, ==, 0);
  container = g_ptr_array_index (containers, 2);
  g_assert_cmpfloat (container->quota, ==, 7);
}

/* A server has one number, whatever its listings say. */
static void
test_max_in_flight (void)
{
  static const guint expected[] = { 3, 3, 3, 1000000, 0 };
  const char *text = "[{\"model\":\"m\",\"container\":\"c\",\"node\":\"n\",\"port\":1,\"quota\":1},"
                     "{\"model\":\"n\",\"container\":\"c\",\"node\":\"n\",\"port\":1,\"quota\":1,"
                     "\"max_in_flight\":7},"
                     "{\"model\":\"o\",\"container\":\"c\",\"node\":\"n\",\"port\":1,\"quota\":1,"
                     "\"max_in_flight\":3},"
                     "{\"model\":\"m\",\"container\":\"d\",\"node\":\"n\",\"port\":1,\"quota\":1,"
                     "\"max_in_flight\":1000000},"
                     "{\"model\":\"m\",\"container\":\"e\",\"node\":\"n\",\"port\":1,\"quota\":1,"
                     "\"max_in_flight\":null}]";
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) containers = disp_fleet_document_parse_containers (text, strlen (text),
                                                                           &error);

  g_assert_no_error (error);
  g_assert_cmpuint (containers->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < containers->len; i++)
    {
      const DispContainer *container = g_ptr_array_index (containers, i);

      g_assert_cmpuint (container->max_in_flight, ==, expected[i]);
    }
}

#define HOST "a host name or an IP address"
#define MOST "a whole number from 1 to 1000000"
#define URL "a URL of the form http://HOST:PORT"

/* One member of a container that is right but for that; both languages read it. */
static const struct
{
  const char *member;
  const char *value; /* (nullable) as JSON, which is YAML too; NULL = absent */
  const char *message;
} wrong_containers[] = {
  { "model", NULL, "model: expected the name of a model, found no such member" },
  { "model", "null", "model: expected the name of a model, found null" },
  { "model", "\"\"", "model: expected the name of a model, found \"\"" },
  { "model", "5", "model: expected the name of a model, found 5" },
  { "model", "[]", "model: expected the name of a model, found a list" },
  { "container", NULL, "container: expected the name of a container, found no such member" },
  { "container", "{}", "container: expected the name of a container, found an object" },
  { "container", "\"a\\r\\nb: c\"",
    "container: expected the name of a container, found \"a\r\nb: c\"" },
  { "container", "\"a\\u007f\"", "container: expected the name of a container, found \"a\177\"" },
  { "model", "\"\\u0001\"", "model: expected the name of a model, found \"\001\"" },
  { "version", "\"1\"", "version: expected an integer from 0 up, found \"1\"" },
  { "version", "-1", "version: expected an integer from 0 up, found -1" },
  { "version", "1.5", "version: expected an integer from 0 up, found 1.5" },
  { "container_id", "17", "container_id: expected a string, found 17" },
  { "active", "\"yes\"", "active: expected true or false, found \"yes\"" },
  { "active", "1", "active: expected true or false, found 1" },
  { "device", "2", "device: expected 0 (CPU) or 1 (GPU), found 2" },
  { "device", "-1", "device: expected 0 (CPU) or 1 (GPU), found -1" },
  { "device", "\"gpu\"", "device: expected 0 (CPU) or 1 (GPU), found \"gpu\"" },
  { "node", NULL, "node: expected " HOST ", found no such member" },
  { "node", "null", "node: expected " HOST ", found null" },
  { "node", "7", "node: expected a string, found 7" },
  { "node", "\"\"", "node: expected " HOST ", found \"\"" },
  { "node", "\"a b\"", "node: expected " HOST ", found \"a b\"" },
  { "node", "\"a/b\"", "node: expected " HOST ", found \"a/b\"" },
  { "node", "\"u@h\"", "node: expected " HOST ", found \"u@h\"" },
  { "node", "\"h:80\"", "node: expected " HOST ", found \"h:80\"" },
  { "node", "\"[::1]\"", "node: expected " HOST ", found \"[::1]\"" },
  { "port", NULL, "port: expected a number from 1 to 65535, found no such member" },
  { "port", "0", "port: expected a number from 1 to 65535, found 0" },
  { "port", "65536", "port: expected a number from 1 to 65535, found 65536" },
  { "port", "-80", "port: expected a number from 1 to 65535, found -80" },
  { "port", "80.5", "port: expected a number from 1 to 65535, found 80.5" },
  { "port", "\"x\"", "port: expected a number from 1 to 65535, found \"x\"" },
  { "endpoint", "1", "endpoint: expected a string, found 1" },
  { "endpoint", "\"\"", "endpoint: expected " URL ", found \"\"" },
  { "endpoint", "\"n:80\"", "endpoint: expected " URL ", found \"n:80\"" },
  { "endpoint", "\"https://n:80\"", "endpoint: expected " URL ", found \"https://n:80\"" },
  { "endpoint", "\"http://\"", "endpoint: expected " URL ", found \"http://\"" },
  { "endpoint", "\"http://n:0\"", "endpoint: expected " URL ", found \"http://n:0\"" },
  { "endpoint", "\"http://n:99999\"", "endpoint: expected " URL ", found \"http://n:99999\"" },
  { "endpoint", "\"http://u@n:80\"", "endpoint: expected " URL ", found \"http://u@n:80\"" },
  { "endpoint", "\"http://n:80/v1\"", "endpoint: expected " URL ", found \"http://n:80/v1\"" },
  { "endpoint", "\"http://n:80?a\"", "endpoint: expected " URL ", found \"http://n:80?a\"" },
  { "endpoint", "\"http://n:80#a\"", "endpoint: expected " URL ", found \"http://n:80#a\"" },
  { "max_in_flight", "0", "max_in_flight: expected " MOST ", found 0" },
  { "max_in_flight", "-1", "max_in_flight: expected " MOST ", found -1" },
  { "max_in_flight", "1.5", "max_in_flight: expected " MOST ", found 1.5" },
  { "max_in_flight", "1000001", "max_in_flight: expected " MOST ", found 1000001" },
  { "max_in_flight", "\"auto\"", "max_in_flight: expected " MOST ", found \"auto\"" },
  { "max_in_flight", "[1]", "max_in_flight: expected " MOST ", found a list" },
  { "quota", NULL, "quota: expected a number from 0 up, found no such member" },
  { "quota", "null", "quota: expected a number from 0 up, found null" },
  { "quota", "-1", "quota: expected a number from 0 up, found -1" },
  { "quota", "1e400", "quota: expected a number from 0 up, found inf" },
  { "quota", "\"all\"", "quota: expected a number from 0 up, found \"all\"" },
  { "quota", "true", "quota: expected a number from 0 up, found true" },
  { "quota", "\"0123456789012345678901234567890123456789x\"",
    "quota: expected a number from 0 up, found \"0123456789012345678901234567890123456789…\"" },
};

/* A fleet whose third container has @value for @member. */
static char *
write_container (const char *member, const char *value)
{
  static const char *const good[][2] = { { "model", "\"m\"" },     { "version", "1" },
                                         { "container", "\"c\"" }, { "node", "\"n\"" },
                                         { "port", "3" },          { "quota", "1" } };
  g_autoptr (GString) text = g_string_new (
      "{\"models\":[],\"containers\":["
      "{\"model\":\"m\",\"container\":\"c\",\"node\":\"n\",\"port\":1,\"quota\":1},"
      "{\"model\":\"m\",\"container\":\"c\",\"node\":\"n\",\"port\":2,\"quota\":1},{\"x\":0");

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    if (!g_str_equal (good[i][0], member))
      g_string_append_printf (text, ",\"%s\":%s", good[i][0], good[i][1]);
  if (value != NULL)
    g_string_append_printf (text, ",\"%s\":%s", member, value);
  g_string_append (text, "}]}");
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
assert_refused (const char *text, DispDocumentFormat format, const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (disp_fleet_document_parse (text, strlen (text), format, NULL, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_DOCUMENT);
  g_assert_cmpstr (error->message, ==, message);
}

static void
test_wrong_containers (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (wrong_containers); i++)
    {
      const char *value = wrong_containers[i].value;
      g_autofree char *text = write_container (wrong_containers[i].member, value);
      g_autofree char *message = g_strdup_printf ("containers[2].%s", wrong_containers[i].message);
      g_autofree char *with_line = g_strdup_printf ("line 1: %s", message);

      assert_refused (text, DISP_DOCUMENT_JSON, message);
      /* What is absent stands on no line. */
      assert_refused (text, DISP_DOCUMENT_YAML, value != NULL ? with_line : message);
    }
}

/* Quotas that no container can have, each as one of the languages can say them. */
static const struct
{
  const char *value;
  DispDocumentFormat format;
  const char *message;
} wrong_quotas[] = {
  { ".inf", DISP_DOCUMENT_YAML, "found inf" },
  { "-.inf", DISP_DOCUMENT_YAML, "found -inf" },
  { ".NaN", DISP_DOCUMENT_YAML, "found nan" },
  { "-1e400", DISP_DOCUMENT_YAML, "found -inf" },
  { "-0.001", DISP_DOCUMENT_YAML, "found -0.001" },
  { "Infinity", DISP_DOCUMENT_JSON, "" },
  { "-Infinity", DISP_DOCUMENT_JSON, "" },
  { "NaN", DISP_DOCUMENT_JSON, "" },
  { "-1e400", DISP_DOCUMENT_JSON, "found -inf" },
  { "-0.001", DISP_DOCUMENT_JSON, "found -0.001" },
};

static void
test_wrong_quotas (void)
{
  static const char *const members[] = { "quota", "cpu_quota" };

  for (gsize i = 0; i < G_N_ELEMENTS (wrong_quotas) * G_N_ELEMENTS (members); i++)
    {
      const gsize row = i / G_N_ELEMENTS (members);
      g_autofree char *text = write_container ("quota", NULL);
      g_autoptr (GString) with_quota = g_string_new (text);
      g_autofree char *member = g_strdup_printf (
          "\"x\":0,\"%s\":%s", members[i % G_N_ELEMENTS (members)], wrong_quotas[row].value);
      g_autoptr (GError) error = NULL;

      g_assert_cmpuint (g_string_replace (with_quota, "\"x\":0", member, 0), ==, 1);
      if (disp_fleet_document_parse (with_quota->str, with_quota->len, wrong_quotas[row].format,
                                     NULL, &error)
          != NULL)
        g_error ("%s was accepted", member);
      g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_DOCUMENT);
      if (strstr (error->message, wrong_quotas[row].message) == NULL)
        g_error ("\"%s\" does not say \"%s\"", error->message, wrong_quotas[row].message);
    }
}

/* The name of nothing is none. */
static void
test_empty_id (void)
{
  g_autofree char *text = write_container ("container_id", "\"\"");
  g_autoptr (DispFleet) fleet = NULL;
  g_autoptr (GError) error = NULL;
  guint n_containers;

  fleet = disp_fleet_document_parse (text, strlen (text), DISP_DOCUMENT_JSON, NULL, &error);
  g_assert_no_error (error);
  g_assert_null (disp_fleet_get_containers (fleet, &n_containers)[2]->id);
}

static const struct
{
  const char *model;
  const char *message;
} wrong_models[] = {
  { "{}", "models[1].name: expected the name of a model, found no such member" },
  { "{\"name\":null}", "models[1].name: expected the name of a model, found null" },
  { "{\"name\":\"\"}", "models[1].name: expected the name of a model, found \"\"" },
  { "{\"name\":1}", "models[1].name: expected the name of a model, found 1" },
  { "{\"name\":\"m\",\"version\":-1}",
    "models[1].version: expected an integer from 0 up, found -1" },
  { "{\"name\":\"m\",\"version\":true}",
    "models[1].version: expected an integer from 0 up, found true" },
  { "{\"name\":\"m\",\"sla\":-1}", "models[1].sla: expected a number from 0 up, found -1" },
  { "{\"name\":\"m\",\"sla\":\"1\"}", "models[1].sla: expected a number from 0 up, found \"1\"" },
  { "{\"name\":\"m\",\"alpha\":[]}", "models[1].alpha: expected a number from 0 up, found a list" },
  { "{\"name\":\"m\",\"profiled_rt\":{}}",
    "models[1].profiled_rt: expected a number from 0 up, found an object" },
  { "\"m\"", "models[1]: expected an object, found \"m\"" },
  { "null", "models[1]: expected an object, found null" },
  { "[]", "models[1]: expected an object, found a list" },
};

static void
test_wrong_models (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (wrong_models); i++)
    {
      g_autofree char *text = g_strdup_printf (
          "{\"models\":[{\"name\":\"a\"},%s],\"containers\":[]}", wrong_models[i].model);
      gboolean absent = g_str_has_suffix (wrong_models[i].message, "no such member");
      g_autofree char *with_line = g_strdup_printf ("line 1: %s", wrong_models[i].message);

      assert_refused (text, DISP_DOCUMENT_JSON, wrong_models[i].message);
      assert_refused (text, DISP_DOCUMENT_YAML, absent ? wrong_models[i].message : with_line);
    }
}

#define NO_LIST(list)                                                                              \
  "the document has no list \"" list "\", expected an object with the lists \"models\" and "       \
  "\"containers\""

static void
test_wrong_top (void)
{
  assert_refused ("[]", DISP_DOCUMENT_JSON, NO_LIST ("models"));
  assert_refused ("{}", DISP_DOCUMENT_JSON, NO_LIST ("models"));
  assert_refused ("hello", DISP_DOCUMENT_YAML, NO_LIST ("models"));
  assert_refused ("{\"models\":[]}", DISP_DOCUMENT_JSON, NO_LIST ("containers"));
  assert_refused ("containers: []", DISP_DOCUMENT_YAML, NO_LIST ("models"));
  assert_refused ("{\"models\":{},\"containers\":[]}", DISP_DOCUMENT_JSON,
                  "models: expected a list ([] for none), found an object");
  assert_refused ("models: []\ncontainers:\n", DISP_DOCUMENT_YAML,
                  "line 2: containers: expected a list ([] for none), found null");
  assert_refused ("", DISP_DOCUMENT_JSON, "byte 0: expected a value, found the end");
  assert_refused ("# nothing\n", DISP_DOCUMENT_YAML, "line 2: the document is empty");
  assert_refused ("{\"models\":[],\"models\":[],\"containers\":[]}", DISP_DOCUMENT_JSON,
                  "\"models\" appears twice in one object, expected it once");
}

static void
test_wrong_lines (void)
{
  assert_refused ("models: []\n"
                  "containers:\n"
                  "- model: m\n"
                  "  container: c\n"
                  "  node: n\n"
                  "  port: http\n"
                  "  quota: 1\n",
                  DISP_DOCUMENT_YAML,
                  "line 6: containers[0].port: expected a number from 1 to 65535, found \"http\"");
  assert_refused ("models:\n"
                  "- name: m\n"
                  "  name: n\n",
                  DISP_DOCUMENT_YAML,
                  "line 3: \"name\" appears twice in one object, expected it once");
  assert_refused ("models:\n"
                  "- name: 'm\n",
                  DISP_DOCUMENT_YAML,
                  "line 3: while scanning a quoted scalar found unexpected end of stream");
}

static void
test_repeated (void)
{
#define SERVER "{\"model\":\"m\",\"container\":\"c\",\"node\":\"n\",\"port\":1,\"quota\":1}"
#define OTHER                                                                                      \
  "{\"model\":\"m\",\"version\":2,\"container\":\"c\",\"node\":\"n\",\"port\":1,\"quota\":1}"
  const char *versions = "[" SERVER "," OTHER "]";
  g_autoptr (GPtrArray) containers = disp_fleet_document_parse_containers (versions,
                                                                           strlen (versions), NULL);
  const char *message = "containers[2] is containers[0] again: container \"c\" at http://n:1 with "
                        "the same model and version, expected it once";

  g_assert_cmpuint (containers->len, ==, 2);
  assert_refused ("{\"models\":[],\"containers\":[" SERVER "," OTHER "," SERVER "]}",
                  DISP_DOCUMENT_JSON, message);
  assert_refused ("{\"models\":[],\"containers\":[" SERVER "," OTHER "," SERVER "]}",
                  DISP_DOCUMENT_YAML, message);
}

static void
test_wrong_answers (void)
{
  static const struct
  {
    const char *text;
    const char *message;
  } rows[] = {
    { "{}", "containers: expected a list ([] for none), found an object" },
    { "null", "containers: expected a list ([] for none), found null" },
    { "<html>", "byte 0: expected a value, found '<'" },
    { "[{]", "byte 2: expected a member name, found ']'" },
    { "[1]", "containers[0]: expected an object, found 1" },
    { "[{\"port\":18446744073709551617}]", "byte 9: an integer of more than 64 bits" },
    { "[{\"model\":\"a\\u0000b\"}]", "byte 12: a NUL in a string" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (
          disp_fleet_document_parse_containers (rows[i].text, strlen (rows[i].text), &error));
      g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_DOCUMENT);
      g_assert_cmpstr (error->message, ==, rows[i].message);
    }
}

static void
test_prefixes (void)
{
  for (gsize length = 0; length < strlen (manager_json); length++)
    {
      g_assert_null (
          disp_fleet_document_parse (manager_json, length, DISP_DOCUMENT_JSON, NULL, NULL));
      g_assert_null (
          disp_fleet_document_parse (manager_json, length, DISP_DOCUMENT_YAML, NULL, NULL));
    }
}

/* A hostile size, depth or number of values is refused before it costs anything. */
static void
test_limits (void)
{
  const gsize size = DISP_FLEET_DOCUMENT_MAX_SIZE + 1;
  g_autofree char *spaces = g_strnfill (size, ' ');
  g_autofree char *brackets = g_strnfill (100000, '[');
  g_autoptr (GString) numbers = g_string_new ("[0");

  assert_refused (spaces, DISP_DOCUMENT_JSON,
                  "the document has 16777217 bytes, expected at most 16777216");
  assert_refused (spaces, DISP_DOCUMENT_YAML,
                  "the document has 16777217 bytes, expected at most 16777216");
  assert_refused (brackets, DISP_DOCUMENT_JSON, "byte 32: nested deeper than 32 levels");
  assert_refused (brackets, DISP_DOCUMENT_YAML, "line 1: nested deeper than 32 levels");
  for (guint i = 0; i < 200000; i++)
    g_string_append (numbers, ",0");
  g_string_append (numbers, "]");
  assert_refused (numbers->str, DISP_DOCUMENT_JSON, "byte 399999: more than 200000 values");
  assert_refused (numbers->str, DISP_DOCUMENT_YAML, "line 1: more than 200000 values");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/fleet-document/files", test_files);
  g_test_add_func ("/wire/fleet-document/answers", test_answers);
  g_test_add_func ("/wire/fleet-document/previous", test_previous);
  g_test_add_func ("/wire/fleet-document/empty-lists", test_empty_lists);
  g_test_add_func ("/wire/fleet-document/endpoints", test_endpoints);
  g_test_add_func ("/wire/fleet-document/defaults", test_defaults);
  g_test_add_func ("/wire/fleet-document/wrong-containers", test_wrong_containers);
  g_test_add_func ("/wire/fleet-document/max-in-flight", test_max_in_flight);
  g_test_add_func ("/wire/fleet-document/wrong-quotas", test_wrong_quotas);
  g_test_add_func ("/wire/fleet-document/empty-id", test_empty_id);
  g_test_add_func ("/wire/fleet-document/wrong-models", test_wrong_models);
  g_test_add_func ("/wire/fleet-document/wrong-top", test_wrong_top);
  g_test_add_func ("/wire/fleet-document/wrong-lines", test_wrong_lines);
  g_test_add_func ("/wire/fleet-document/repeated", test_repeated);
  g_test_add_func ("/wire/fleet-document/wrong-answers", test_wrong_answers);
  g_test_add_func ("/wire/fleet-document/prefixes", test_prefixes);
  g_test_add_func ("/wire/fleet-document/limits", test_limits);
  return g_test_run ();
}
