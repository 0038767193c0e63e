/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/open-terms.h"

#include "app/private-home.h"
#include "core/error.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#define TOKENS "# of two\nalice alices-token-0001\nbob bobs-token-000002\n"

/* A configuration file, and one of tokens. */
typedef struct
{
  DispConfig *config; /* (owned) */
  char *config_path;  /* (owned) */
  char *token_path;   /* (owned) */
} Fixture;

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->config = disp_config_new ();
  fixture->config_path = private_home_file ("a.conf");
  fixture->token_path = private_home_file ("tokens");
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_unlink (fixture->token_path);
  disp_config_free (fixture->config);
  g_free (fixture->config_path);
  g_free (fixture->token_path);
}

static void load (Fixture *fixture, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
load (Fixture *fixture, const char *format, ...)
{
  g_autofree char *text = NULL;
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  path = private_home_write ("a.conf", text);
  disp_config_load_file (fixture->config, path, &error);
  g_assert_no_error (error);
  disp_config_check (fixture->config, &error);
  g_assert_no_error (error);
}

static DispTerms *
make (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  DispTerms *terms = disp_config_make_terms (fixture->config, &error);

  g_assert_no_error (error);
  g_assert_nonnull (terms);
  return terms;
}

static void
test_defaults (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (DispTerms) terms = make (fixture);
  g_autoptr (DispTerms) expected = disp_terms_new ();

  g_assert_cmpuint (terms->body_limit, ==, expected->body_limit);
  g_assert_cmpuint (terms->body_memory, ==, expected->body_memory);
  g_assert_cmpuint (terms->max_connections, ==, fixture->config->max_connections);
  g_assert_cmpuint (terms->max_connections_per_client, ==, expected->max_connections_per_client);
  g_assert_cmpint (terms->head_timeout, ==, expected->head_timeout);
  g_assert_cmpint (terms->idle_timeout, ==, expected->idle_timeout);
  g_assert_cmpint (terms->body_timeout, ==, expected->body_timeout);
  g_assert_cmpint (terms->write_timeout, ==, expected->write_timeout);
  g_assert_cmpuint (terms->min_rate, ==, expected->min_rate);
  g_assert_false (terms->allows_half_close);
  g_assert_null (terms->tokens);
  g_assert_cmpfloat (terms->request_rate, ==, 0);
  g_assert_cmpuint (terms->request_burst, ==, 1);
}

/* Each setting is where it belongs. */
static void
test_all (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *tokens = private_home_write ("tokens", TOKENS);
  g_autoptr (DispTerms) terms = NULL;
  g_autoptr (DispTerms) embedded = NULL;

  load (fixture,
        "[server]\nbody-limit=1\nbody-memory=2\nmax-connections=3\nmax-connections-per-client=4\n"
        "head-timeout=5us\nclient-idle-timeout=6us\nbody-timeout=7us\nwrite-timeout=8us\n"
        "min-rate=9\nhalf-close=allow\nrequest-rate=10.5\nrequest-burst=11\ntoken-file=%s\n",
        tokens);
  terms = make (fixture);
  embedded = disp_config_make_embedded_terms (fixture->config);
  for (guint i = 0; i < 2; i++)
    {
      const DispTerms *each = i == 0 ? terms : embedded;

      g_assert_cmpuint (each->body_limit, ==, 1);
      g_assert_cmpuint (each->body_memory, ==, 2);
      g_assert_cmpuint (each->max_connections, ==, 3);
      g_assert_cmpuint (each->max_connections_per_client, ==, 4);
      g_assert_cmpint (each->head_timeout, ==, 5);
      g_assert_cmpint (each->idle_timeout, ==, 6);
      g_assert_cmpint (each->body_timeout, ==, 7);
      g_assert_cmpint (each->write_timeout, ==, 8);
      g_assert_cmpuint (each->min_rate, ==, 9);
      g_assert_true (each->allows_half_close);
    }
  g_assert_cmpfloat (terms->request_rate, ==, 10.5);
  g_assert_cmpuint (terms->request_burst, ==, 11);
  g_assert_cmpuint (disp_tokens_count (terms->tokens), ==, 2);
  g_assert_cmpfloat (embedded->request_rate, ==, 0);
  g_assert_null (embedded->tokens);
}

static void
test_burst (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const struct
  {
    const char *rate;
    guint burst;
  } rows[] = { { "0.001", 1 }, { "1", 1 }, { "1.1", 2 }, { "100", 100 }, { "1000000", 1000000 } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (DispTerms) terms = NULL;

      load (fixture, "[server]\nrequest-rate=%s\n", rows[i].rate);
      terms = make (fixture);
      g_assert_cmpuint (terms->request_burst, ==, rows[i].burst);
    }
}

static void
assert_refused (Fixture *fixture, const char *fault)
{
  g_autofree char *start = g_strdup_printf ("%s: [server] token-file: %s: ", fixture->config_path,
                                            fixture->config->token_file);
  g_autoptr (GError) error = NULL;

  g_assert_null (disp_config_make_terms (fixture->config, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
  g_assert_true (g_str_has_prefix (error->message, start));
  g_assert_cmpstr (error->message + strlen (start), ==, fault);
}

static void
test_bad_files (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *too_long = g_strnfill (1024 * 1024 + 1, '#');

  load (fixture, "[server]\ntoken-file=%s\n", fixture->token_path);
  assert_refused (fixture, "No such file or directory, expected a file of tokens that can be read");
  g_assert_cmpint (mkfifo (fixture->token_path, 0600), ==, 0);
  assert_refused (fixture, "not a regular file, expected a file of tokens that can be read");
  g_unlink (fixture->token_path);
  g_assert_true (g_file_set_contents (fixture->token_path, "alice alices-token\n", -1, NULL));
  assert_refused (fixture, "line 1: the token has 12 characters, expected 16 to 4096");
  g_assert_true (g_file_set_contents (fixture->token_path, "a alices-token-0001\0", 20, NULL));
  assert_refused (fixture, "there is a byte 0, expected text");
  g_assert_true (g_file_set_contents (fixture->token_path, too_long, -1, NULL));
  assert_refused (fixture, "too long, expected a file of tokens of at most 1048576 bytes");
}

/* Of the supervisor; but what is configured counts more. */
static void
test_credential (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *directory = g_dir_make_tmp ("dispatcherd-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (directory, "predictions.tokens", NULL);
  g_autofree char *fault = g_strdup_printf ("%s: line 2: expected NAME TOKEN", path);
  g_autofree char *tokens = private_home_write ("tokens", TOKENS);
  g_autoptr (DispTerms) none = NULL;
  g_autoptr (DispTerms) of_credential = NULL;
  g_autoptr (DispTerms) of_file = NULL;
  g_autoptr (GError) error = NULL;

  g_setenv ("CREDENTIALS_DIRECTORY", directory, TRUE);
  none = make (fixture);
  g_assert_null (none->tokens);
  g_assert_true (g_file_set_contents (path, "carol carols-token-0003\n", -1, NULL));
  of_credential = make (fixture);
  g_assert_cmpstr (disp_tokens_find (of_credential->tokens, "Bearer carols-token-0003"), ==,
                   "carol");
  g_assert_true (g_file_set_contents (path, "\nx\n", -1, NULL));
  g_assert_null (disp_config_make_terms (fixture->config, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
  g_assert_cmpstr (error->message, ==, fault);
  load (fixture, "[server]\ntoken-file=%s\n", tokens);
  of_file = make (fixture);
  g_assert_cmpuint (disp_tokens_count (of_file->tokens), ==, 2);
  g_unsetenv ("CREDENTIALS_DIRECTORY");
  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (g_rmdir (directory), ==, 0);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *path;
    void (*test) (Fixture *fixture, gconstpointer data);
  } tests[] = {
    { "/app/open-terms/defaults", test_defaults },
    { "/app/open-terms/all", test_all },
    { "/app/open-terms/burst", test_burst },
    { "/app/open-terms/bad-files", test_bad_files },
    { "/app/open-terms/credential", test_credential },
  };
  int status;

  g_test_init (&argc, &argv, NULL);
  private_home_enter ();
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, NULL, set_up, tests[i].test, tear_down);
  status = g_test_run ();
  private_home_leave ();
  return status;
}
