/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/reload.h"

#include "app/config-parts.h"
#include "app/private-home.h"
#include "core/error.h"
#include "support/fake-clock.h"
#include "support/fake-sink.h"
#include "support/news.h"

#include <string.h>

#define FLEET(name)                                                                                \
  "models: []\ncontainers:\n- {container: " name ", model: m, node: n, port: 1, quota: 1}\n"

/* A feed of a file and what reloads both, with the configuration file in a home of its own. */
typedef struct
{
  char *config_path;            /* (owned) */
  char *fleet_path;             /* (owned) */
  DispOptions *options;         /* (owned) */
  DispConfig *config;           /* (owned) */
  DispClock *clock;             /* (owned) */
  DispSwitchboard *switchboard; /* (owned) */
  DispFleetFeed *feed;          /* (owned) */
  DispReload *reload;           /* (owned) */
  DispTerms *terms;             /* (owned) (nullable) the last ones */
  const char *open_address;     /* (unowned) (nullable) */
  GString *told;                /* (owned) what was told, a letter each */
} Fixture;

static GString *news; /* what was logged */

static void
write_config (const char *more)
{
  g_autofree char *fleet = private_home_file ("fleet.yaml");
  g_autofree char *state = private_home_file ("state");
  g_autofree char *text = g_strdup_printf ("[server]\nstate-dir=%s\n[fleet]\nfile=%s\n%s", state,
                                           fleet, more);

  g_free (private_home_write ("dispatcherd.conf", text));
}

static void
on_began (gpointer user_data)
{
  g_string_append_c (((Fixture *) user_data)->told, 'b');
}

/* By then all of it is in force. */
static void
on_apply (DispTerms *terms, gpointer user_data)
{
  Fixture *fixture = user_data;
  g_autoptr (DispEngineSettings) settings = disp_switchboard_ref_settings (fixture->switchboard);

  g_assert_cmpint (settings->timeout, ==, fixture->config->timeout);
  g_assert_cmpstr (disp_switchboard_get_policy_name (fixture->switchboard), ==,
                   fixture->config->policy);
  g_clear_pointer (&fixture->terms, disp_terms_unref);
  fixture->terms = disp_terms_ref (terms);
  g_string_append_c (fixture->told, 'a');
}

static void
on_ended (gpointer user_data)
{
  g_string_append_c (((Fixture *) user_data)->told, 'e');
}

static void
make_reload (Fixture *fixture, DispPolicySpec *policy)
{
  const DispReloadParts parts = {
    .options = fixture->options,
    .config = fixture->config,
    .policy = policy,
    .clock = fixture->clock,
    .switchboard = fixture->switchboard,
    .feed = fixture->feed,
    .open_address = fixture->open_address,
    .began = on_began,
    .apply = on_apply,
    .ended = on_ended,
    .user_data = fixture,
  };

  fixture->reload = disp_reload_new (&parts);
}

static void
load (Fixture *fixture)
{
  char *argv[] = { (char *) "dispatcherd", (char *) "--config", fixture->config_path, NULL };
  DispCommand command;
  g_autoptr (GError) error = NULL;

  fixture->options = disp_options_parse (G_N_ELEMENTS (argv) - 1, argv, &command, &error);
  g_assert_no_error (error);
  fixture->config = disp_options_load (fixture->options, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (FakeSink) sink = fake_sink_new ();
  g_autoptr (DispPolicySpec) policy = NULL;
  g_autoptr (GError) error = NULL;
  DispEngineSettings settings;

  g_string_truncate (news, 0);
  write_config ("");
  fixture->config_path = private_home_file ("dispatcherd.conf");
  fixture->fleet_path = private_home_write ("fleet.yaml", FLEET ("a"));
  load (fixture);
  fixture->told = g_string_new (NULL);
  /* It stands still: nothing but a reload has the file read again. */
  fixture->clock = DISP_CLOCK (fake_clock_new ());
  settings = disp_config_for_engine (fixture->config);
  policy = disp_config_new_policy (fixture->config, &error);
  fixture->switchboard = disp_switchboard_new (fixture->clock, DISP_RECORD_SINK (sink), NULL,
                                               policy, &settings);
  disp_switchboard_set_serving (fixture->switchboard, 1);
  fixture->feed = disp_fleet_feed_new (fixture->config, fixture->clock, fixture->switchboard,
                                       policy, &error);
  g_assert_no_error (error);
  g_assert_true (disp_fleet_feed_start (fixture->feed, &error));
  make_reload (fixture, policy);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_clear_pointer (&fixture->reload, disp_reload_free);
  disp_fleet_feed_stop (fixture->feed);
  disp_fleet_feed_free (fixture->feed);
  g_assert_finalize_object (fixture->switchboard);
  g_assert_finalize_object (fixture->clock);
  disp_config_free (fixture->config);
  disp_options_free (fixture->options);
  g_clear_pointer (&fixture->terms, disp_terms_unref);
  g_string_free (fixture->told, TRUE);
  g_free (fixture->config_path);
  g_free (fixture->fleet_path);
}

typedef struct
{
  guint n_answers;
  GError *error; /* (owned) (nullable) */
} Answer;

static void
on_reloaded (G_GNUC_UNUSED GObject *source, GAsyncResult *result, gpointer user_data)
{
  Answer *answer = user_data;

  answer->n_answers++;
  disp_reload_finish (NULL, result, &answer->error);
}

static void
reload (Fixture *fixture, Answer *answer)
{
  disp_reload_async (fixture->reload, NULL, on_reloaded, answer);
  g_assert_cmpuint (answer->n_answers, ==, 0);
}

static void
wait_for (Answer *answer)
{
  while (answer->n_answers == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (answer->n_answers, ==, 1);
}

static void
assert_in_force (Fixture *fixture, const char *container, const char *policy, gint64 timeout)
{
  g_autoptr (DispRouting) routing = NULL;
  g_autoptr (DispEngineSettings) settings = NULL;
  guint n_containers;

  disp_switchboard_enter (fixture->switchboard, &routing, &settings);
  g_assert_cmpstr (
      disp_fleet_get_containers (disp_routing_get_fleet (routing), &n_containers)[0]->name, ==,
      container);
  g_assert_cmpstr (disp_switchboard_get_policy_name (fixture->switchboard), ==, policy);
  g_assert_cmpint (settings->timeout, ==, timeout * G_USEC_PER_SEC);
  g_assert_cmpint (fixture->config->timeout, ==, timeout * G_USEC_PER_SEC);
}

static void
reload_well (Fixture *fixture)
{
  Answer answer = { 0 };

  reload (fixture, &answer);
  wait_for (&answer);
  g_assert_no_error (answer.error);
  g_assert_cmpstr (fixture->told->str, ==, "bae");
  g_assert_null (disp_switchboard_dup_reload_problem (fixture->switchboard));
  g_string_truncate (fixture->told, 0);
}

/* Refuses, with a message that has @part, which is kept as the problem too. */
static void
reload_badly (Fixture *fixture, int code, const char *part)
{
  Answer answer = { 0 };
  g_autofree char *problem = NULL;

  reload (fixture, &answer);
  wait_for (&answer);
  g_assert_error (answer.error, DISP_ERROR, code);
  g_test_message ("%s", answer.error->message);
  g_assert_nonnull (strstr (answer.error->message, part));
  problem = disp_switchboard_dup_reload_problem (fixture->switchboard);
  g_assert_cmpstr (problem, ==, answer.error->message);
  g_assert_nonnull (strstr (news->str, problem));
  g_assert_cmpstr (fixture->told->str, ==, "be");
  g_string_truncate (fixture->told, 0);
  g_error_free (answer.error);
}

static void
test_done (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  assert_in_force (fixture, "a", "round-robin", 30);
  write_config ("[dispatch]\npolicy=random\ntimeout=7s\n");
  g_free (private_home_write ("fleet.yaml", FLEET ("b")));
  reload_well (fixture);
  assert_in_force (fixture, "b", "random", 7);
  write_config ("");
  reload_well (fixture);
  assert_in_force (fixture, "b", "round-robin", 30);
}

static DispPolicySpec *
get_shadow (Fixture *fixture)
{
  g_autoptr (DispPolicies) policies = disp_switchboard_ref_policies (fixture->switchboard);

  return disp_policies_get_shadow (policies);
}

/* A shadow that stays the same goes on; one that names what the fleet has not is refused. */
static void
test_shadow (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  DispPolicySpec *shadow;

  g_assert_null (get_shadow (fixture));
  write_config ("[dispatch]\nshadow-policy=sticky\n[sticky]\nload-factor=2\n");
  reload_well (fixture);
  shadow = get_shadow (fixture);
  g_assert_cmpstr (disp_policy_spec_get_name (shadow), ==, "sticky");
  write_config ("[dispatch]\nshadow-policy=sticky\ntimeout=7s\n[sticky]\nload-factor=2\n");
  reload_well (fixture);
  g_assert_true (get_shadow (fixture) == shadow);
  write_config ("[dispatch]\nshadow-policy=probabilities\n[probabilities]\nm=x=1\n");
  reload_badly (fixture, DISP_ERROR_INVALID_CONFIG, "[probabilities]: the probabilities for model");
  g_assert_true (get_shadow (fixture) == shadow);
  write_config ("");
  reload_well (fixture);
  g_assert_null (get_shadow (fixture));
}

/* How requests wait and are attempted again comes into force by a reload. */
static void
test_dispatching (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (DispEngineSettings) settings = NULL;

  write_config ("[dispatch]\nattempt-timeout=2s\nretries=4\nmax-in-flight=3\n"
                "queue-policy=fifo\nqueue-limit=5\nqueue-bytes=6K\nqueue-timeout=7s\n"
                "not-idempotent=m;n\nhedge=o\nhealth-interval=8s\nhealth-path=/up\n");
  reload_well (fixture);
  settings = disp_switchboard_ref_settings (fixture->switchboard);
  g_assert_cmpint (settings->attempt_timeout, ==, 2 * G_USEC_PER_SEC);
  g_assert_cmpuint (settings->n_retries, ==, 4);
  g_assert_cmpuint (settings->max_in_flight, ==, 3);
  g_assert_cmpint (settings->queue_policy, ==, DISP_QUEUE_FIFO);
  g_assert_cmpuint (settings->queue_limit, ==, 5);
  g_assert_cmpuint (settings->queue_bytes, ==, 6144);
  g_assert_cmpint (settings->queue_timeout, ==, 7 * G_USEC_PER_SEC);
  g_assert_cmpuint (g_strv_length (settings->not_idempotent), ==, 2);
  g_assert_cmpstr (settings->not_idempotent[1], ==, "n");
  g_assert_cmpuint (g_strv_length (settings->hedged), ==, 1);
  g_assert_cmpstr (settings->hedged[0], ==, "o");
  g_assert_cmpint (settings->health_interval, ==, 8 * G_USEC_PER_SEC);
  g_assert_cmpstr (settings->health_path, ==, "/up");
}

/* Configuration and fleet come both or neither: whatever is wrong, the rest does not come. */
static void
test_neither (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  write_config ("[dispatch]\ntimeout=soon\n");
  reload_badly (fixture, DISP_ERROR_INVALID_CONFIG, "[dispatch] timeout");
  write_config ("[dispatch]\npolicy=random\ntimeout=7s\n");
  g_free (private_home_write ("fleet.yaml", "models: ["));
  reload_badly (fixture, DISP_ERROR_INVALID_DOCUMENT, "fleet.yaml");
  assert_in_force (fixture, "a", "round-robin", 30);
  g_free (private_home_write ("fleet.yaml", FLEET ("b")));
  write_config ("[dispatch]\ntimeout=7s\npolicy=probabilities\n[probabilities]\nm=a=1\n");
  reload_badly (fixture, DISP_ERROR_INVALID_CONFIG, "\"a\"");
  assert_in_force (fixture, "a", "round-robin", 30);
  write_config ("[dispatch]\ntimeout=7s\npolicy=probabilities\n[probabilities]\nm=b=1\n");
  reload_well (fixture);
  assert_in_force (fixture, "b", "probabilities", 7);
}

/* Tokens are read again, or, if they cannot be, all stays as it was. */
static void
test_tokens (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autofree char *path = private_home_write ("tokens", "alice alices-token-0001\n");
  g_autofree char *config = g_strdup_printf ("[server]\ntoken-file=%s\n[dispatch]\ntimeout=7s\n",
                                             path);

  write_config (config);
  reload_well (fixture);
  g_assert_nonnull (disp_tokens_find (fixture->terms->tokens, "Bearer alices-token-0001"));
  g_free (private_home_write ("tokens", "bob bobs-token-000002\n"));
  reload_well (fixture);
  g_assert_null (disp_tokens_find (fixture->terms->tokens, "Bearer alices-token-0001"));
  g_assert_nonnull (disp_tokens_find (fixture->terms->tokens, "Bearer bobs-token-000002"));
  g_free (private_home_write ("tokens", "bob\n"));
  reload_badly (fixture, DISP_ERROR_INVALID_CONFIG, "tokens: line 1: expected NAME TOKEN");
  g_assert_nonnull (disp_tokens_find (fixture->terms->tokens, "Bearer bobs-token-000002"));
  write_config ("[server]\nhead-timeout=1s\n");
  reload_well (fixture);
  g_assert_null (fixture->terms->tokens);
  g_assert_cmpint (fixture->terms->head_timeout, ==, G_USEC_PER_SEC);
}

/* Where others can ask for predictions, tokens do not go without the operator saying so. */
static void
test_open (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (DispPolicySpec) policy = disp_config_new_policy (fixture->config, NULL);

  disp_reload_free (fixture->reload);
  fixture->open_address = "0.0.0.0:8000";
  make_reload (fixture, policy);
  reload_badly (fixture, DISP_ERROR_INVALID_CONFIG, "a socket of predictions listens on 0.0.0.0");
  write_config ("[server]\nallow-open=yes\n");
  reload_well (fixture);
}

/* What takes a restart is told, and nothing of it changes; nor does what does not go with it. */
static void
test_restart (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  write_config ("[dispatch]\ntimeout=7s\n[records]\ndurability=committed\n");
  reload_well (fixture);
  g_assert_nonnull (strstr (news->str, "until then: [records] durability\n"));
  g_assert_false (fixture->config->is_committed);
  assert_in_force (fixture, "a", "round-robin", 7);
}

/* Who asks while one runs gets another, which sees the files as they are then. */
static void
test_queued (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  Answer answers[3] = { 0 };

  write_config ("[dispatch]\ntimeout=7s\n");
  reload (fixture, &answers[0]);
  write_config ("[dispatch]\ntimeout=8s\n");
  reload (fixture, &answers[1]);
  reload (fixture, &answers[2]);
  wait_for (&answers[0]);
  wait_for (&answers[1]);
  wait_for (&answers[2]);
  for (guint i = 0; i < 3; i++)
    g_assert_no_error (answers[i].error);
  assert_in_force (fixture, "a", "round-robin", 8);
  g_assert_cmpstr (fixture->told->str, ==, "baebae");
}

/* The turns of a policy that stays go on, with the containers that stay, and their counters. */
static void
test_goes_on (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (DispRouting) before = disp_switchboard_ref_routing (fixture->switchboard);
  g_autoptr (DispRouting) after = NULL;
  guint n;

  write_config ("[dispatch]\ntimeout=7s\n");
  reload_well (fixture);
  after = disp_switchboard_ref_routing (fixture->switchboard);
  g_assert_true (before != after);
  g_assert_true (disp_fleet_get_containers (disp_routing_get_fleet (before), &n)[0]->stats
                 == disp_fleet_get_containers (disp_routing_get_fleet (after), &n)[0]->stats);
  g_assert_true (disp_routing_get_policy (
                     before, disp_fleet_get_routes (disp_routing_get_fleet (before), &n)[0])
                 == disp_routing_get_policy (
                     after, disp_fleet_get_routes (disp_routing_get_fleet (after), &n)[0]));
}

/* One that is given up does nothing any more. */
static void
test_given_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  Answer answers[2] = { 0 };

  write_config ("[dispatch]\ntimeout=7s\n");
  for (guint i = 0; i < 2; i++)
    reload (fixture, &answers[i]);
  g_clear_pointer (&fixture->reload, disp_reload_free);
  for (guint i = 0; i < 2; i++)
    {
      wait_for (&answers[i]);
      g_assert_error (answers[i].error, DISP_ERROR, DISP_ERROR_DRAINING);
      g_clear_error (&answers[i].error);
    }
  assert_in_force (fixture, "a", "round-robin", 30);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
  news = g_string_new (NULL);
  news_keep_in (news);
  private_home_enter ();
#define ADD(name, test) g_test_add ("/app/reload/" name, Fixture, NULL, set_up, test, tear_down)
  ADD ("done", test_done);
  ADD ("dispatching", test_dispatching);
  ADD ("shadow", test_shadow);
  ADD ("neither", test_neither);
  ADD ("tokens", test_tokens);
  ADD ("open", test_open);
  ADD ("restart", test_restart);
  ADD ("queued", test_queued);
  ADD ("goes-on", test_goes_on);
  ADD ("given-up", test_given_up);
  status = g_test_run ();
  private_home_leave ();
  g_string_free (news, TRUE);
  return status;
}
