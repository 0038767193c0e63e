/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/containers-site.h"

#include "core/error.h"
#include "core/policy-registry.h"
#include "front/site-fixture.h"
#include "support/fake-sink.h"
#include "support/fixtures.h"

#define MODEL_1 "{\"name\":\"half\",\"version\":1,\"sla\":0}"
#define MODEL_2 "{\"name\":\"half\",\"version\":2,\"sla\":0}"
#define CONTAINER(model, version, name, node, port, quota)                                         \
  "{\"model\":\"" model "\",\"version\":" #version ",\"container\":\"" name                        \
  "\",\"container_id\":\"id-of-" name "\",\"active\":true,\"device\":0,\"node\":\"" node           \
  "\",\"port\":" #port ",\"endpoint\":\"http://" node ":" #port "\",\"quota\":" #quota "}"
#define CPU_0 CONTAINER ("half", 1, "cpu-0", "127.0.0.1", 1, 100000)
#define CPU_1 CONTAINER ("half", 2, "cpu-1", "other node", 1, 0)

/* An editor that keeps what it was asked, and answers with a container of that quota or fails. */
#define TYPE_FAKE_EDITOR (fake_editor_get_type ())
G_DECLARE_FINAL_TYPE (FakeEditor, fake_editor, FAKE, EDITOR, GObject)

struct _FakeEditor
{
  GObject parent_instance;
  GString *asked;        /* (owned) */
  const GError *refusal; /* (unowned) (nullable) */
};

static DispContainer *
fake_editor_set_quota (DispFleetEditor *editor, const DispQuotaChange *change, GError **error)
{
  FakeEditor *self = FAKE_EDITOR (editor);

  g_string_append_printf (self->asked, "%s %s %g|",
                          change->container_id != NULL ? change->container_id : "-",
                          change->container != NULL ? change->container : "-", change->quota);
  if (self->refusal != NULL)
    {
      g_propagate_error (error, g_error_copy (self->refusal));
      return NULL;
    }
  return fixture_container ("cpu-0", "half", 1, DISP_DEVICE_CPU, change->quota);
}

static void
fake_editor_iface_init (DispFleetEditorInterface *iface)
{
  iface->set_quota = fake_editor_set_quota;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (FakeEditor, fake_editor, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_FLEET_EDITOR,
                                                      fake_editor_iface_init))

static void
fake_editor_finalize (GObject *object)
{
  g_string_free (FAKE_EDITOR (object)->asked, TRUE);
  G_OBJECT_CLASS (fake_editor_parent_class)->finalize (object);
}

static void
fake_editor_class_init (FakeEditorClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fake_editor_finalize;
}

static void
fake_editor_init (FakeEditor *self)
{
  self->asked = g_string_new (NULL);
}

typedef struct
{
  FakeClock *clock;             /* (owned) */
  DispSwitchboard *switchboard; /* (owned) */
  FakeEditor *editor;           /* (owned) */
  DispSite *site;               /* (owned) */
  SiteFixture *fixture;         /* (owned) */
} Rig;

static Rig *
rig_new (void)
{
  const DispEngineSettings settings = { .timeout = G_USEC_PER_SEC };
  g_autoptr (DispPolicySpec) policy = disp_policy_spec_new ("round-robin", NULL, NULL);
  g_autoptr (FakeSink) sink = fake_sink_new ();
  Rig *rig = g_new0 (Rig, 1);

  rig->clock = fake_clock_new ();
  rig->switchboard = disp_switchboard_new (DISP_CLOCK (rig->clock), DISP_RECORD_SINK (sink), NULL,
                                           policy, &settings);
  rig->editor = g_object_new (TYPE_FAKE_EDITOR, NULL);
  rig->site = disp_containers_site_new (rig->switchboard, DISP_FLEET_EDITOR (rig->editor));
  rig->fixture = site_fixture_new (rig->site, rig->clock);
  return rig;
}

static void
rig_free (Rig *rig)
{
  site_fixture_free (rig->fixture);
  g_assert_finalize_object (rig->site);
  g_assert_finalize_object (rig->editor);
  g_assert_finalize_object (rig->switchboard);
  g_assert_finalize_object (rig->clock);
  g_free (rig);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Rig, rig_free)

static void
set_fleet (Rig *rig)
{
  DispContainer *other = fixture_container ("cpu-1", "half", 2, DISP_DEVICE_CPU, 0);
  g_autoptr (DispFleet) fleet = NULL;

  g_free (other->node);
  g_free (other->endpoint);
  other->node = g_strdup ("other node");
  other->endpoint = g_strdup ("http://other node:1");
  fleet = fixture_fleet (NULL, "half:1 half:2",
                         fixture_container ("cpu-0", "half", 1, DISP_DEVICE_CPU, 100000), other,
                         NULL);
  disp_switchboard_set_fleet (rig->switchboard, fleet);
}

static void
assert_json (Rig *rig, const char *path, const char *json)
{
  g_autoptr (RawAnswer) answer = site_fixture_ask (rig->fixture, "GET", path, NULL);

  g_assert_cmpuint (answer->status, ==, 200);
  raw_answer_assert_field (answer, "Content-Type", "application/json");
  g_assert_cmpstr (answer->body, ==, json);
}

static void
test_lists (void)
{
  g_autoptr (Rig) rig = rig_new ();

  set_fleet (rig);
  assert_json (rig, "/", "{\"status\":\"running\"}");
  assert_json (rig, "/models", "[" MODEL_1 "," MODEL_2 "]");
  assert_json (rig, "/models/127.0.0.1", "[" MODEL_1 "]");
  assert_json (rig, "/models/other%20node", "[" MODEL_2 "]");
  assert_json (rig, "/models/nobody", "[]");
  assert_json (rig, "/containers", "[" CPU_0 "," CPU_1 "]");
  assert_json (rig, "/containers?x=y", "[" CPU_0 "," CPU_1 "]");
  assert_json (rig, "/containers/127.0.0.1", "[" CPU_0 "]");
  assert_json (rig, "/containers/other%20node", "[" CPU_1 "]");
  assert_json (rig, "/containers/nobody", "[]");
}

static void
test_no_fleet (void)
{
  static const char *const paths[] = { "/models", "/models/127.0.0.1", "/containers",
                                       "/containers/127.0.0.1" };
  g_autoptr (Rig) rig = rig_new ();

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    assert_json (rig, paths[i], "[]");
  assert_json (rig, "/", "{\"status\":\"running\"}");
}

static void
test_head (void)
{
  static const char *const paths[] = { "/", "/models", "/models/127.0.0.1", "/containers",
                                       "/containers/nobody" };
  g_autoptr (Rig) rig = rig_new ();

  set_fleet (rig);
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (RawAnswer) head = site_fixture_ask (rig->fixture, "HEAD", paths[i], NULL);
      g_autoptr (RawAnswer) whole = site_fixture_ask (rig->fixture, "GET", paths[i], NULL);
      g_autofree char *length = raw_answer_get (whole, "Content-Length");

      g_assert_cmpuint (head->status, ==, 200);
      raw_answer_assert_field (head, "Content-Length", length);
    }
}

/* A request that is refused before the editor hears of it. */
static const struct
{
  const char *method;
  const char *path;
  const char *body; /* (nullable) */
  guint status;
  const char *message;
  const char *allow; /* (nullable) */
} refusal_cases[] = {
  { "GET", "/predict", NULL, 404, "expected /models, /models/NODE, /containers or", NULL },
  { "GET", "/containers/", NULL, 404, "nothing is at this path", NULL },
  { "GET", "/containers/a/b", NULL, 404, "nothing is at this path", NULL },
  { "POST", "/", "{}", 405, "takes GET, HEAD only", "GET, HEAD" },
  { "PATCH", "/models", "{}", 405, "takes GET, HEAD only", "GET, HEAD" },
  { "POST", "/containers", "{}", 405, "takes GET, HEAD, PATCH only", "GET, HEAD, PATCH" },
  { "PATCH", "/containers/n", "{}", 405, "takes GET, HEAD only", "GET, HEAD" },
  { "DELETE", "/containers", NULL, 405, "takes GET, HEAD, PATCH only", "GET, HEAD, PATCH" },
  { "PATCH", "/containers", NULL, 411, "no body", NULL },
  { "PATCH", "/containers", "", 400, "", NULL },
  { "PATCH", "/containers", "{", 400, "", NULL },
  { "PATCH", "/containers", "[]", 400, "", NULL },
  { "PATCH", "/containers", "{}", 400, "container", NULL },
  { "PATCH", "/containers", "{\"container_id\":\"a\"}", 400, "quota", NULL },
  { "PATCH", "/containers", "{\"container_id\":\"a\",\"quota\":-1}", 400, "quota", NULL },
  { "PATCH", "/containers", "{\"container_id\":\"a\",\"quota\":\"1\"}", 400, "quota", NULL },
  { "PATCH", "/containers", "{\"container_id\":17,\"quota\":1}", 400, "container_id", NULL },
};

static void
test_refused (void)
{
  g_autoptr (Rig) rig = rig_new ();

  set_fleet (rig);
  for (guint i = 0; i < G_N_ELEMENTS (refusal_cases); i++)
    {
      g_autoptr (RawAnswer) answer = site_fixture_ask (
          rig->fixture, refusal_cases[i].method, refusal_cases[i].path, refusal_cases[i].body);

      raw_answer_assert_error (answer, refusal_cases[i].status, refusal_cases[i].message);
      raw_answer_assert_field (answer, "Allow", refusal_cases[i].allow);
    }
  g_assert_cmpstr (rig->editor->asked->str, ==, "");
}

/* A change, and what the editor is asked for. */
static const struct
{
  const char *body;
  const char *asked;
} patch_cases[] = {
  { "{\"container_id\":\"0058c1\",\"quota\":50000}", "0058c1 - 50000|" },
  { "{\"container\":\"cpu-0\",\"cpu_quota\":50000}", "- cpu-0 50000|" },
  { "{\"container\":\"cpu-0\",\"container_id\":\"0058c1\",\"quota\":50000.0}",
    "0058c1 cpu-0 50000|" },
};

static void
test_patch (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (patch_cases); i++)
    {
      g_autoptr (Rig) rig = rig_new ();
      g_autoptr (RawAnswer) answer = site_fixture_ask (rig->fixture, "PATCH", "/containers",
                                                       patch_cases[i].body);

      g_assert_cmpuint (answer->status, ==, 200);
      raw_answer_assert_field (answer, "Content-Type", "application/json");
      g_assert_cmpstr (answer->body, ==, CONTAINER ("half", 1, "cpu-0", "127.0.0.1", 1, 50000));
      g_assert_cmpstr (rig->editor->asked->str, ==, patch_cases[i].asked);
    }
}

/* What the editor says, and what a client is told. */
static const struct
{
  DispError code;
  const char *said;
  guint status;
  const char *told;
} editor_cases[] = {
  { DISP_ERROR_UNKNOWN_CONTAINER, "there is no container \"a\"", 404, "no container \"a\"" },
  { DISP_ERROR_INVALID_VALUE, "two are called \"a\"", 400, "two are called \"a\"" },
  { DISP_ERROR_FAILED, "/a/path: no space", 500, "the change could not be kept" },
};

static void
test_not_patched (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (editor_cases); i++)
    {
      g_autoptr (Rig) rig = rig_new ();
      g_autoptr (GError) error = g_error_new_literal (DISP_ERROR, (int) editor_cases[i].code,
                                                      editor_cases[i].said);
      g_autoptr (RawAnswer) answer = NULL;

      rig->editor->refusal = error;
      answer = site_fixture_ask (rig->fixture, "PATCH", "/containers",
                                 "{\"container\":\"a\",\"quota\":1}");
      raw_answer_assert_error (answer, editor_cases[i].status, editor_cases[i].told);
    }
}

/* Nothing can change where nothing is. */
static void
test_no_editor (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (DispSite) site = disp_containers_site_new (rig->switchboard, NULL);
  SiteFixture *fixture = site_fixture_new (site, rig->clock);
  g_autoptr (RawAnswer) answer = site_fixture_ask (fixture, "PATCH", "/containers",
                                                   "{\"container\":\"a\",\"quota\":1}");

  raw_answer_assert_error (answer, 503, "no fleet is configured");
  site_fixture_free (fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/front/containers-site/lists", test_lists);
  g_test_add_func ("/front/containers-site/no-fleet", test_no_fleet);
  g_test_add_func ("/front/containers-site/head", test_head);
  g_test_add_func ("/front/containers-site/refused", test_refused);
  g_test_add_func ("/front/containers-site/patch", test_patch);
  g_test_add_func ("/front/containers-site/patch/not", test_not_patched);
  g_test_add_func ("/front/containers-site/no-editor", test_no_editor);
  return g_test_run ();
}
