/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/open-tls.h"

#include "app/private-home.h"
#include "core/error.h"
#include "support/certificates.h"
#include "support/news.h"

#include <glib/gstdio.h>
#include <string.h>

/* Valid in the year 2020. */
#define EXPIRED                                                                                    \
  "-----BEGIN CERTIFICATE-----\n"                                                                  \
  "MIIBEDCBt6ADAgECAgEBMAoGCCqGSM49BAMCMBIxEDAOBgNVBAMMB2V4cGlyZWQw\n"                             \
  "HhcNMjAwMTAxMDAwMDAwWhcNMjEwMTAxMDAwMDAwWjASMRAwDgYDVQQDDAdleHBp\n"                             \
  "cmVkMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAENgZ5kDuw7tCa4YxqkfHW1ukx\n"                             \
  "P7pYAmzheeQJdV53K4y2BbXQcYi6TDj8BSrN/r/ddHnuPqnKjbNP3dUSPdHozjAK\n"                             \
  "BggqhkjOPQQDAgNIADBFAiBTztMPb48LcPR8s34qT8mxgX47HONxWLi1LeIsQC9g\n"                             \
  "2AIhAJhxUfiO4kzEEuvNlx2O05g7Z0v07D+F0BswYa8heEaf\n"                                             \
  "-----END CERTIFICATE-----\n"                                                                    \
  "-----BEGIN PRIVATE KEY-----\n"                                                                  \
  "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg1jaNO790McTCVINs\n"                             \
  "/QjtoavI9U6OElA1CoSaTrGjvzKhRANCAAQ2BnmQO7Du0JrhjGqR8dbW6TE/ulgC\n"                             \
  "bOF55Al1XncrjLYFtdBxiLpMOPwFKs3+v910ee4+qcqNs0/d1RI90ejO\n"                                     \
  "-----END PRIVATE KEY-----\n"

static GString *news; /* what was logged */

/* A configuration, and certificates in a home of their own. */
typedef struct
{
  DispConfig *config; /* (owned) */
  DispTerms *terms;   /* (owned) */
  char *home;         /* (owned) */
  Certificate *one;   /* (owned) */
  Certificate *two;   /* (owned) */
} Fixture;

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *config_path = private_home_file ("a.conf");

  fixture->config = disp_config_new ();
  fixture->terms = disp_terms_new ();
  fixture->home = g_path_get_dirname (config_path);
  fixture->one = certificate_new (fixture->home, "one", 100, NULL);
  fixture->two = certificate_new (fixture->home, "two", 100, NULL);
  g_string_truncate (news, 0);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  certificate_free (fixture->one);
  certificate_free (fixture->two);
  disp_config_free (fixture->config);
  disp_terms_unref (fixture->terms);
  g_free (fixture->home);
}

static void configure (Fixture *fixture, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
configure (Fixture *fixture, const char *format, ...)
{
  g_autofree char *text = NULL;
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  path = private_home_write ("a.conf", text);
  disp_config_free (fixture->config);
  fixture->config = disp_config_new ();
  disp_config_load_file (fixture->config, path, &error);
  g_assert_no_error (error);
  disp_config_check (fixture->config, &error);
  g_assert_no_error (error);
}

static void
assert_loaded (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  gboolean loaded;

  g_clear_object (&fixture->terms->certificate);
  g_clear_object (&fixture->terms->client_authorities);
  loaded = disp_config_load_tls (fixture->config, fixture->terms, &error);
  g_assert_no_error (error);
  g_assert_true (loaded);
}

/* The fault has @start, which ends with what the file is and has what @path is in place of @. */
static void
assert_refused (Fixture *fixture, const char *path, const char *pattern)
{
  g_autofree char *start = g_strdup_printf ("%s/a.conf: [server] ", fixture->home);
  g_auto (GStrv) parts = g_strsplit (pattern, "@", -1);
  g_autofree char *expected = g_strjoinv (path, parts);
  g_autofree char *glob = g_strdup_printf ("%s%s", start, expected);
  g_autoptr (GError) error = NULL;

  g_clear_object (&fixture->terms->certificate);
  g_clear_object (&fixture->terms->client_authorities);
  g_assert_false (disp_config_load_tls (fixture->config, fixture->terms, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
  if (!g_pattern_match_simple (glob, error->message))
    g_assert_cmpstr (error->message, ==, glob);
}

static char *
concatenate (const char *name, const char *first, const char *second)
{
  g_autofree char *first_text = NULL;
  g_autofree char *second_text = NULL;
  g_autofree char *text = NULL;

  g_assert_true (g_file_get_contents (first, &first_text, NULL, NULL));
  g_assert_true (g_file_get_contents (second, &second_text, NULL, NULL));
  text = g_strconcat (first_text, second_text, NULL);
  return private_home_write (name, text);
}

static void
test_none (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  configure (fixture, "[server]\n");
  assert_loaded (fixture);
  g_assert_null (fixture->terms->certificate);
  g_assert_null (fixture->terms->client_authorities);
}

static void
test_two_files (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  configure (fixture, "[server]\ntls-certificate=%s\ntls-key=%s\n", fixture->one->path,
             fixture->one->key_path);
  assert_loaded (fixture);
  g_assert_nonnull (fixture->terms->certificate);
  g_assert_null (fixture->terms->client_authorities);
  g_assert_cmpstr (news->str, ==, "");
}

static void
test_one_file (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *both = concatenate ("both.pem", fixture->one->path, fixture->one->key_path);

  configure (fixture, "[server]\ntls-certificate=%s\n", both);
  assert_loaded (fixture);
  g_assert_nonnull (fixture->terms->certificate);
}

static void
test_chain (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Certificate) leaf = certificate_new (fixture->home, "leaf", 100, fixture->one);
  g_autofree char *chain = concatenate ("chain.pem", leaf->path, fixture->one->path);
  GTlsCertificate *issuer;

  configure (fixture, "[server]\ntls-certificate=%s\ntls-key=%s\n", chain, leaf->key_path);
  assert_loaded (fixture);
  issuer = g_tls_certificate_get_issuer (fixture->terms->certificate);
  g_assert_nonnull (issuer);
  g_assert_cmpint (g_tls_certificate_verify (fixture->terms->certificate, NULL, issuer), ==, 0);
}

static void
test_credential (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *key = private_home_file ("predictions.tls-key");
  g_autofree char *wanted = g_strdup_printf ("%s: there is no private key, expected one in PEM",
                                             key);
  g_autoptr (GError) error = NULL;

  g_setenv ("CREDENTIALS_DIRECTORY", fixture->home, TRUE);
  configure (fixture, "[server]\ntls-certificate=%s\n", fixture->one->path);
  g_assert_cmpint (g_rename (fixture->one->key_path, key), ==, 0);
  assert_loaded (fixture);
  g_assert_nonnull (fixture->terms->certificate);
  /* What is configured counts more. */
  configure (fixture, "[server]\ntls-certificate=%s\ntls-key=%s\n", fixture->two->path,
             fixture->two->key_path);
  assert_loaded (fixture);
  g_free (private_home_write ("predictions.tls-key", "secret"));
  configure (fixture, "[server]\ntls-certificate=%s\n", fixture->one->path);
  g_clear_object (&fixture->terms->certificate);
  g_assert_false (disp_config_load_tls (fixture->config, fixture->terms, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
  g_assert_cmpstr (error->message, ==, wanted);
  g_unsetenv ("CREDENTIALS_DIRECTORY");
}

static void
test_bad_certificate (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *path = private_home_file ("bad.pem");
  g_autofree char *broken = g_strdup (
      "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");

  configure (fixture, "[server]\ntls-certificate=%s\ntls-key=%s\n", path, fixture->one->key_path);
  assert_refused (fixture, path,
                  "tls-certificate: @: No such file or directory, "
                  "expected a file of a certificate that can be read");
  g_free (private_home_write ("bad.pem", "certificate"));
  assert_refused (fixture, path,
                  "tls-certificate: @: there is no certificate, expected one in PEM");
  g_free (private_home_write ("bad.pem", broken));
  assert_refused (fixture, path, "tls-certificate: @, with the key in *: *");
}

static void
test_bad_key (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *path = private_home_file ("bad.key");

  configure (fixture, "[server]\ntls-certificate=%s\ntls-key=%s\n", fixture->one->path, path);
  assert_refused (fixture, path,
                  "tls-key: @: No such file or directory, "
                  "expected a file of a key that can be read");
  g_free (private_home_write ("bad.key", "key"));
  assert_refused (fixture, path, "tls-key: @: there is no private key, expected one in PEM");
  g_free (private_home_write ("bad.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
  assert_refused (fixture, path,
                  "tls-key: @: the private key is encrypted, expected one without a passphrase");
  configure (fixture, "[server]\ntls-certificate=%s\n", fixture->one->path);
  assert_refused (fixture, fixture->one->path,
                  "tls-certificate: @: there is no private key, expected one in PEM");
}

/* Files that are right, but not together. */
static void
test_strange_key (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  configure (fixture, "[server]\ntls-certificate=%s\ntls-key=%s\n", fixture->one->path,
             fixture->two->key_path);
  assert_refused (fixture, fixture->two->key_path,
                  "tls-key: @: no TLS can be spoken with this key and the certificate in *, "
                  "expected the key of that certificate: *");
}

static void
test_authorities (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *path = private_home_file ("ca.pem");

  configure (fixture,
             "[server]\ntls-certificate=%s\ntls-key=%s\ntls-client-certificate=required\n"
             "tls-client-ca=%s\n",
             fixture->one->path, fixture->one->key_path, fixture->two->path);
  assert_loaded (fixture);
  g_assert_nonnull (fixture->terms->client_authorities);
  g_assert_true (fixture->terms->needs_client_certificate);
  configure (fixture,
             "[server]\ntls-certificate=%s\ntls-key=%s\ntls-client-certificate=optional\n"
             "tls-client-ca=%s\n",
             fixture->one->path, fixture->one->key_path, path);
  assert_refused (fixture, path,
                  "tls-client-ca: @: No such file or directory, "
                  "expected a file of certificates that can be read");
  g_free (private_home_write ("ca.pem", "ca"));
  assert_refused (fixture, path, "tls-client-ca: @: there is no certificate, expected one in PEM");
  g_free (private_home_write ("ca.pem",
                              "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
  assert_refused (fixture, path, "tls-client-ca: @: *, expected certificates in PEM");
  g_free (concatenate ("ca.pem", fixture->one->path, fixture->two->path));
  assert_loaded (fixture);
  g_assert_false (fixture->terms->needs_client_certificate);
}

static void
test_end (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Certificate) soon = certificate_new (fixture->home, "soon", 13, NULL);
  g_autofree char *expired = private_home_write ("expired.pem", EXPIRED);
  g_autofree char *expected = g_strdup_printf (
      "the certificate in %s has ended, at 2021-01-01 00:00 UTC", expired);

  configure (fixture, "[server]\ntls-certificate=%s\ntls-key=%s\n", soon->path, soon->key_path);
  assert_loaded (fixture);
  g_assert_nonnull (strstr (news->str, "ends soon, at "));
  g_string_truncate (news, 0);
  configure (fixture, "[server]\ntls-certificate=%s\n", expired);
  assert_loaded (fixture);
  g_assert_nonnull (strstr (news->str, expected));
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *path;
    void (*test) (Fixture *fixture, gconstpointer data);
  } tests[] = {
    { "/app/open-tls/none", test_none },
    { "/app/open-tls/two-files", test_two_files },
    { "/app/open-tls/one-file", test_one_file },
    { "/app/open-tls/chain", test_chain },
    { "/app/open-tls/credential", test_credential },
    { "/app/open-tls/bad-certificate", test_bad_certificate },
    { "/app/open-tls/bad-key", test_bad_key },
    { "/app/open-tls/strange-key", test_strange_key },
    { "/app/open-tls/authorities", test_authorities },
    { "/app/open-tls/end", test_end },
  };
  int status;

  g_test_init (&argc, &argv, NULL);
  news = g_string_new (NULL);
  news_keep_in (news);
  private_home_enter ();
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, NULL, set_up, tests[i].test, tear_down);
  status = g_test_run ();
  private_home_leave ();
  g_string_free (news, TRUE);
  return status;
}
