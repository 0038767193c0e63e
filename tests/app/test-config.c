/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/config.h"

#include "app/private-home.h"
#include "core/capacity.h"
#include "core/error.h"

#include <glib/gstdio.h>
#include <string.h>

/* A configuration and a directory for its files. */
typedef struct
{
  DispConfig *config; /* (owned) */
  char *directory;    /* (owned) */
  char *path;         /* (owned) of a file in it */
} Fixture;

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->config = disp_config_new ();
  fixture->directory = g_dir_make_tmp ("config-XXXXXX", NULL);
  fixture->path = g_build_filename (fixture->directory, "a.conf", NULL);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  disp_config_free (fixture->config);
  g_unlink (fixture->path);
  g_assert_cmpint (g_rmdir (fixture->directory), ==, 0);
  g_free (fixture->directory);
  g_free (fixture->path);
}

static void
load_text (Fixture *fixture, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (fixture->path, text, -1, NULL));
  disp_config_load_file (fixture->config, fixture->path, &error);
  g_assert_no_error (error);
}

static void
load_environment (Fixture *fixture, const char *const *environment)
{
  g_autoptr (GError) error = NULL;

  disp_config_load_environment (fixture->config, environment, &error);
  g_assert_no_error (error);
}

static void
set_flag (Fixture *fixture, const char *name, const char *text)
{
  g_autofree char *origin = g_strconcat ("--", name, NULL);
  g_autoptr (GError) error = NULL;

  disp_config_set (fixture->config, name, text, origin, &error);
  g_assert_no_error (error);
}

static void
assert_set (Fixture *fixture, DispSetting setting, const char *text, const char *origin)
{
  g_assert_cmpstr (fixture->config->texts[setting], ==, text);
  g_assert_cmpstr (fixture->config->origins[setting], ==, origin);
}

static void
assert_record_defaults (const DispConfig *config)
{
  g_assert_cmpstr (config->requests_store, ==, "sqlite");
  g_assert_false (config->is_committed);
  g_assert_cmpint (config->flush_interval, ==, 50 * 1000);
  g_assert_cmpuint (config->queue_limit, ==, 100000);
  g_assert_cmpint (config->queue_bytes, ==, 256 * 1024 * 1024);
  g_assert_false (config->drops_records);
  g_assert_cmpint (config->payload_limit, ==, 65536);
  g_assert_cmpint (config->retention_age, ==, 0);
  g_assert_cmpint (config->retention_size, ==, 0);
  g_assert_cmpint (config->spool_limit, ==, 1024 * 1024 * 1024);
  g_assert_true (config->coalesces);
}

static void
assert_front_defaults (const DispConfig *config)
{
  g_assert_cmpstr (config->token_file, ==, "");
  g_assert_false (config->server_allow_open);
  g_assert_cmpfloat (config->request_rate, ==, 0);
  g_assert_cmpuint (config->request_burst, ==, 0);
  g_assert_cmpstr (config->tls_certificate, ==, "");
  g_assert_cmpstr (config->tls_key, ==, "");
  g_assert_cmpint (config->tls_client_certificate, ==, DISP_CLIENT_CERTIFICATE_NONE);
  g_assert_cmpstr (config->tls_client_ca, ==, "");
  g_assert_cmpuint (config->max_connections, >, 0);
  g_assert_cmpuint (config->max_connections, <=, 10000);
  g_assert_cmpuint (config->max_connections_per_client, ==, 0);
  g_assert_cmpint (config->body_limit, ==, 64 * 1024 * 1024);
  g_assert_cmpint (config->body_memory, ==, 512 * 1024 * 1024);
  g_assert_cmpint (config->head_timeout, ==, 10 * G_USEC_PER_SEC);
  g_assert_cmpint (config->body_timeout, ==, 10 * G_USEC_PER_SEC);
  g_assert_cmpint (config->write_timeout, ==, 30 * G_USEC_PER_SEC);
  g_assert_cmpint (config->min_rate, ==, 1000);
  g_assert_cmpint (config->client_idle_timeout, ==, 75 * G_USEC_PER_SEC);
  g_assert_false (config->allows_half_close);
}

static void
assert_dispatch_defaults (const DispConfig *config)
{
  g_assert_cmpint (config->timeout, ==, 30 * G_USEC_PER_SEC);
  g_assert_cmpint (config->attempt_timeout, ==, 0);
  g_assert_cmpuint (config->retries, ==, 1);
  g_assert_cmpuint (g_strv_length (config->not_idempotent), ==, 0);
  g_assert_cmpuint (g_strv_length (config->hedge), ==, 0);
  g_assert_cmpuint (config->max_in_flight, ==, DISP_CAPACITY_AUTO);
  g_assert_cmpint (config->queue_policy, ==, DISP_QUEUE_DEADLINE);
  g_assert_cmpuint (config->dispatch_queue_limit, ==, 1000);
  g_assert_cmpint (config->dispatch_queue_bytes, ==, 256 * 1024 * 1024);
  g_assert_cmpint (config->queue_timeout, ==, 0);
  g_assert_cmpint (config->health_interval, ==, 5 * G_USEC_PER_SEC);
  g_assert_cmpstr (config->health_path, ==, "");
}

static void
test_defaults (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  const DispConfig *config = fixture->config;
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (g_strv_length (config->listen), ==, 1);
  g_assert_cmpstr (config->listen[0], ==, "127.0.0.1:8000");
  g_assert_cmpuint (config->workers, ==, MIN (g_get_num_processors (), 256));
  assert_front_defaults (config);
  g_assert_cmpint (config->drain_timeout, ==, 20 * G_USEC_PER_SEC);
  g_assert_false (config->verbose);
  g_assert_cmpint (config->source, ==, DISP_SOURCE_NONE);
  g_assert_cmpstr (config->fleet, ==, "");
  g_assert_cmpstr (config->containers_manager, ==, "");
  g_assert_cmpint (config->refresh_interval, ==, 5 * G_USEC_PER_SEC);
  g_assert_cmpstr (config->policy, ==, "round-robin");
  g_assert_cmpstr (config->sticky_header, ==, "");
  g_assert_cmpfloat (config->sticky_load_factor, ==, 1.25);
  g_assert_cmpuint (g_variant_n_children (config->probabilities), ==, 0);
  assert_dispatch_defaults (config);
  g_assert_cmpint (config->connect_timeout, ==, 2 * G_USEC_PER_SEC);
  g_assert_cmpint (config->idle_timeout, ==, 30 * G_USEC_PER_SEC);
  g_assert_cmpint (config->answer_limit, ==, 256 * 1024 * 1024);
  g_assert_cmpint (config->version_path, ==, DISP_VERSION_PATH_EXACT);
  assert_record_defaults (config);
  g_assert_cmpuint (g_strv_length (config->requests_store_listen), ==, 0);
  g_assert_cmpuint (g_strv_length (config->containers_manager_listen), ==, 0);
  g_assert_false (config->allow_open);
  g_assert_cmpint (config->bus, ==, DISP_BUS_AUTO);
  g_assert_true (config->persists);
  for (guint i = 0; i < DISP_N_SETTINGS; i++)
    g_assert_cmpstr (config->origins[i], ==, "default");
  g_assert_true (disp_config_check (fixture->config, &error));
  g_assert_no_error (error);
}

/* systemd's directory, else the user's. */
static void
test_state_dir (void)
{
  static const struct
  {
    const char *given;
    const char *found; /* (nullable): the user's */
  } cases[] = { { "/var/lib/a", "/var/lib/a" },
                { "/var/lib/a:/var/lib/b", "/var/lib/a" },
                { "", NULL },
                { ":/var/lib/b", NULL },
                { NULL, NULL } };
  g_autofree char *users = g_build_filename (g_get_user_state_dir (), "dispatcherd", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (DispConfig) config = NULL;

      if (cases[i].given != NULL)
        g_setenv ("STATE_DIRECTORY", cases[i].given, TRUE);
      else
        g_unsetenv ("STATE_DIRECTORY");
      config = disp_config_new ();
      g_assert_cmpstr (config->state_dir, ==, cases[i].found != NULL ? cases[i].found : users);
    }
}

/* A flag counts more than the environment, that more than a file, that more than the default. */
static void
test_precedence (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const char *const environment[] = { "DISPATCHERD_WORKERS=3",
                                             "DISPATCHERD_PAYLOAD_LIMIT=3K",
                                             "DISPATCHERD_VERBOSE=no",
                                             "DISPATCHERD_LISTEN=[::1]:3",
                                             "OTHER=x",
                                             "DISPATCHERD_UNKNOWN=x",
                                             NULL };

  load_text (fixture, "[server]\nworkers=2\nlisten=127.0.0.1:2\nverbose=yes\n"
                      "[records]\npayload-limit=2K\nstore=none\n[dispatch]\ntimeout=2s\n");
  load_environment (fixture, environment);
  set_flag (fixture, "workers", "4");
  set_flag (fixture, "listen", "127.0.0.1:4;127.0.0.1:5");
  set_flag (fixture, "requests-store", "sqlite");
  assert_set (fixture, DISP_SETTING_WORKERS, "4", "--workers");
  g_assert_cmpuint (fixture->config->workers, ==, 4);
  assert_set (fixture, DISP_SETTING_LISTEN, "127.0.0.1:4;127.0.0.1:5", "--listen");
  g_assert_cmpuint (g_strv_length (fixture->config->listen), ==, 2);
  assert_set (fixture, DISP_SETTING_REQUESTS_STORE, "sqlite", "--requests-store");
  assert_set (fixture, DISP_SETTING_PAYLOAD_LIMIT, "3K", "DISPATCHERD_PAYLOAD_LIMIT");
  g_assert_cmpint (fixture->config->payload_limit, ==, 3072);
  assert_set (fixture, DISP_SETTING_VERBOSE, "no", "DISPATCHERD_VERBOSE");
  g_assert_false (fixture->config->verbose);
  assert_set (fixture, DISP_SETTING_TIMEOUT, "2s", fixture->path);
  g_assert_cmpint (fixture->config->timeout, ==, 2 * G_USEC_PER_SEC);
  assert_set (fixture, DISP_SETTING_POLICY, "round-robin", "default");
}

/* Every setting can come from the environment. */
static void
test_environment (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const char *const environment[] = {
    "DISPATCHERD_LISTEN=127.0.0.1:1",
    "DISPATCHERD_TOKEN_FILE=1",
    "DISPATCHERD_SERVER_ALLOW_OPEN=1",
    "DISPATCHERD_REQUEST_RATE=1",
    "DISPATCHERD_REQUEST_BURST=1",
    "DISPATCHERD_TLS_CERTIFICATE=1",
    "DISPATCHERD_TLS_KEY=1",
    "DISPATCHERD_TLS_CLIENT_CERTIFICATE=optional",
    "DISPATCHERD_TLS_CLIENT_CA=1",
    "DISPATCHERD_WORKERS=1",
    "DISPATCHERD_MAX_CONNECTIONS=1",
    "DISPATCHERD_MAX_CONNECTIONS_PER_CLIENT=1",
    "DISPATCHERD_BODY_LIMIT=1",
    "DISPATCHERD_BODY_MEMORY=1",
    "DISPATCHERD_HEAD_TIMEOUT=1",
    "DISPATCHERD_BODY_TIMEOUT=1",
    "DISPATCHERD_WRITE_TIMEOUT=1",
    "DISPATCHERD_MIN_RATE=1",
    "DISPATCHERD_CLIENT_IDLE_TIMEOUT=1",
    "DISPATCHERD_HALF_CLOSE=allow",
    "DISPATCHERD_DRAIN_TIMEOUT=1",
    "DISPATCHERD_STATE_DIR=1",
    "DISPATCHERD_VERBOSE=1",
    "DISPATCHERD_SOURCE=none",
    "DISPATCHERD_FLEET=1",
    "DISPATCHERD_CONTAINERS_MANAGER=http://1",
    "DISPATCHERD_REFRESH_INTERVAL=1",
    "DISPATCHERD_POLICY=random",
    "DISPATCHERD_SHADOW_POLICY=fastest",
    "DISPATCHERD_TIMEOUT=1",
    "DISPATCHERD_ATTEMPT_TIMEOUT=1",
    "DISPATCHERD_RETRIES=2",
    "DISPATCHERD_NOT_IDEMPOTENT=a",
    "DISPATCHERD_HEDGE=b",
    "DISPATCHERD_MAX_IN_FLIGHT=1",
    "DISPATCHERD_QUEUE_POLICY=fifo",
    "DISPATCHERD_DISPATCH_QUEUE_LIMIT=1",
    "DISPATCHERD_DISPATCH_QUEUE_BYTES=1",
    "DISPATCHERD_QUEUE_TIMEOUT=1",
    "DISPATCHERD_CONNECT_TIMEOUT=1",
    "DISPATCHERD_IDLE_TIMEOUT=1",
    "DISPATCHERD_ANSWER_LIMIT=1",
    "DISPATCHERD_VERSION_PATH=latest",
    "DISPATCHERD_HEALTH_INTERVAL=1",
    "DISPATCHERD_HEALTH_PATH=/",
    "DISPATCHERD_STICKY_HEADER=a",
    "DISPATCHERD_STICKY_LOAD_FACTOR=2",
    "DISPATCHERD_REQUESTS_STORE=none",
    "DISPATCHERD_DURABILITY=committed",
    "DISPATCHERD_FLUSH_INTERVAL=1",
    "DISPATCHERD_QUEUE_LIMIT=1",
    "DISPATCHERD_QUEUE_BYTES=1",
    "DISPATCHERD_OVERFLOW=drop",
    "DISPATCHERD_PAYLOAD_LIMIT=1",
    "DISPATCHERD_RETENTION_AGE=1",
    "DISPATCHERD_RETENTION_SIZE=1",
    "DISPATCHERD_SPOOL_LIMIT=1",
    "DISPATCHERD_COALESCE=no",
    "DISPATCHERD_REQUESTS_STORE_LISTEN=127.0.0.1:2",
    "DISPATCHERD_CONTAINERS_MANAGER_LISTEN=127.0.0.1:3",
    "DISPATCHERD_ALLOW_OPEN=1",
    "DISPATCHERD_BUS=none",
    "DISPATCHERD_PERSIST=0",
    NULL,
  };

  G_STATIC_ASSERT (G_N_ELEMENTS (environment) == DISP_N_SETTINGS + 1);
  load_environment (fixture, environment);
  for (guint i = 0; i < DISP_N_SETTINGS; i++)
    {
      g_auto (GStrv) parts = g_strsplit (environment[i], "=", 2);

      assert_set (fixture, i, parts[1], parts[0]);
    }
}

static void
test_bad_environment (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const char *const environment[] = { "DISPATCHERD_WORKERS=many", NULL };
  g_autoptr (GError) error = NULL;

  g_assert_false (disp_config_load_environment (fixture->config, environment, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
  g_assert_cmpstr (error->message, ==,
                   "DISPATCHERD_WORKERS: expected auto or a number from 1 to 256, found \"many\"");
}

static void
test_bad_flag (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (disp_config_set (fixture->config, "workers", "-1", "--workers", &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
  g_assert_cmpstr (error->message, ==,
                   "--workers: expected auto or a number from 1 to 256, found \"-1\"");
}

/* What a layer says of the fleet says the source too, over what earlier layers said. */
static void
test_implied_source (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const char *const environment[] = { "DISPATCHERD_CONTAINERS_MANAGER=http://m", NULL };

  load_text (fixture, "[fleet]\nfile=/f\n");
  g_assert_cmpint (fixture->config->source, ==, DISP_SOURCE_FILE);
  assert_set (fixture, DISP_SETTING_SOURCE, "file", fixture->path);
  load_environment (fixture, environment);
  g_assert_cmpint (fixture->config->source, ==, DISP_SOURCE_CONTAINERS_MANAGER);
  assert_set (fixture, DISP_SETTING_SOURCE, "containers-manager", "environment");
  assert_set (fixture, DISP_SETTING_FLEET, "/f", fixture->path);
  set_flag (fixture, "fleet", "/g");
  g_assert_cmpint (fixture->config->source, ==, DISP_SOURCE_FILE);
  assert_set (fixture, DISP_SETTING_SOURCE, "file", "--fleet");
  load_text (fixture, "[fleet]\nsource=none\nfile=/h\nurl=http://n\n");
  g_assert_cmpint (fixture->config->source, ==, DISP_SOURCE_NONE);
  g_assert_cmpstr (fixture->config->fleet, ==, "/h");
  g_assert_cmpstr (fixture->config->containers_manager, ==, "http://n");
}

static void
test_two_sources (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const char *const environment[] = { "DISPATCHERD_FLEET=/f",
                                             "DISPATCHERD_CONTAINERS_MANAGER=http://m", NULL };
  g_autoptr (GError) from_environment = NULL;
  g_autoptr (GError) from_file = NULL;
  g_autofree char *message = g_strdup_printf (
      "%s: both a fleet file and a Containers Manager are given, expected one of them, or [fleet] "
      "source to say which",
      fixture->path);

  g_assert_false (disp_config_load_environment (fixture->config, environment, &from_environment));
  g_assert_error (from_environment, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
  g_assert_true (g_str_has_prefix (from_environment->message,
                                   "environment: both a fleet file and a Containers Manager"));
  g_assert_true (g_file_set_contents (fixture->path, "[fleet]\nfile=/f\nurl=http://m\n", -1, NULL));
  g_assert_false (disp_config_load_file (fixture->config, fixture->path, &from_file));
  g_assert_error (from_file, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
  g_assert_cmpstr (from_file->message, ==, message);
}

static void
test_probabilities (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *printed = NULL;

  load_text (fixture, "[probabilities]\nm=old=1\n");
  load_text (fixture, "[dispatch]\npolicy=probabilities\n[probabilities]\n"
                      "half plus two = cpu 0=0.25; gpu=0.75  \nm-2=x=1\n");
  g_assert_true (disp_config_check (fixture->config, &error));
  g_assert_no_error (error);
  printed = g_variant_print (fixture->config->probabilities, FALSE);
  g_assert_cmpstr (printed, ==,
                   "{'half plus two': <{'cpu 0': 0.25, 'gpu': 0.75}>, 'm-2': <{'x': 1.0}>}");
}

static void
assert_same (const DispConfig *one, const DispConfig *other)
{
  for (guint i = 0; i < DISP_N_SETTINGS; i++)
    g_assert_cmpstr (one->texts[i], ==, other->texts[i]);
  g_assert_cmpstrv (one->listen, other->listen);
  g_assert_cmpuint (one->workers, ==, other->workers);
  g_assert_cmpfloat (one->request_rate, ==, other->request_rate);
  g_assert_cmpuint (one->max_connections, ==, other->max_connections);
  g_assert_cmpint (one->body_memory, ==, other->body_memory);
  g_assert_cmpint (one->allows_half_close, ==, other->allows_half_close);
  g_assert_cmpint (one->source, ==, other->source);
  g_assert_cmpstr (one->state_dir, ==, other->state_dir);
  g_assert_cmpint (one->is_committed, ==, other->is_committed);
  g_assert_cmpuint (one->queue_limit, ==, other->queue_limit);
  g_assert_cmpint (one->queue_bytes, ==, other->queue_bytes);
  g_assert_cmpint (one->drops_records, ==, other->drops_records);
  g_assert_cmpint (one->payload_limit, ==, other->payload_limit);
  g_assert_cmpint (one->retention_age, ==, other->retention_age);
  g_assert_cmpint (one->retention_size, ==, other->retention_size);
  g_assert_cmpint (one->spool_limit, ==, other->spool_limit);
  g_assert_cmpint (one->coalesces, ==, other->coalesces);
  g_assert_cmpstrv (one->requests_store_listen, other->requests_store_listen);
  g_assert_cmpstrv (one->containers_manager_listen, other->containers_manager_listen);
  g_assert_cmpint (one->allow_open, ==, other->allow_open);
  g_assert_cmpint (one->bus, ==, other->bus);
  g_assert_cmpint (one->persists, ==, other->persists);
  g_assert_cmpvariant (one->probabilities, other->probabilities);
}

/* What is printed reads back as the same. */
static void
assert_round_trip (Fixture *fixture)
{
  g_autofree char *text = disp_config_to_text (fixture->config);
  g_autoptr (DispConfig) read = disp_config_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (fixture->directory, "printed.conf", NULL);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  disp_config_load_file (read, path, &error);
  g_unlink (path);
  g_assert_no_error (error);
  assert_same (fixture->config, read);
  g_assert_true (disp_config_check (read, &error));
}

static void
test_round_trip_of_defaults (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *text = disp_config_to_text (fixture->config);

  g_assert_nonnull (strstr (text, "[server]\n# default\nlisten=127.0.0.1:8000\n# default\n"));
  g_assert_nonnull (strstr (text, "\n\n[fleet]\n# default\nsource=none\n# default\nfile=\n"));
  g_assert_null (strstr (text, "[probabilities]"));
  assert_round_trip (fixture);
}

static void
test_round_trip_of_all (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *text = NULL;

  load_text (fixture, "[server]\nlisten=127.0.0.1:0;[::1]:0;unix:/tmp/a b\nworkers=7\n"
                      "body-limit=1M\ndrain-timeout=1min\nverbose=on\n"
                      "token-file=/t\nallow-open=yes\nrequest-rate=0.25\nrequest-burst=9\n"
                      "tls-certificate=/c\ntls-key=/k\ntls-client-certificate=required\n"
                      "tls-client-ca=/a\nmax-connections=9\nmax-connections-per-client=8\n"
                      "body-memory=1T\nhead-timeout=1ms\nbody-timeout=2ms\nwrite-timeout=3ms\n"
                      "min-rate=0\nclient-idle-timeout=24h\nhalf-close=allow\n"
                      "[fleet]\nsource=file\nurl=http://m:1\nrefresh-interval=1s\n"
                      "[dispatch]\npolicy=probabilities\ntimeout=1.5s\nconnect-timeout=1\n"
                      "attempt-timeout=2ms\nretries=8\nnot-idempotent=a;b c\nhedge=d\n"
                      "max-in-flight=3\nqueue-policy=longest-queue\nqueue-limit=0\n"
                      "queue-bytes=3G\nqueue-timeout=4ms\n"
                      "idle-timeout=1h\nanswer-limit=2G\nversion-path=original\n"
                      "health-interval=0\nhealth-path=/a?b\n"
                      "[records]\nstore=sqlite:/tmp/r.db\nflush-interval=1us\npayload-limit=-1\n"
                      "durability=committed\nqueue-limit=7\nqueue-bytes=1T\noverflow=refuse\n"
                      "retention-age=4w\nretention-size=20G\nspool-limit=2G\ncoalesce=off\n"
                      "[embedded]\nrequests-store-listen=[::1]:5002;unix:/tmp/s\n"
                      "containers-manager-listen=0.0.0.0:5001\nallow-open=yes\n"
                      "[bus]\nbus=session\npersist=no\n"
                      "[probabilities]\nhalf plus two=cpu 0=0.1;gpu=0.9\n"
                      "third=a=0.33333333333333331;b=0.66666666666666669;\n"
                      "odd\\name=a\\s#b=0.5;c\\\\d=0.5\n");
  set_flag (fixture, "fleet", " /odd #path\\with\tall\n ");
  set_flag (fixture, "state-dir", "/a #b");
  text = disp_config_to_text (fixture->config);
  g_assert_nonnull (strstr (text, "\n# --fleet\nfile=\\s/odd\\s#path\\\\with\\tall\\n\\s\n"));
  g_assert_nonnull (strstr (text, "\n# --state-dir\nstate-dir=/a\\s#b\n"));
  g_assert_nonnull (strstr (text, "\nhalf plus two=cpu 0=0.1"));
  assert_round_trip (fixture);
}

/* Drops records, with which answers cannot wait for theirs. */
static void
test_round_trip_of_dropping (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  load_text (fixture, "[records]\noverflow=drop\n");
  assert_round_trip (fixture);
}

static void
add (const char *path, gconstpointer data, void (*test) (Fixture *fixture, gconstpointer data))
{
  g_test_add (path, Fixture, data, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  private_home_enter ();
  add ("/app/config/defaults", NULL, test_defaults);
  add ("/app/config/precedence", NULL, test_precedence);
  add ("/app/config/environment", NULL, test_environment);
  add ("/app/config/bad-environment", NULL, test_bad_environment);
  add ("/app/config/bad-flag", NULL, test_bad_flag);
  add ("/app/config/implied-source", NULL, test_implied_source);
  add ("/app/config/two-sources", NULL, test_two_sources);
  add ("/app/config/probabilities", NULL, test_probabilities);
  add ("/app/config/round-trip/defaults", NULL, test_round_trip_of_defaults);
  add ("/app/config/round-trip/all", NULL, test_round_trip_of_all);
  add ("/app/config/round-trip/dropping", NULL, test_round_trip_of_dropping);
  g_test_add_func ("/app/config/state-dir", test_state_dir);
  status = g_test_run ();
  private_home_leave ();
  return status;
}
