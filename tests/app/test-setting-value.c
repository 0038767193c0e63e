/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/setting-value.h"

#include "app/config.h"
#include "core/error.h"
#include "core/policy-registry.h"

#include <string.h>

/* Parses a text that must be right. */
static void
parse_well (DispSettingParse parse, const char *text, gpointer field)
{
  g_autoptr (GError) error = NULL;
  gboolean valid = parse (text, field, &error);

  g_assert_no_error (error);
  g_assert_true (valid);
}

/* Parses a text that must be wrong, and checks that the error tells what was expected and found. */
static void
parse_badly (DispSettingParse parse, const char *text, gpointer field, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *message = g_strdup_printf ("expected %s, found \"%s\"", expected, text);

  g_assert_false (parse (text, field, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
  g_assert_cmpstr (error->message, ==, message);
}

static void
test_boolean (void)
{
  static const char *const yes[] = { "yes", "true", "on", "1" };
  static const char *const no[] = { "no", "false", "off", "0" };
  static const char *const bad[] = { "", "Yes", "TRUE", "2", "y", "yes ", "ja" };
  gboolean value;

  for (guint i = 0; i < G_N_ELEMENTS (yes); i++)
    {
      value = FALSE;
      parse_well (disp_setting_parse_boolean, yes[i], &value);
      g_assert_true (value);
      parse_well (disp_setting_parse_boolean, no[i], &value);
      g_assert_false (value);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    parse_badly (disp_setting_parse_boolean, bad[i], &value, "yes or no");
}

static void
check_alternatives (void)
{
  gboolean value = TRUE;

  parse_well (disp_setting_parse_durability, "relaxed", &value);
  g_assert_false (value);
  parse_well (disp_setting_parse_durability, "committed", &value);
  g_assert_true (value);
  parse_badly (disp_setting_parse_durability, "yes", &value, "one of: relaxed, committed");
  parse_well (disp_setting_parse_overflow, "refuse", &value);
  g_assert_false (value);
  parse_well (disp_setting_parse_overflow, "drop", &value);
  g_assert_true (value);
  parse_badly (disp_setting_parse_overflow, "", &value, "one of: refuse, drop");
  parse_well (disp_setting_parse_half_close, "close", &value);
  g_assert_false (value);
  parse_well (disp_setting_parse_half_close, "allow", &value);
  g_assert_true (value);
  parse_badly (disp_setting_parse_half_close, "no", &value, "one of: close, allow");
}

static void
test_header (void)
{
  g_autofree char *value = NULL;

  parse_well (disp_setting_parse_header, "X-Session-Id", &value);
  g_assert_cmpstr (value, ==, "X-Session-Id");
  parse_badly (disp_setting_parse_header, "a b", &value,
               "the name of a header field, such as X-Session-Id, or nothing");
  g_assert_cmpstr (value, ==, "X-Session-Id");
  parse_well (disp_setting_parse_header, "", &value);
  g_assert_cmpstr (value, ==, "");
}

static void
test_policy (void)
{
  g_autofree char *names = g_strjoinv (", ", (char **) disp_policy_get_names ());
  g_autofree char *expected = g_strconcat ("one of: ", names, NULL);
  g_autofree char *value = NULL;

  parse_well (disp_setting_parse_policy, "random", &value);
  g_assert_cmpstr (value, ==, "random");
  parse_badly (disp_setting_parse_policy, "luckiest", &value, expected);
  parse_badly (disp_setting_parse_policy, "", &value, expected);
  g_assert_cmpstr (value, ==, "random");
}

static void
test_shadow_policy (void)
{
  g_autofree char *names = g_strjoinv (", ", (char **) disp_policy_get_names ());
  g_autofree char *expected = g_strconcat ("one of: none, ", names, NULL);
  g_autofree char *value = NULL;

  parse_well (disp_setting_parse_shadow_policy, "none", &value);
  g_assert_cmpstr (value, ==, "none");
  parse_well (disp_setting_parse_shadow_policy, "fastest", &value);
  parse_badly (disp_setting_parse_shadow_policy, "", &value, expected);
  parse_badly (disp_setting_parse_shadow_policy, "luckiest", &value, expected);
  g_assert_cmpstr (value, ==, "fastest");
}

static void
test_choices (void)
{
  DispSourceKind source = DISP_SOURCE_NONE;
  DispVersionPath path = DISP_VERSION_PATH_EXACT;
  DispQueuePolicy queue_policy = DISP_QUEUE_DEADLINE;
  DispBusKind bus = DISP_BUS_AUTO;
  DispClientCertificate certificate = DISP_CLIENT_CERTIFICATE_NONE;

  parse_well (disp_setting_parse_source, "file", &source);
  g_assert_cmpint (source, ==, DISP_SOURCE_FILE);
  parse_well (disp_setting_parse_source, "containers-manager", &source);
  g_assert_cmpint (source, ==, DISP_SOURCE_CONTAINERS_MANAGER);
  parse_well (disp_setting_parse_source, "none", &source);
  g_assert_cmpint (source, ==, DISP_SOURCE_NONE);
  parse_badly (disp_setting_parse_source, "etcd", &source,
               "one of: none, file, containers-manager");
  parse_badly (disp_setting_parse_source, "", &source, "one of: none, file, containers-manager");
  parse_well (disp_setting_parse_queue_policy, "longest-queue", &queue_policy);
  g_assert_cmpint (queue_policy, ==, DISP_QUEUE_LONGEST);
  parse_well (disp_setting_parse_queue_policy, "deadline", &queue_policy);
  g_assert_cmpint (queue_policy, ==, DISP_QUEUE_DEADLINE);
  parse_badly (disp_setting_parse_queue_policy, "", &queue_policy,
               "one of: deadline, fifo, random, round-robin, longest-queue");
  parse_well (disp_setting_parse_bus, "session", &bus);
  g_assert_cmpint (bus, ==, DISP_BUS_SESSION);
  parse_well (disp_setting_parse_bus, "system", &bus);
  g_assert_cmpint (bus, ==, DISP_BUS_SYSTEM);
  parse_well (disp_setting_parse_bus, "none", &bus);
  g_assert_cmpint (bus, ==, DISP_BUS_NONE);
  parse_well (disp_setting_parse_bus, "auto", &bus);
  g_assert_cmpint (bus, ==, DISP_BUS_AUTO);
  parse_badly (disp_setting_parse_bus, "Session", &bus, "one of: auto, session, system, none");
  parse_well (disp_setting_parse_client_certificate, "required", &certificate);
  g_assert_cmpint (certificate, ==, DISP_CLIENT_CERTIFICATE_REQUIRED);
  parse_well (disp_setting_parse_client_certificate, "optional", &certificate);
  g_assert_cmpint (certificate, ==, DISP_CLIENT_CERTIFICATE_OPTIONAL);
  parse_well (disp_setting_parse_client_certificate, "none", &certificate);
  g_assert_cmpint (certificate, ==, DISP_CLIENT_CERTIFICATE_NONE);
  parse_badly (disp_setting_parse_client_certificate, "yes", &certificate,
               "one of: none, optional, required");
  parse_well (disp_setting_parse_version_path, "latest", &path);
  g_assert_cmpint (path, ==, DISP_VERSION_PATH_LATEST);
  parse_well (disp_setting_parse_version_path, "original", &path);
  g_assert_cmpint (path, ==, DISP_VERSION_PATH_ORIGINAL);
  parse_well (disp_setting_parse_version_path, "exact", &path);
  g_assert_cmpint (path, ==, DISP_VERSION_PATH_EXACT);
  check_alternatives ();
  parse_badly (disp_setting_parse_version_path, "Exact", &path, "one of: exact, latest, original");
}

static void
test_health_path (void)
{
  static const char *const good[]
      = { "", "/", "/healthz", "/v1/models/m", "/up?deep=1", "/%C3%BC" };
  static const char *const bad[] = { "healthz", "http://h/", " /",        "/a b",
                                     "/a#b",    "/%",        "/\xc3\xbc " };
  g_autofree char *value = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      parse_well (disp_setting_parse_health_path, good[i], &value);
      g_assert_cmpstr (value, ==, good[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    parse_badly (disp_setting_parse_health_path, bad[i], &value,
                 "an absolute path of a URL, such as /healthz, or nothing");
}

static void
assert_joined (char **value, const char *expected)
{
  g_autofree char *joined = g_strjoinv ("|", value);

  g_assert_cmpstr (joined, ==, expected);
}

static void
test_list (void)
{
  g_auto (GStrv) value = NULL;

  parse_well (disp_setting_parse_list, " a;;half plus two ;\tb", &value);
  assert_joined (value, "a|half plus two|b");
  parse_well (disp_setting_parse_list, " ; ", &value);
  assert_joined (value, "");
}

#define EXPECTED_ADDRESS                                                                           \
  "ADDRESS:PORT with a numeric address, [ADDRESS]:PORT with one of IPv6, or unix:/ABSOLUTE/PATH"
#define EXPECTED_URL                                                                               \
  "http://HOST[:PORT][/PATH] or https://HOST[:PORT][/PATH], without a user name, query or "        \
  "fragment"

/* Checks that of a list one address is wrong. */
static void
check_bad_address (DispSettingParse parse, char ***value)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (parse ("127.0.0.1:0; somewhere ;", value, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
  g_assert_cmpstr (error->message, ==, "expected " EXPECTED_ADDRESS ", found \"somewhere\"");
}

static void
test_listen (void)
{
  static const char *const empty[] = { "", " ", ";", " ; ;" };
  g_auto (GStrv) value = NULL;

  parse_well (disp_setting_parse_listen, "127.0.0.1:1", &value);
  parse_well (disp_setting_parse_listen, ";127.0.0.1:0; unix:/a b;;\t[::1]:1 ;", &value);
  assert_joined (value, "127.0.0.1:0|unix:/a b|[::1]:1");
  for (guint i = 0; i < G_N_ELEMENTS (empty); i++)
    parse_badly (disp_setting_parse_listen, empty[i], &value,
                 "one or more values separated by \";\"");
  check_bad_address (disp_setting_parse_listen, &value);
  assert_joined (value, "127.0.0.1:0|unix:/a b|[::1]:1");
}

static void
test_listen_or_none (void)
{
  g_auto (GStrv) value = NULL;

  parse_well (disp_setting_parse_listen_or_none, "127.0.0.1:0;[::1]:0", &value);
  check_bad_address (disp_setting_parse_listen_or_none, &value);
  assert_joined (value, "127.0.0.1:0|[::1]:0");
  parse_well (disp_setting_parse_listen_or_none, "", &value);
  assert_joined (value, "");
}

static void
test_directory (void)
{
  g_autofree char *value = NULL;

  parse_well (disp_setting_parse_directory, "/var/lib/x", &value);
  g_assert_cmpstr (value, ==, "/var/lib/x");
  parse_badly (disp_setting_parse_directory, "", &value, "a directory");
  g_assert_cmpstr (value, ==, "/var/lib/x");
}

static void
test_manager (void)
{
  static const char *const bad[]
      = { "manager.example:5001", "ftp://x",       "http://",    "/models",
          "http://x:99999",       "http://user@x", "http://x?a", " " };
  g_autofree char *value = NULL;

  parse_well (disp_setting_parse_manager, "http://127.0.0.1:5001/base/", &value);
  g_assert_cmpstr (value, ==, "http://127.0.0.1:5001/base/");
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    parse_badly (disp_setting_parse_manager, bad[i], &value, EXPECTED_URL);
  g_assert_cmpstr (value, ==, "http://127.0.0.1:5001/base/");
  parse_well (disp_setting_parse_manager, "", &value);
  g_assert_cmpstr (value, ==, "");
}

static void
test_store (void)
{
  static const char *const good[] = { "none",
                                      "sqlite",
                                      "sqlite:/var/lib/r.db",
                                      "sqlite:r.db",
                                      "http://127.0.0.1:5002",
                                      "https://store.example/base" };
  static const char *const bad[] = { "",      "None",          "sqlite:",     "sqlite3",
                                     "store", "/var/lib/r.db", "postgres://x" };
  static const char *const bad_urls[] = { "http:", "http://", "https://x:0", "http://x#y" };
  g_autofree char *value = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      parse_well (disp_setting_parse_store, good[i], &value);
      g_assert_cmpstr (value, ==, good[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    parse_badly (disp_setting_parse_store, bad[i], &value,
                 "sqlite, sqlite:PATH, an http:// or https:// URL, or none");
  for (guint i = 0; i < G_N_ELEMENTS (bad_urls); i++)
    parse_badly (disp_setting_parse_store, bad_urls[i], &value, EXPECTED_URL);
  g_assert_cmpstr (value, ==, "https://store.example/base");
}

static void
test_probabilities (void)
{
  static const struct
  {
    const char *text;
    const char *printed; /* the variant */
  } good[] = {
    { "cpu-0=1", "{'cpu-0': 1.0}" },
    { "cpu-0=0.25;gpu=0.75", "{'cpu-0': 0.25, 'gpu': 0.75}" },
    { " a b = 0.5 ; c=d =0.5;", "{'a b': 0.5, 'c=d': 0.5}" },
    { "a=1e-3;b=0.999", "{'a': 0.001, 'b': 0.999}" },
    { "\303\274=1", "{'\303\274': 1.0}" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) value = disp_setting_parse_probabilities (good[i].text, &error);
      g_autofree char *printed = NULL;

      g_assert_no_error (error);
      printed = g_variant_print (value, FALSE);
      g_assert_cmpstr (printed, ==, good[i].printed);
    }
}

static void
test_bad_probabilities (void)
{
#define FORM "CONTAINER=PROBABILITY, such as gpu-0=0.25"
#define SUM "each container once, with numbers from 0 to 1 that add up to 1"
  static const struct
  {
    const char *text;
    const char *expected;
    const char *found;
  } bad[] = { { "cpu-0", FORM, "cpu-0" },
              { "=1", FORM, "=1" },
              { "a=", FORM, "a=" },
              { "a=x", FORM, "a=x" },
              { "a=0.5x", FORM, "a=0.5x" },
              { "a=1;b", FORM, "b" },
              { "a=0,5", FORM, "a=0,5" },
              { "a=0.5 0.5", FORM, "a=0.5 0.5" },
              { ";", "one or more values separated by \";\"", ";" },
              { "a=0.5;b=0.4", SUM, "a=0.5;b=0.4" },
              { "a=1.5;b=-0.5", SUM, "a=1.5;b=-0.5" },
              { "a=nan", SUM, "a=nan" },
              { "a=0.5;a=0.5", SUM, "a=0.5;a=0.5" } };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *message = g_strdup_printf ("expected %s, found \"%s\"", bad[i].expected,
                                                  bad[i].found);
      g_autoptr (GError) error = NULL;

      g_assert_null (disp_setting_parse_probabilities (bad[i].text, &error));
      g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
      g_assert_cmpstr (error->message, ==, message);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/setting-value/boolean", test_boolean);
  g_test_add_func ("/app/setting-value/choices", test_choices);
  g_test_add_func ("/app/setting-value/policy", test_policy);
  g_test_add_func ("/app/setting-value/shadow-policy", test_shadow_policy);
  g_test_add_func ("/app/setting-value/header", test_header);
  g_test_add_func ("/app/setting-value/list", test_list);
  g_test_add_func ("/app/setting-value/listen", test_listen);
  g_test_add_func ("/app/setting-value/listen-or-none", test_listen_or_none);
  g_test_add_func ("/app/setting-value/directory", test_directory);
  g_test_add_func ("/app/setting-value/manager", test_manager);
  g_test_add_func ("/app/setting-value/store", test_store);
  g_test_add_func ("/app/setting-value/probabilities", test_probabilities);
  g_test_add_func ("/app/setting-value/bad-probabilities", test_bad_probabilities);
  g_test_add_func ("/app/setting-value/health-path", test_health_path);
  return g_test_run ();
}
