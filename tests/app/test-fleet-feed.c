/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/fleet-feed.h"

#include "core/error.h"
#include "core/policy-registry.h"
#include "support/fake-sink.h"
#include "support/news.h"

#include <glib/gstdio.h>
#include <string.h>

#define ONE_CONTAINER                                                                              \
  "models: []\ncontainers:\n- {container: a, model: m, node: n, port: 1, quota: 100}\n"

#define OTHER_CONTAINER                                                                            \
  "models: []\ncontainers:\n- {container: b, model: m, node: n, port: 1, quota: 100}\n"

/* A feed of a file in a temporary directory, whose state directory is there too. */
typedef struct
{
  char *directory;              /* (owned) */
  char *fleet;                  /* (owned) the path of the file */
  DispConfig *config;           /* (owned) */
  DispClock *clock;             /* (owned) */
  DispPolicySpec *policy;       /* (owned) */
  DispSwitchboard *switchboard; /* (owned) */
  GString *news;                /* (owned) what was logged */
} Fixture;

static void
write_file (const char *path, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *fixture, gconstpointer news)
{
  const DispEngineSettings settings = { .timeout = G_USEC_PER_SEC };
  g_autoptr (FakeSink) sink = fake_sink_new ();
  g_autoptr (GError) error = NULL;

  fixture->news = (GString *) news;
  g_string_truncate (fixture->news, 0);
  fixture->directory = g_dir_make_tmp ("dispatcherd-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->fleet = g_build_filename (fixture->directory, "fleet.yaml", NULL);
  write_file (fixture->fleet, ONE_CONTAINER);
  fixture->config = disp_config_new ();
  g_assert_true (disp_config_set (fixture->config, "fleet", fixture->fleet, "--fleet", NULL));
  g_assert_true (
      disp_config_set (fixture->config, "state-dir", fixture->directory, "--state-dir", NULL));
  fixture->clock = disp_system_clock_new ();
  fixture->policy = disp_policy_spec_new ("round-robin", NULL, NULL);
  fixture->switchboard = disp_switchboard_new (fixture->clock, DISP_RECORD_SINK (sink), NULL,
                                               fixture->policy, &settings);
  disp_switchboard_set_serving (fixture->switchboard, 1);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer news)
{
  g_autofree char *overrides = g_build_filename (fixture->directory, "overrides.json", NULL);

  g_assert_finalize_object (fixture->switchboard);
  disp_policy_spec_unref (fixture->policy);
  g_assert_finalize_object (fixture->clock);
  disp_config_free (fixture->config);
  g_remove (overrides);
  g_remove (fixture->fleet);
  g_assert_no_errno (g_rmdir (fixture->directory));
  g_free (fixture->fleet);
  g_free (fixture->directory);
}

static DispFleetFeed *
make (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  DispFleetFeed *feed = disp_fleet_feed_new (fixture->config, fixture->clock, fixture->switchboard,
                                             fixture->policy, &error);

  g_assert_no_error (error);
  return feed;
}

static DispFleetFeed *
start (Fixture *fixture)
{
  DispFleetFeed *feed = make (fixture);
  g_autoptr (GError) error = NULL;

  g_assert_true (disp_fleet_feed_start (feed, &error));
  g_assert_no_error (error);
  return feed;
}

static void
assert_quota (Fixture *fixture, double quota)
{
  g_autoptr (DispRouting) routing = disp_switchboard_ref_routing (fixture->switchboard);
  guint n_containers;

  g_assert_nonnull (routing);
  g_assert_cmpfloat (
      disp_fleet_get_containers (disp_routing_get_fleet (routing), &n_containers)[0]->quota, ==,
      quota);
}

static void
set_quota (DispFleetFeed *feed, double quota)
{
  const DispQuotaChange change = { NULL, (char *) "a", quota, NULL };
  g_autoptr (GError) error = NULL;
  DispContainer *container = disp_fleet_editor_set_quota (disp_fleet_feed_get_editor (feed),
                                                          &change, &error);

  g_assert_no_error (error);
  disp_container_unref (container);
}

static void
test_brings_into_force (Fixture *fixture, G_GNUC_UNUSED gconstpointer news)
{
  g_autoptr (DispFleetFeed) feed = start (fixture);
  g_autofree char *expected = g_strdup_printf ("fleet from file %s: 0 models, 1 containers\n"
                                               "quota of container \"a\" on n set to 0, was 100\n",
                                               fixture->fleet);

  assert_quota (fixture, 100);
  set_quota (feed, 0);
  assert_quota (fixture, 0);
  disp_fleet_feed_refresh (feed, NULL);
  assert_quota (fixture, 0);
  g_assert_cmpstr (fixture->news->str, ==, expected);
  write_file (fixture->fleet, "models: []\ncontainers: []\n");
  disp_fleet_feed_refresh (feed, NULL);
  g_assert_true (g_str_has_suffix (fixture->news->str, "0 models, 0 containers\n"));
  disp_fleet_feed_stop (feed);
}

/* An edit is no sign that the source is well again. */
static void
test_edit_while_failing (Fixture *fixture, G_GNUC_UNUSED gconstpointer news)
{
  g_autoptr (DispFleetFeed) feed = start (fixture);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autoptr (GString) told = NULL;

  write_file (fixture->fleet, "models: [");
  disp_fleet_feed_refresh (feed, NULL);
  g_assert_cmpint (disp_switchboard_get_status (fixture->switchboard, &before), ==,
                   DISP_STATUS_DEGRADED);
  g_assert_true (g_str_has_prefix (before, "fleet.yaml: "));
  told = g_string_new (fixture->news->str);
  set_quota (feed, 0);
  assert_quota (fixture, 0);
  g_assert_cmpint (disp_switchboard_get_status (fixture->switchboard, &after), ==,
                   DISP_STATUS_DEGRADED);
  g_assert_cmpstr (after, ==, before);
  g_string_append (told, "quota of container \"a\" on n set to 0, was 100\n");
  disp_fleet_feed_refresh (feed, NULL);
  g_assert_cmpstr (fixture->news->str, ==, told->str);

  write_file (fixture->fleet, ONE_CONTAINER);
  disp_fleet_feed_refresh (feed, NULL);
  g_assert_cmpint (disp_switchboard_get_status (fixture->switchboard, NULL), ==,
                   DISP_STATUS_RUNNING);
  assert_quota (fixture, 0);
}

/* Also when as many containers are left, and once for each that is missed. */
static void
test_misfit (Fixture *fixture, G_GNUC_UNUSED gconstpointer news)
{
  g_autoptr (GVariant) options = g_variant_ref_sink (g_variant_new_parsed ("{'m': <{'a': 1.0}>}"));
  g_autoptr (DispPolicySpec) policy = disp_policy_spec_new ("probabilities", options, NULL);
  g_autoptr (DispFleetFeed) feed = start (fixture);

  disp_switchboard_set_policy (fixture->switchboard, "m", policy);
  g_string_truncate (fixture->news, 0);
  write_file (fixture->fleet, OTHER_CONTAINER);
  disp_fleet_feed_refresh (feed, NULL);
  disp_fleet_feed_refresh (feed, NULL);
  g_assert_cmpstr (fixture->news->str, ==,
                   "the probabilities for model \"m\" name the container \"a\", which the fleet "
                   "does not have\n");
  write_file (fixture->fleet, ONE_CONTAINER);
  disp_fleet_feed_refresh (feed, NULL);
  g_string_truncate (fixture->news, 0);
  write_file (fixture->fleet, OTHER_CONTAINER);
  disp_fleet_feed_refresh (feed, NULL);
  g_assert_cmpstr (fixture->news->str, !=, "");
}

static void
test_wrong_at_start (Fixture *fixture, G_GNUC_UNUSED gconstpointer news)
{
  g_autofree char *overrides = g_build_filename (fixture->directory, "overrides.json", NULL);
  g_autoptr (DispFleetFeed) feed = make (fixture);
  g_autoptr (GError) fleet_error = NULL;
  g_autoptr (GError) overrides_error = NULL;

  write_file (fixture->fleet, "models: [");
  g_assert_false (disp_fleet_feed_start (feed, &fleet_error));
  g_assert_error (fleet_error, DISP_ERROR, DISP_ERROR_INVALID_DOCUMENT);
  write_file (overrides, "{");
  g_assert_null (disp_fleet_feed_new (fixture->config, fixture->clock, fixture->switchboard,
                                      fixture->policy, &overrides_error));
  g_assert_error (overrides_error, DISP_ERROR, DISP_ERROR_FAILED);
  g_assert_nonnull (strstr (overrides_error->message, overrides));
}

static void
test_no_source (Fixture *fixture, G_GNUC_UNUSED gconstpointer news)
{
  g_autofree char *problem = NULL;
  DispFleetFeed *feed;

  g_assert_true (disp_config_set (fixture->config, "source", "none", "test", NULL));
  feed = start (fixture);
  g_assert_nonnull (disp_fleet_feed_get_editor (feed));
  disp_fleet_feed_refresh (feed, NULL);
  disp_fleet_feed_stop (feed);
  g_assert_cmpint (disp_switchboard_get_status (fixture->switchboard, &problem), ==,
                   DISP_STATUS_DEGRADED);
  g_assert_true (g_str_has_prefix (problem, "no fleet is configured: "));
  disp_fleet_feed_free (feed);
}

int
main (int argc, char **argv)
{
  g_autoptr (GString) news = g_string_new (NULL);

  g_test_init (&argc, &argv, NULL);
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
  news_keep_in (news);
#define ADD(name, test) g_test_add ("/app/fleet-feed/" name, Fixture, news, set_up, test, tear_down)
  ADD ("brings-into-force", test_brings_into_force);
  ADD ("edit-while-failing", test_edit_while_failing);
  ADD ("misfit", test_misfit);
  ADD ("wrong-at-start", test_wrong_at_start);
  ADD ("no-source", test_no_source);
  return g_test_run ();
}
