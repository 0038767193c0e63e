/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/operations.h"

#include "core/error.h"
#include "support/fake-sink.h"
#include "support/news.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define FLEET                                                                                      \
  "models: []\ncontainers:\n- {container: a, model: m, node: n, port: 1, quota: 100}\n"            \
  "- {container: b, model: m, node: n, port: 2, quota: 50}\n"                                      \
  "- {container: b, model: m, node: n, port: 3, quota: 50}\n"
#define SHARES "{'m': <{'a': 1.0, 'b': 0.0}>}"

/* The operations of a daemon, of which all that is kept is in a temporary directory. */
typedef struct
{
  char *directory;              /* (owned) also the state directory */
  char *fleet;                  /* (owned) the path of the fleet file */
  DispConfig *config;           /* (owned) */
  DispClock *clock;             /* (owned) */
  DispSwitchboard *switchboard; /* (owned) */
  DispFleetFeed *feed;          /* (owned) */
  DispOperations *self;         /* (owned) */
  gboolean keeps;               /* whether what is set is kept */
  guint n_stops;
} Fixture;

static GString *news; /* (owned) what was logged */

static void
write_fleet (Fixture *fixture, const char *text)
{
  g_assert_true (g_file_set_contents (fixture->fleet, text, -1, NULL));
}

static gboolean
on_stop (gpointer user_data)
{
  ((Fixture *) user_data)->n_stops++;
  return G_SOURCE_REMOVE;
}

static void
begin (Fixture *fixture)
{
  const DispEngineSettings settings = { .timeout = G_USEC_PER_SEC };
  g_autoptr (FakeSink) sink = fake_sink_new ();
  g_autoptr (DispPolicySpec) policy = disp_policy_spec_new ("round-robin", NULL, NULL);
  g_autoptr (GError) error = NULL;
  DispOperationsParts parts = { .stop = on_stop, .user_data = fixture };

  fixture->switchboard = disp_switchboard_new (fixture->clock, DISP_RECORD_SINK (sink), NULL,
                                               policy, &settings);
  fixture->feed = disp_fleet_feed_new (fixture->config, fixture->clock, fixture->switchboard,
                                       policy, &error);
  g_assert_no_error (error);
  parts.switchboard = fixture->switchboard;
  parts.feed = fixture->feed;
  parts.state_dir = fixture->keeps ? fixture->directory : NULL;
  fixture->self = disp_app_operations_new (&parts, &error);
  g_assert_no_error (error);
  g_assert_true (disp_fleet_feed_start (fixture->feed, &error));
  g_assert_no_error (error);
}

static void
end (Fixture *fixture)
{
  g_assert_finalize_object (fixture->self);
  g_clear_pointer (&fixture->feed, disp_fleet_feed_free);
  g_assert_finalize_object (fixture->switchboard);
}

/* As when the daemon is started again. */
static void
restart (Fixture *fixture)
{
  end (fixture);
  begin (fixture);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->keeps = data == NULL;
  fixture->directory = g_dir_make_tmp ("dispatcherd-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->fleet = g_build_filename (fixture->directory, "fleet.yaml", NULL);
  write_fleet (fixture, FLEET);
  fixture->config = disp_config_new ();
  g_assert_true (disp_config_set (fixture->config, "fleet", fixture->fleet, "--fleet", NULL));
  g_assert_true (
      disp_config_set (fixture->config, "state-dir", fixture->directory, "--state-dir", NULL));
  g_assert_true (
      disp_config_set (fixture->config, "persist", fixture->keeps ? "yes" : "no", "test", NULL));
  fixture->clock = disp_system_clock_new ();
  begin (fixture);
}

static void
remove_file (Fixture *fixture, const char *name)
{
  g_autofree char *path = g_build_filename (fixture->directory, name, NULL);

  g_remove (path);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  end (fixture);
  g_assert_finalize_object (fixture->clock);
  disp_config_free (fixture->config);
  g_remove (fixture->fleet);
  if (fixture->keeps)
    {
      remove_file (fixture, "overrides.json");
      remove_file (fixture, "policies");
    }
  /* Nothing else was made. */
  g_assert_no_errno (g_rmdir (fixture->directory));
  g_free (fixture->fleet);
  g_free (fixture->directory);
}

static void
set_policy (Fixture *fixture, const char *model, const char *policy, const char *options)
{
  g_autoptr (GVariant) parsed = options != NULL ? g_variant_parse (G_VARIANT_TYPE_VARDICT, options,
                                                                   NULL, NULL, NULL)
                                                : NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (disp_operations_set_policy (fixture->self, model, policy, parsed, &error));
  g_assert_no_error (error);
}

static void
reset_policy (Fixture *fixture, const char *model)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (disp_operations_reset_policy (fixture->self, model, &error));
  g_assert_no_error (error);
}

static void
assert_policies (Fixture *fixture, const char *all, const char *of_m)
{
  g_autoptr (DispPolicies) policies = disp_switchboard_ref_policies (fixture->switchboard);

  g_assert_cmpstr (disp_policy_spec_get_name (disp_policies_get (policies, NULL)), ==, all);
  g_assert_cmpstr (disp_policy_spec_get_name (disp_policies_get (policies, "m")), ==, of_m);
}

static void
test_policies (Fixture *fixture, gconstpointer data)
{
  const gboolean keeps = data == NULL;

  set_policy (fixture, NULL, "random", NULL);
  assert_policies (fixture, "random", "random");
  set_policy (fixture, "m", "probabilities", SHARES);
  assert_policies (fixture, "random", "probabilities");
  restart (fixture);
  assert_policies (fixture, keeps ? "random" : "round-robin",
                   keeps ? "probabilities" : "round-robin");
  set_policy (fixture, "m", "probabilities", SHARES);
  reset_policy (fixture, NULL);
  assert_policies (fixture, "round-robin", "probabilities");
  reset_policy (fixture, "m");
  reset_policy (fixture, "m");
  assert_policies (fixture, "round-robin", "round-robin");
  restart (fixture);
  assert_policies (fixture, "round-robin", "round-robin");
}

static void
set_shadow (Fixture *fixture, const char *policy, const char *options)
{
  g_autoptr (GVariant) parsed = options != NULL ? g_variant_parse (G_VARIANT_TYPE_VARDICT, options,
                                                                   NULL, NULL, NULL)
                                                : NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (disp_operations_set_shadow (fixture->self, policy, parsed, &error));
  g_assert_no_error (error);
}

static void
assert_shadow (Fixture *fixture, const char *name)
{
  g_autoptr (DispPolicies) policies = disp_switchboard_ref_policies (fixture->switchboard);
  DispPolicySpec *shadow = disp_policies_get_shadow (policies);

  g_assert_cmpstr (shadow != NULL ? disp_policy_spec_get_name (shadow) : "none", ==, name);
}

/* A shadow is kept, and also that there is none; what is wrong changes nothing. */
static void
test_shadow (Fixture *fixture, gconstpointer data)
{
  const gboolean keeps = data == NULL;
  g_autoptr (DispPolicySpec) configured = disp_policy_spec_new ("fastest", NULL, NULL);
  g_autoptr (GError) error = NULL;

  assert_shadow (fixture, "none");
  set_shadow (fixture, "probabilities", SHARES);
  assert_policies (fixture, "round-robin", "round-robin");
  assert_shadow (fixture, "probabilities");
  restart (fixture);
  assert_shadow (fixture, keeps ? "probabilities" : "none");
  g_assert_false (disp_operations_set_shadow (fixture->self, "best", NULL, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_UNKNOWN_POLICY);
  assert_shadow (fixture, keeps ? "probabilities" : "none");
  disp_switchboard_configure_shadow (fixture->switchboard, configured);
  set_shadow (fixture, NULL, NULL);
  assert_shadow (fixture, "none");
  g_assert_true (disp_operations_reset (fixture->self, NULL));
  assert_shadow (fixture, "fastest");
}

static void
refuse_policy (Fixture *fixture, const char *model, const char *policy, const char *options,
               int code, const char *message)
{
  g_autoptr (GVariant) parsed = options != NULL ? g_variant_parse (G_VARIANT_TYPE_VARDICT, options,
                                                                   NULL, NULL, NULL)
                                                : NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (disp_operations_set_policy (fixture->self, model, policy, parsed, &error));
  g_assert_error (error, DISP_ERROR, code);
  g_assert_nonnull (strstr (error->message, message));
  assert_policies (fixture, "round-robin", "round-robin");
}

static void
test_wrong_policies (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  refuse_policy (fixture, NULL, "slowest", NULL, DISP_ERROR_UNKNOWN_POLICY,
                 "round-robin, random, probabilities, least-loaded, fastest, sla, sticky");
  refuse_policy (fixture, "x", "random", NULL, DISP_ERROR_UNKNOWN_MODEL, "\"x\"");
  refuse_policy (fixture, NULL, "random", "{'x': <1>}", DISP_ERROR_INVALID_VALUE, "no options");
  refuse_policy (fixture, NULL, "probabilities", "{'m': <{'z': 1.0}>}", DISP_ERROR_INVALID_VALUE,
                 "\"z\"");
  g_assert_false (disp_operations_reset_policy (fixture->self, "x", &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_UNKNOWN_MODEL);
}

/* What was set for a container that is not there at the next start stays, as it would have stayed
 * when that went away later; and it starts. */
static void
test_misfit (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  set_policy (fixture, NULL, "random", NULL);
  set_policy (fixture, "m", "probabilities", SHARES);
  write_fleet (fixture, "models: []\ncontainers:\n"
                        "- {container: c, model: m, node: n, port: 1, quota: 100}\n");
  restart (fixture);
  assert_policies (fixture, "random", "probabilities");
  g_assert_nonnull (strstr (news->str, "which the fleet does not have"));
}

static DispContainer *
get_container (Fixture *fixture, guint index)
{
  g_autoptr (DispRouting) routing = disp_switchboard_ref_routing (fixture->switchboard);
  guint n_containers;

  return disp_container_ref (
      disp_fleet_get_containers (disp_routing_get_fleet (routing), &n_containers)[index]);
}

static void
assert_container (Fixture *fixture, guint index, double quota, gboolean own, gboolean drained)
{
  g_autoptr (DispContainer) container = get_container (fixture, index);

  g_assert_cmpfloat (container->quota, ==, quota);
  g_assert_cmpint (container->own_quota, ==, own);
  g_assert_cmpint (container->drained, ==, drained);
}

/* Also of two that have one name and no id, each is changed by itself. */
static void
test_containers (Fixture *fixture, gconstpointer data)
{
  const gboolean keeps = data == NULL;
  g_autoptr (DispContainer) a = get_container (fixture, 0);
  g_autoptr (DispContainer) first = get_container (fixture, 1);
  g_autoptr (DispContainer) second = get_container (fixture, 2);
  g_autoptr (GError) error = NULL;

  g_assert_true (disp_operations_set_quota (fixture->self, a, 0.5, &error));
  g_assert_true (disp_operations_set_drained (fixture->self, first, TRUE, &error));
  g_assert_true (disp_operations_set_quota (fixture->self, second, 7, &error));
  g_assert_true (disp_operations_set_drained (fixture->self, second, TRUE, &error));
  assert_container (fixture, 0, 0.5, TRUE, FALSE);
  assert_container (fixture, 1, 50, FALSE, TRUE);
  assert_container (fixture, 2, 7, TRUE, TRUE);
  restart (fixture);
  assert_container (fixture, 0, keeps ? 0.5 : 100, keeps, FALSE);
  assert_container (fixture, 1, 50, FALSE, keeps);
  assert_container (fixture, 2, keeps ? 7 : 50, keeps, keeps);
  g_assert_true (disp_operations_set_drained (fixture->self, first, FALSE, &error));
  g_assert_true (disp_operations_reset_quota (fixture->self, second, &error));
  assert_container (fixture, 1, 50, FALSE, FALSE);
  assert_container (fixture, 2, 50, FALSE, keeps);
  g_assert_no_error (error);
}

static void
test_wrong_containers (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const double quotas[] = { -1, NAN, INFINITY };
  g_autoptr (DispContainer) a = get_container (fixture, 0);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (quotas); i++)
    {
      g_assert_false (disp_operations_set_quota (fixture->self, a, quotas[i], &error));
      g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_VALUE);
      g_clear_error (&error);
    }
  write_fleet (fixture, "models: []\ncontainers: []\n");
  disp_fleet_feed_refresh (fixture->feed, NULL);
  g_assert_false (disp_operations_set_quota (fixture->self, a, 1, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_UNKNOWN_CONTAINER);
  g_clear_error (&error);
  g_assert_false (disp_operations_set_drained (fixture->self, a, TRUE, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_UNKNOWN_CONTAINER);
  g_clear_error (&error);
  g_assert_false (disp_operations_reset_quota (fixture->self, a, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_UNKNOWN_CONTAINER);
}

static void
test_reset (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (DispContainer) a = get_container (fixture, 0);
  g_autoptr (GError) error = NULL;

  set_policy (fixture, NULL, "random", NULL);
  set_policy (fixture, "m", "probabilities", NULL);
  g_assert_true (disp_operations_set_quota (fixture->self, a, 1, &error));
  g_assert_true (disp_operations_set_drained (fixture->self, a, TRUE, &error));
  g_assert_true (disp_operations_reset (fixture->self, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < 2; i++)
    {
      assert_policies (fixture, "round-robin", "round-robin");
      assert_container (fixture, 0, 100, FALSE, FALSE);
      restart (fixture);
    }
}

/* What cannot be kept is not done. */
static void
test_not_writable (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *policies = g_build_filename (fixture->directory, "policies", NULL);
  g_autofree char *overrides = g_build_filename (fixture->directory, "overrides.json", NULL);
  g_autoptr (DispContainer) a = get_container (fixture, 0);
  g_autoptr (GError) error = NULL;

  g_assert_no_errno (g_mkdir (policies, 0700));
  g_assert_no_errno (g_mkdir (overrides, 0700));
  refuse_policy (fixture, NULL, "random", NULL, DISP_ERROR_FAILED, policies);
  g_assert_false (disp_operations_set_drained (fixture->self, a, TRUE, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_FAILED);
  assert_container (fixture, 0, 100, FALSE, FALSE);
  g_assert_no_errno (g_rmdir (policies));
  g_assert_no_errno (g_rmdir (overrides));
}

/* It forgets all or nothing, also on the disk. */
static void
test_half_writable (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *policies = g_build_filename (fixture->directory, "policies", NULL);
  g_autofree char *overrides = g_build_filename (fixture->directory, "overrides.json", NULL);
  const char *const blocked[] = { policies, overrides };

  for (guint i = 0; i < G_N_ELEMENTS (blocked); i++)
    {
      g_autoptr (DispContainer) a = get_container (fixture, 0);
      g_autofree char *before = NULL;
      g_autofree char *after = NULL;
      g_autoptr (GError) error = NULL;

      g_assert_true (disp_operations_set_policy (fixture->self, NULL, "random", NULL, &error));
      g_assert_true (disp_operations_set_quota (fixture->self, a, 7, &error));
      g_assert_true (g_file_get_contents (blocked[1 - i], &before, NULL, &error));
      g_assert_no_error (error);
      g_assert_no_errno (g_remove (blocked[i]));
      g_assert_no_errno (g_mkdir (blocked[i], 0700));
      g_assert_false (disp_operations_reset (fixture->self, &error));
      g_assert_error (error, DISP_ERROR, DISP_ERROR_FAILED);
      assert_container (fixture, 0, 7, TRUE, FALSE);
      g_assert_cmpstr (disp_switchboard_get_policy_name (fixture->switchboard), ==, "random");
      g_assert_true (g_file_get_contents (blocked[1 - i], &after, NULL, NULL));
      g_assert_cmpstr (after, ==, before);
      g_assert_no_errno (g_rmdir (blocked[i]));
      g_clear_error (&error);
      g_assert_true (disp_operations_reset (fixture->self, &error));
      g_assert_no_error (error);
      assert_container (fixture, 0, 100, FALSE, FALSE);
    }
}

static void
on_refreshed (G_GNUC_UNUSED GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_set_object ((GAsyncResult **) user_data, result);
}

static gboolean
refresh (Fixture *fixture, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  disp_operations_refresh_async (fixture->self, on_refreshed, &result);
  g_assert_null (result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return disp_operations_refresh_finish (fixture->self, result, error);
}

static void
test_refresh (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  write_fleet (fixture, "models: []\ncontainers:\n"
                        "- {container: a, model: m, node: n, port: 1, quota: 3}\n");
  g_assert_true (refresh (fixture, &error));
  assert_container (fixture, 0, 3, FALSE, FALSE);
  write_fleet (fixture, "models: [");
  g_assert_false (refresh (fixture, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_DOCUMENT);
  g_clear_error (&error);
  assert_container (fixture, 0, 3, FALSE, FALSE);
  write_fleet (fixture, FLEET);
  g_assert_true (refresh (fixture, &error));
  assert_container (fixture, 0, 100, FALSE, FALSE);
  g_assert_true (disp_config_set (fixture->config, "source", "none", "test", NULL));
  g_assert_false (refresh (fixture, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_NO_FLEET);
  g_assert_nonnull (strstr (error->message, "--fleet"));
}

static void
test_stop (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  disp_operations_stop (fixture->self);
  g_assert_cmpuint (fixture->n_stops, ==, 0);
  while (fixture->n_stops == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (fixture->n_stops, ==, 1);
}

int
main (int argc, char **argv)
{
  int status;

  news = g_string_new (NULL);
  g_test_init (&argc, &argv, NULL);
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
  news_keep_in (news);
#define ADD(name, data, test)                                                                      \
  g_test_add ("/app/operations/" name, Fixture, data, set_up, test, tear_down)
  ADD ("policies", NULL, test_policies);
  ADD ("policies-not-kept", "not kept", test_policies);
  ADD ("shadow", NULL, test_shadow);
  ADD ("shadow-not-kept", "not kept", test_shadow);
  ADD ("wrong-policies", NULL, test_wrong_policies);
  ADD ("misfit", NULL, test_misfit);
  ADD ("containers", NULL, test_containers);
  ADD ("containers-not-kept", "not kept", test_containers);
  ADD ("wrong-containers", NULL, test_wrong_containers);
  ADD ("reset", NULL, test_reset);
  ADD ("not-writable", NULL, test_not_writable);
  ADD ("half-writable", NULL, test_half_writable);
  ADD ("refresh", NULL, test_refresh);
  ADD ("stop", NULL, test_stop);
  status = g_test_run ();
  g_string_free (news, TRUE);
  return status;
}
