/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/documents.h"

#include "build-config.h"
#include "front/front-fixture.h"
#include "front/raw-client.h"
#include "support/fixtures.h"

#include <json-glib/json-glib.h>

static JsonObject *
parse (const DispAnswer *answer, JsonNode **root)
{
  gsize length;
  const char *text = g_bytes_get_data (answer->body, &length);
  g_autofree char *copy = g_strndup (text, length);
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (answer->content_type, ==, "application/json");
  *root = json_from_string (copy, &error);
  g_assert_no_error (error);
  return json_node_get_object (*root);
}

static void
assert_text (const DispAnswer *answer, guint status, const char *text)
{
  gsize length;
  const char *found = g_bytes_get_data (answer->body, &length);
  g_autofree char *copy = g_strndup (found, length);

  g_assert_cmpuint (answer->status, ==, status);
  g_assert_cmpstr (copy, ==, text);
}

static void
assert_status (Front *front, const char *status, const char *problem)
{
  g_autoptr (DispAnswer) answer = disp_document_status (front->switchboard);
  g_autoptr (JsonNode) root = NULL;
  JsonObject *object = parse (answer, &root);

  g_assert_cmpuint (answer->status, ==, 200);
  g_assert_cmpstr (json_object_get_string_member (object, "status"), ==, status);
  g_assert_cmpstr (json_object_get_string_member_with_default (object, "problem", NULL), ==,
                   problem);
}

static void
test_status (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);
  g_autoptr (RawAnswer) prediction = NULL;
  g_autoptr (DispAnswer) answer = NULL;
  g_autoptr (JsonNode) root = NULL;
  JsonObject *object;

  raw_client_post (client, "/v1/models/half:predict", "{}");
  prediction = raw_client_read (client);
  raw_client_post (client, "/v1/models/idle:predict", "{}");
  raw_answer_free (raw_client_read (client));
  front_hold (front);
  raw_client_post (client, "/v1/models/half:predict", "{}");
  FRONT_WAIT (front->sent->len == 2);
  fake_clock_advance (front->clock, 1500000);
  answer = disp_document_status (front->switchboard);
  object = parse (answer, &root);
  g_assert_cmpuint (answer->status, ==, 200);
  g_assert_cmpstr (json_object_get_string_member (object, "status"), ==, "running");
  g_assert_cmpstr (json_object_get_string_member (object, "version"), ==, DISP_VERSION);
  g_assert_cmpstr (json_object_get_string_member (object, "policy"), ==, "round-robin");
  g_assert_cmpint (json_object_get_int_member (object, "workers"), ==, 1);
  g_assert_cmpint (json_object_get_int_member (object, "models"), ==, 3);
  g_assert_cmpint (json_object_get_int_member (object, "containers"), ==, 5);
  g_assert_cmpfloat (json_object_get_double_member (object, "uptime"), ==, 1.5);
  g_assert_cmpint (json_object_get_int_member (object, "in_flight"), ==, 1);
  g_assert_cmpint (json_object_get_int_member (object, "requests"), ==, 3);
  g_assert_cmpint (json_object_get_int_member (object, "errors"), ==, 1);
  g_assert_cmpint (json_object_get_int_member (object, "records_queued"), ==, 0);
  g_assert_cmpint (json_object_get_int_member (object, "records_spooled"), ==, 0);
  g_assert_cmpint (json_object_get_int_member (object, "records_refused"), ==, 0);
  g_assert_cmpint (json_object_get_int_member (object, "records_dropped"), ==, 0);
  g_assert_false (json_object_has_member (object, "problem"));
}

static void
test_status_changes (void)
{
  g_autoptr (Front) front = front_new_without_fleet ();
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, NULL, NULL);

  assert_status (front, "degraded", "no fleet is known yet");
  disp_switchboard_set_fleet (front->switchboard, fleet);
  assert_status (front, "running", NULL);
  disp_switchboard_set_fleet_problem (front->switchboard, "the \"source\" fails\n");
  assert_status (front, "degraded", "the \"source\" fails\n");
  disp_switchboard_set_serving (front->switchboard, 0);
  assert_status (front, "starting", NULL);
  disp_switchboard_set_draining (front->switchboard);
  assert_status (front, "draining", NULL);
}

static void
test_live (void)
{
  g_autoptr (DispAnswer) answer = disp_document_live ();

  assert_text (answer, 200, "{\"status\":\"live\"}");
}

static void
assert_ready (Front *front, guint status, const char *text)
{
  g_autoptr (DispAnswer) answer = disp_document_ready (front->switchboard);

  assert_text (answer, status, text);
}

/* Degraded with a fleet is ready: predictions are answered. */
static void
test_ready (void)
{
  g_autoptr (Front) front = front_new_without_fleet ();
  g_autoptr (DispFleet) fleet = fixture_fleet (NULL, NULL, NULL);

  assert_ready (front, 503, "{\"status\":\"not ready\",\"error\":\"no fleet is known yet\"}");
  disp_switchboard_set_fleet_problem (front->switchboard, "nothing there");
  assert_ready (front, 503, "{\"status\":\"not ready\",\"error\":\"nothing there\"}");
  disp_switchboard_set_fleet (front->switchboard, fleet);
  assert_ready (front, 200, "{\"status\":\"ready\"}");
  disp_switchboard_set_serving (front->switchboard, 0);
  assert_ready (front, 503, "{\"status\":\"not ready\",\"error\":\"starting\"}");
  disp_switchboard_set_draining (front->switchboard);
  assert_ready (front, 503, "{\"status\":\"not ready\",\"error\":\"draining\"}");
}

static void
test_models (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (DispAnswer) answer = disp_document_models (front->switchboard);
  g_autoptr (JsonNode) root = NULL;
  JsonArray *models = json_object_get_array_member (parse (answer, &root), "models");
  static const struct
  {
    const char *name;
    gint64 version;
    gint64 containers;
  } expected[] = { { "half", 1, 2 }, { "half", 2, 1 }, { "idle", 1, 0 }, { "odd name/ü", 1, 1 } };

  g_assert_cmpuint (answer->status, ==, 200);
  g_assert_cmpuint (json_array_get_length (models), ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      guint found = 0;

      for (guint j = 0; j < json_array_get_length (models); j++)
        {
          JsonObject *model = json_array_get_object_element (models, j);

          if (!g_str_equal (json_object_get_string_member (model, "name"), expected[i].name)
              || json_object_get_int_member (model, "version") != expected[i].version)
            continue;
          found++;
          g_assert_cmpint (json_object_get_int_member (model, "containers"), ==,
                           expected[i].containers);
        }
      g_assert_cmpuint (found, ==, 1);
    }
}

static void
test_no_models (void)
{
  g_autoptr (Front) front = front_new_without_fleet ();
  g_autoptr (DispAnswer) answer = disp_document_models (front->switchboard);

  assert_text (answer, 200, "{\"models\":[]}");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/front/documents/status", test_status);
  g_test_add_func ("/front/documents/status-changes", test_status_changes);
  g_test_add_func ("/front/documents/live", test_live);
  g_test_add_func ("/front/documents/ready", test_ready);
  g_test_add_func ("/front/documents/models", test_models);
  g_test_add_func ("/front/documents/no-models", test_no_models);
  return g_test_run ();
}
