/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/config.h"

#include "app/private-home.h"
#include "build-config.h"
#include "core/error.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* A file and the message, behind the path of the file, of the error that it is. */
typedef struct
{
  const char *name;
  const char *text;
  const char *message;
} FileCase;

#define USERS ".config/dispatcherd"
#define SERVER_KEYS                                                                                \
  "listen, token-file, allow-open, request-rate, request-burst, tls-certificate, tls-key, "        \
  "tls-client-certificate, tls-client-ca, workers, max-connections, max-connections-per-client, "  \
  "body-limit, body-memory, head-timeout, body-timeout, write-timeout, min-rate, "                 \
  "client-idle-timeout, half-close, drain-timeout, state-dir, verbose"
#define EXPECTED_TIME "expected a time above 0 and up to 24h, such as 500ms, 5s or 2min"
#define EXPECTED_PROBABILITIES                                                                     \
  "expected each container once, with numbers from 0 to 1 that add up to 1"
#define EXPECTED_URL                                                                               \
  "expected http://HOST[:PORT][/PATH] or https://HOST[:PORT][/PATH], without a user name, query "  \
  "or fragment"
#define EXPECTED_SPACE "expected a number of bytes above 0 and up to 1024T, such as 256M or 1G"
#define EXPECTED_SIZE "expected a number of bytes above 0 and up to 2G, such as 65536, 64K or 64M"

static const FileCase file_cases[] = {
  { "unknown-section", "[servers]\nworkers=1\n",
    "[servers]: there is no such section, expected one of: server, fleet, dispatch, sticky, "
    "records, "
    "embedded, bus, probabilities" },
  { "empty-unknown-section", "[bus-stop]\n", "[bus-stop]: there is no such section" },
  { "unknown-key", "[server]\nworkers=1\nport=80\n",
    "[server] port: there is no such setting, expected one of: " SERVER_KEYS },
  { "key-of-another-section", "[server]\nstore=none\n",
    "[server] store: there is no such setting, expected one of: " SERVER_KEYS },
  { "flag-as-key", "[fleet]\nfleet=/f\n",
    "[fleet] fleet: there is no such setting, expected one of: source, file, url, "
    "refresh-interval" },
  { "key-in-capitals", "[server]\nWorkers=1\n", "[server] Workers: there is no such setting" },
  { "translated-key", "[server]\nworkers[xx]=1\n",
    "[server] workers[xx]: there is no such setting" },
  { "workers", "[server]\nworkers=many\n",
    "[server] workers: expected auto or a number from 1 to 256, found \"many\"" },
  { "listen", "[server]\nlisten=127.0.0.1:0;here\n",
    "[server] listen: expected ADDRESS:PORT with a numeric address, [ADDRESS]:PORT with one of "
    "IPv6, or unix:/ABSOLUTE/PATH, found \"here\"" },
  { "no-listen", "[server]\nlisten=\n",
    "[server] listen: expected one or more values separated by \";\", found \"\"" },
  { "body-limit", "[server]\nbody-limit=64MB\n",
    "[server] body-limit: " EXPECTED_SIZE ", found \"64MB\"" },
  { "state-dir", "[server]\nstate-dir=\n", "[server] state-dir: expected a directory, found \"\"" },
  { "verbose", "[server]\nverbose=maybe\n",
    "[server] verbose: expected yes or no, found \"maybe\"" },
  { "drain-timeout", "[server]\ndrain-timeout=0\n",
    "[server] drain-timeout: " EXPECTED_TIME ", found \"0\"" },
  { "source", "[fleet]\nsource=etcd\n",
    "[fleet] source: expected one of: none, file, containers-manager, found \"etcd\"" },
  { "url", "[fleet]\nurl=manager:5001\n", "[fleet] url: " EXPECTED_URL ", found \"manager:5001\"" },
  { "refresh-interval", "[fleet]\nrefresh-interval=-1s\n",
    "[fleet] refresh-interval: " EXPECTED_TIME ", found \"-1s\"" },
  { "timeout", "[dispatch]\ntimeout=soon\n",
    "[dispatch] timeout: " EXPECTED_TIME ", found \"soon\"" },
  { "connect-timeout", "[dispatch]\nconnect-timeout=\n",
    "[dispatch] connect-timeout: " EXPECTED_TIME ", found \"\"" },
  { "idle-timeout", "[dispatch]\nidle-timeout=2d\n",
    "[dispatch] idle-timeout: " EXPECTED_TIME ", found \"2d\"" },
  { "answer-limit", "[dispatch]\nanswer-limit=3G\n",
    "[dispatch] answer-limit: " EXPECTED_SIZE ", found \"3G\"" },
  { "attempt-timeout", "[dispatch]\nattempt-timeout=0\n",
    "[dispatch] attempt-timeout: expected auto or a time above 0 and up to 24h, such as 500ms, 5s "
    "or 2min, found \"0\"" },
  { "retries", "[dispatch]\nretries=9\n",
    "[dispatch] retries: expected a number from 0 to 8, found \"9\"" },
  { "max-in-flight", "[dispatch]\nmax-in-flight=0\n",
    "[dispatch] max-in-flight: expected auto or a number from 1 to 1000000000, found \"0\"" },
  { "queue-policy", "[dispatch]\nqueue-policy=lifo\n",
    "[dispatch] queue-policy: expected one of: deadline, fifo, random, round-robin, longest-queue, "
    "found \"lifo\"" },
  { "dispatch-queue-limit", "[dispatch]\nqueue-limit=-1\n",
    "[dispatch] queue-limit: expected a number up to 1000000000, or 0 for none, found \"-1\"" },
  { "dispatch-queue-bytes", "[dispatch]\nqueue-bytes=0\n",
    "[dispatch] queue-bytes: " EXPECTED_SPACE ", found \"0\"" },
  { "queue-timeout", "[dispatch]\nqueue-timeout=never\n",
    "[dispatch] queue-timeout: expected a time up to 24h, such as 500ms, 5s or 2min, or 0 for no "
    "limit, found \"never\"" },
  { "version-path", "[dispatch]\nversion-path=newest\n",
    "[dispatch] version-path: expected one of: exact, latest, original, found \"newest\"" },
  { "health-interval", "[dispatch]\nhealth-interval=99ms\n",
    "[dispatch] health-interval: expected a time from 100ms up to 24h, such as 500ms, 5s or 2min, "
    "or 0 for never, found \"99ms\"" },
  { "health-path", "[dispatch]\nhealth-path=healthz\n",
    "[dispatch] health-path: expected an absolute path of a URL, such as /healthz, or nothing, "
    "found \"healthz\"" },
  { "store", "[records]\nstore=mysql\n",
    "[records] store: expected sqlite, sqlite:PATH, an http:// or https:// URL, or none, found "
    "\"mysql\"" },
  { "store-url", "[records]\nstore=http://\n",
    "[records] store: " EXPECTED_URL ", found \"http://\"" },
  { "flush-interval", "[records]\nflush-interval=1w\n",
    "[records] flush-interval: " EXPECTED_TIME ", found \"1w\"" },
  { "payload-limit", "[records]\npayload-limit=-2\n",
    "[records] payload-limit: expected a number of bytes such as 65536 or 64K, 0 for none, or -1 "
    "for all, found \"-2\"" },
  { "durability", "[records]\ndurability=sure\n",
    "[records] durability: expected one of: relaxed, committed, found \"sure\"" },
  { "queue-limit", "[records]\nqueue-limit=0\n",
    "[records] queue-limit: expected a number from 1 to 1000000000, found \"0\"" },
  { "queue-bytes", "[records]\nqueue-bytes=0\n",
    "[records] queue-bytes: " EXPECTED_SPACE ", found \"0\"" },
  { "overflow", "[records]\noverflow=wait\n",
    "[records] overflow: expected one of: refuse, drop, found \"wait\"" },
  { "retention-age", "[records]\nretention-age=1y\n",
    "[records] retention-age: expected a time up to 5000w, such as 12h, 30d or 8w, or 0 for ever, "
    "found \"1y\"" },
  { "retention-size", "[records]\nretention-size=-1\n",
    "[records] retention-size: expected a number of bytes up to 1024T, such as 512M or 20G, or 0 "
    "for no limit, found \"-1\"" },
  { "spool-limit", "[records]\nspool-limit=much\n",
    "[records] spool-limit: " EXPECTED_SPACE ", found \"much\"" },
  { "coalesce", "[records]\ncoalesce=both\n",
    "[records] coalesce: expected yes or no, found \"both\"" },
  { "embedded-store", "[embedded]\nrequests-store-listen=5002\n",
    "[embedded] requests-store-listen: expected ADDRESS:PORT with a numeric address, " },
  { "embedded-manager", "[embedded]\ncontainers-manager-listen=127.0.0.1:1;*:5001\n",
    "[embedded] containers-manager-listen: expected ADDRESS:PORT with a numeric address, " },
  { "allow-open", "[embedded]\nallow-open=perhaps\n",
    "[embedded] allow-open: expected yes or no, found \"perhaps\"" },
  { "bus", "[bus]\nbus=user\n",
    "[bus] bus: expected one of: auto, session, system, none, found \"user\"" },
  { "persist", "[bus]\npersist=\n", "[bus] persist: expected yes or no, found \"\"" },
  { "unknown-shadow", "[dispatch]\nshadow-policy=luckiest\n",
    "[dispatch] shadow-policy: expected one of: none, round-robin, random, probabilities, " },
  { "unknown-policy", "[dispatch]\npolicy=luckiest\n",
    "[dispatch] policy: expected one of: round-robin, random, probabilities, " },
  { "comment-behind", "[server]\nworkers=2 # two\n",
    "[server] workers: expected comments on lines of their own, found \"2 # two\"" },
  { "comment-behind-path", "[server]\nstate-dir=/a  # the state\n",
    "[server] state-dir: expected comments on lines of their own, found \"/a  # the state\"" },
  { "bad-escape", "[server]\nstate-dir=C:\\dir\n",
    "[server] state-dir: expected UTF-8 text with no other escapes than" },
  { "bad-escapes", "[server]\nstate-dir=C:\\dir\\\n",
    "[server] state-dir: expected UTF-8 text with no other escapes than" },
  { "not-utf8", "[server]\nstate-dir=/\377\n", "[server] state-dir: expected UTF-8 text with no" },
  { "probability", "[probabilities]\nm=a=half\n",
    "[probabilities] m: expected CONTAINER=PROBABILITY, such as gpu-0=0.25, found \"a=half\"" },
  { "no-probabilities", "[probabilities]\nm=\n",
    "[probabilities] m: expected one or more values separated by \";\", found \"\"" },
  { "probabilities-sum", "[dispatch]\npolicy=probabilities\n[probabilities]\nm=a=0.5;b=0.4\n",
    "[probabilities] m: " EXPECTED_PROBABILITIES ", found \"a=0.5;b=0.4\"" },
  { "probabilities-under-another-policy", "[probabilities]\nm=a=0.5;b=0.4\n",
    "[probabilities] m: " EXPECTED_PROBABILITIES ", found \"a=0.5;b=0.4\"" },
  { "probabilities-negative", "[probabilities]\nm=a=1.5;b=-0.5\n",
    "[probabilities] m: " EXPECTED_PROBABILITIES ", found \"a=1.5;b=-0.5\"" },
  { "probabilities-not-finite", "[probabilities]\nm=a=nan\n",
    "[probabilities] m: " EXPECTED_PROBABILITIES ", found \"a=nan\"" },
  { "probabilities-infinite", "[probabilities]\nm=a=inf\n",
    "[probabilities] m: " EXPECTED_PROBABILITIES ", found \"a=inf\"" },
  { "probabilities-container-twice", "[probabilities]\nm=a=0.5;a=0.5\n",
    "[probabilities] m: " EXPECTED_PROBABILITIES ", found \"a=0.5;a=0.5\"" },
  { "probability-comment", "[probabilities]\nm=a=1 # all\n",
    "[probabilities] m: expected comments on lines of their own, found \"a=1 # all\"" },
  { "no-section", "workers=1\n", "line 1: " },
  { "no-value", "[server]\nworkers\n", "line 2: " },
  { "no-bracket", "[server\nworkers=1\n", "line 1: " },
  { "no-key", "\n# of the server\r\n[server]\n\nworkers=1\n=1\n[bus]\nbus=none\n", "line 6: " },
  { "json", "{\"server\":{}}\n", "line 1: " },
  { "binary", "\177ELF\002\001\001", "line 1: " },
  { "byte-order-mark", "\357\273\277[server]\n", "line 1: " },
  { "last-line", "[server]\nworkers=1\nverbose", "line 3: " },
  { "line-not-utf8", "[server]\n\377\n", "line 2: " },
  { "section-not-utf8", "[\377]\n", "[\357\277\275]: there is no such section" },
  { "key-not-utf8", "[bus]\n\377\rx=1\n",
    "[bus] \357\277\275\357\277\275x: there is no such setting" },
  { "model-not-utf8", "[probabilities]\n\377=a=1\n",
    "[probabilities] \357\277\275: expected the name of a model, which is UTF-8" },
  { "lines-in-value", "[server]\nworkers=1\\n2\\r\n",
    "[server] workers: expected auto or a number from 1 to 256, found \"1 2\357\277\275\"" },
};

static void
assert_fails (const char *path, const char *message)
{
  g_autoptr (DispConfig) config = disp_config_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *start = g_strdup_printf ("%s: %s", path, message);

  g_assert_false (disp_config_load_file (config, path, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
  if (!g_str_has_prefix (error->message, start))
    g_error ("\"%s\" does not begin with \"%s\"", error->message, start);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_assert_null (strpbrk (error->message, "\r\n"));
}

static void
test_bad_file (gconstpointer data)
{
  const FileCase *row = data;
  g_autofree char *path = private_home_write ("a.conf", row->text);

  assert_fails (path, row->message);
}

/* A NUL would end a line for GKeyFile, and hide what follows. */
static void
test_nul (void)
{
  static const char text[] = "[server]\nworkers=2\0junk\n";
  g_autofree char *path = private_home_file ("a.conf");

  g_assert_true (g_file_set_contents (path, text, sizeof text - 1, NULL));
  assert_fails (path, "line 2: expected text, found a NUL byte");
}

static void
test_not_a_file (void)
{
  g_autofree char *missing = private_home_file ("missing.conf");
  g_autofree char *below = g_build_filename (missing, "below.conf", NULL);

  assert_fails (missing, "cannot be read: ");
  assert_fails (below, "cannot be read: ");
  assert_fails ("/", "cannot be read: ");
  assert_fails ("", "cannot be read: ");
}

static void
test_good_files (void)
{
  static const char *const texts[] = {
    "",
    "\n\n# nothing\n",
    "[server]\n",
    "[server]\r\nworkers=3\r\n",
    "[server]\nworkers = 3  \n[fleet]\n[server]\nverbose=no\n",
    "[server]\nworkers=2\nworkers=3",
    "# workers=2\n[server]\n  # a comment\nworkers=3\n",
  };
  g_autofree char *path = private_home_file ("a.conf");

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (DispConfig) config = disp_config_new ();
      g_autoptr (GError) error = NULL;

      g_assert_true (g_file_set_contents (path, texts[i], -1, NULL));
      disp_config_load_file (config, path, &error);
      g_assert_no_error (error);
      if (i >= 3)
        g_assert_cmpuint (config->workers, ==, 3);
    }
}

/* Whether the machine has a configuration of its own, which would be read as well. */
static gboolean
skip_for_system (void)
{
  if (!g_file_test (DISP_SYSCONFDIR, G_FILE_TEST_EXISTS))
    return FALSE;
  g_test_skip ("dispatcherd is configured on this machine");
  return TRUE;
}

static void
load_defaults (DispConfig *config)
{
  g_autoptr (GError) error = NULL;

  disp_config_load_default_files (config, &error);
  g_assert_no_error (error);
}

static void
assert_defaults_fail (const char *message)
{
  g_autoptr (DispConfig) config = disp_config_new ();
  g_autoptr (GError) error = NULL;

  g_assert_false (disp_config_load_default_files (config, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
  if (!g_str_has_prefix (error->message, message))
    g_error ("\"%s\" does not begin with \"%s\"", error->message, message);
}

static void
test_no_default_files (void)
{
  g_autoptr (DispConfig) config = disp_config_new ();

  if (skip_for_system ())
    return;
  load_defaults (config);
  for (guint i = 0; i < DISP_N_SETTINGS; i++)
    g_assert_cmpstr (config->origins[i], ==, "default");
}

static void
test_default_files (void)
{
  g_autoptr (DispConfig) config = disp_config_new ();
  g_autofree char *main_file = private_home_write (
      USERS "/dispatcherd.conf", "[server]\nworkers=1\nverbose=yes\nbody-limit=1K\n");
  g_autofree char *second = private_home_write (USERS "/conf.d/20.conf", "[server]\nworkers=3\n");
  g_autofree char *first = private_home_write (USERS "/conf.d/10.conf",
                                               "[server]\nworkers=2\nbody-limit=2K\n");
  g_autofree char *other = private_home_write (USERS "/conf.d/30.conf~", "nonsense");

  if (skip_for_system ())
    return;
  load_defaults (config);
  g_assert_cmpuint (config->workers, ==, 3);
  g_assert_cmpstr (config->origins[DISP_SETTING_WORKERS], ==, second);
  g_assert_cmpint (config->body_limit, ==, 2048);
  g_assert_cmpstr (config->origins[DISP_SETTING_BODY_LIMIT], ==, first);
  g_assert_cmpstr (config->origins[DISP_SETTING_VERBOSE], ==, main_file);
  g_assert_true (g_file_test (other, G_FILE_TEST_EXISTS));
}

/* What is there, but cannot be read, is never passed over. */
static void
test_unreadable_default_file (void)
{
  g_autofree char *path = private_home_file (USERS "/dispatcherd.conf");
  g_autofree char *message = g_strdup_printf ("%s: cannot be read: ", path);

  if (skip_for_system ())
    return;
  g_assert_cmpint (symlink (path, path), ==, 0);
  assert_defaults_fail (message);
  g_unlink (path);
  g_assert_cmpint (symlink ("nowhere", path), ==, 0);
  assert_defaults_fail (message);
  g_unlink (path);
  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
  assert_defaults_fail (message);
  g_rmdir (path);
}

static void
test_unreadable_default_directory (void)
{
  g_autofree char *path = private_home_file (USERS "/conf.d");
  g_autofree char *message = g_strdup_printf ("%s: cannot be read: ", path);

  if (skip_for_system ())
    return;
  g_assert_cmpint (symlink (path, path), ==, 0);
  assert_defaults_fail (message);
  g_unlink (path);
}

static void
test_wrong_default_file (void)
{
  g_autofree char *path = private_home_write (USERS "/conf.d/x.conf", "[server]\nport=1\n");
  g_autofree char *message = g_strdup_printf ("%s: [server] port: there is no such setting", path);

  if (skip_for_system ())
    return;
  assert_defaults_fail (message);
}

/* The home of a system's user is often no directory at all. */
static void
test_no_home (void)
{
  g_autoptr (DispConfig) config = disp_config_new ();
  g_autofree char *path = private_home_write (USERS, "");

  if (skip_for_system ())
    return;
  g_assert_true (g_file_test (path, G_FILE_TEST_IS_REGULAR));
  load_defaults (config);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  private_home_enter ();
  for (guint i = 0; i < G_N_ELEMENTS (file_cases); i++)
    {
      g_autofree char *path = g_strconcat ("/app/config-file/bad/", file_cases[i].name, NULL);

      g_test_add_data_func (path, &file_cases[i], test_bad_file);
    }
  g_test_add_func ("/app/config-file/bad/nul", test_nul);
  g_test_add_func ("/app/config-file/not-a-file", test_not_a_file);
  g_test_add_func ("/app/config-file/good", test_good_files);
  g_test_add_func ("/app/config-file/default/none", test_no_default_files);
  g_test_add_func ("/app/config-file/default/all", test_default_files);
  g_test_add_func ("/app/config-file/default/unreadable-file", test_unreadable_default_file);
  g_test_add_func ("/app/config-file/default/unreadable-directory",
                   test_unreadable_default_directory);
  g_test_add_func ("/app/config-file/default/wrong", test_wrong_default_file);
  g_test_add_func ("/app/config-file/default/no-home", test_no_home);
  status = g_test_run ();
  private_home_leave ();
  return status;
}
