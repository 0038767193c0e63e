/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/setting-value.h"

#include "app/config.h"
#include "core/error.h"

#include <string.h>

/* A text and the number that it means; -2: none. */
typedef struct
{
  const char *text;
  gint64 value;
} NumberCase;

#define WRONG (-2)

static void
check_numbers (DispSettingParse parse, const NumberCase *cases, guint n, const char *expected)
{
  for (guint i = 0; i < n; i++)
    {
      gint64 value = 12345;
      g_autoptr (GError) error = NULL;
      gboolean valid = parse (cases[i].text, &value, &error);

      if (cases[i].value != WRONG)
        {
          g_assert_no_error (error);
          g_assert_true (valid);
          g_assert_cmpint (value, ==, cases[i].value);
        }
      else
        {
          g_autofree char *message = g_strdup_printf ("expected %s, found \"%s\"", expected,
                                                      cases[i].text);

          g_assert_false (valid);
          g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
          g_assert_cmpstr (error->message, ==, message);
          g_assert_cmpint (value, ==, 12345);
        }
    }
}

static void
test_duration (void)
{
  static const NumberCase cases[] = {
    { "1us", 1 },
    { "500ms", 500 * 1000 },
    { "5s", 5 * G_USEC_PER_SEC },
    { "5", 5 * G_USEC_PER_SEC },
    { "5 s", 5 * G_USEC_PER_SEC },
    { "2min", 120 * G_USEC_PER_SEC },
    { "24h", 24 * 3600 * G_TIME_SPAN_SECOND },
    { "1440min", 24 * 3600 * G_TIME_SPAN_SECOND },
    { "86400000ms", 24 * 3600 * G_TIME_SPAN_SECOND },
    { "0.5s", 500 * 1000 },
    { "1.", G_USEC_PER_SEC },
    { "007s", 7 * G_USEC_PER_SEC },
    { "0.6us", 1 },
    { "0.4us", WRONG },
    { "0", WRONG },
    { "0s", WRONG },
    { "0.0h", WRONG },
    { "", WRONG },
    { " ", WRONG },
    { "s", WRONG },
    { " 5s", WRONG },
    { "5s ", WRONG },
    { "-5s", WRONG },
    { "+5s", WRONG },
    { ".5s", WRONG },
    { "5S", WRONG },
    { "5m", WRONG },
    { "5sec", WRONG },
    { "5 s s", WRONG },
    { "5,5s", WRONG },
    { "5.5.5s", WRONG },
    { "1e3s", WRONG },
    { "1e3", WRONG },
    { "0x10", WRONG },
    { "0x1p3s", WRONG },
    { "nan", WRONG },
    { "inf", WRONG },
    { "infinity", WRONG },
    { "soon", WRONG },
    { "24.1h", WRONG },
    { "86400000001us", WRONG },
    { "99999999999999999999999999999999999999s", WRONG },
    { "1\n", WRONG },
    { "5K", WRONG },
  };

  check_numbers (disp_setting_parse_duration, cases, G_N_ELEMENTS (cases),
                 "a time above 0 and up to 24h, such as 500ms, 5s or 2min");
}

static void
test_size (void)
{
  static const NumberCase cases[] = {
    { "1", 1 },
    { "65536", 65536 },
    { "64K", 65536 },
    { "64 K", 65536 },
    { "1.5K", 1536 },
    { "64M", 64 * 1024 * 1024 },
    { "2G", G_GINT64_CONSTANT (2147483648) },
    { "2048M", G_GINT64_CONSTANT (2147483648) },
    { "2147483648", G_GINT64_CONSTANT (2147483648) },
    { "2147483649", WRONG },
    { "2.1G", WRONG },
    { "18446744073709551617", WRONG },
    { "0", WRONG },
    { "0K", WRONG },
    { "-1", WRONG },
    { "", WRONG },
    { "K", WRONG },
    { "64k", WRONG },
    { "64KB", WRONG },
    { "64KiB", WRONG },
    { "1T", WRONG },
    { "1e3", WRONG },
    { "0x10", WRONG },
    { "nan", WRONG },
    { "inf", WRONG },
    { "all", WRONG },
  };

  check_numbers (disp_setting_parse_size, cases, G_N_ELEMENTS (cases),
                 "a number of bytes above 0 and up to 2G, such as 65536, 64K or 64M");
}

static void
test_payload_limit (void)
{
  static const NumberCase cases[] = {
    { "-1", -1 },     { "0", 0 },        { "64K", 65536 }, { "2G", G_GINT64_CONSTANT (2147483648) },
    { "-2", WRONG },  { "-0", WRONG },   { "-1K", WRONG }, { "", WRONG },
    { "all", WRONG }, { "none", WRONG }, { "3G", WRONG },  { "1e3", WRONG },
    { "- 1", WRONG }, { "nan", WRONG },
  };

  check_numbers (disp_setting_parse_payload_limit, cases, G_N_ELEMENTS (cases),
                 "a number of bytes such as 65536 or 64K, 0 for none, or -1 for all");
}

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
test_workers (void)
{
  static const char *const bad[] = { "",   "0",   "257", "-1",  "+1",   " 1",
                                     "1 ", "1.0", "0x1", "all", "AUTO", "4294967297" };
  guint value = 0;

  parse_well (disp_setting_parse_workers, "1", &value);
  g_assert_cmpuint (value, ==, 1);
  parse_well (disp_setting_parse_workers, "256", &value);
  g_assert_cmpuint (value, ==, 256);
  parse_well (disp_setting_parse_workers, "auto", &value);
  g_assert_cmpuint (value, ==, MIN (g_get_num_processors (), 256));
  value = 7;
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    parse_badly (disp_setting_parse_workers, bad[i], &value, "auto or a number from 1 to 256");
  g_assert_cmpuint (value, ==, 7);
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
test_choices (void)
{
  DispSourceKind source = DISP_SOURCE_NONE;
  DispVersionPath path = DISP_VERSION_PATH_EXACT;

  parse_well (disp_setting_parse_source, "file", &source);
  g_assert_cmpint (source, ==, DISP_SOURCE_FILE);
  parse_well (disp_setting_parse_source, "containers-manager", &source);
  g_assert_cmpint (source, ==, DISP_SOURCE_CONTAINERS_MANAGER);
  parse_well (disp_setting_parse_source, "none", &source);
  g_assert_cmpint (source, ==, DISP_SOURCE_NONE);
  parse_badly (disp_setting_parse_source, "etcd", &source,
               "one of: none, file, containers-manager");
  parse_badly (disp_setting_parse_source, "", &source, "one of: none, file, containers-manager");
  parse_well (disp_setting_parse_version_path, "latest", &path);
  g_assert_cmpint (path, ==, DISP_VERSION_PATH_LATEST);
  parse_well (disp_setting_parse_version_path, "original", &path);
  g_assert_cmpint (path, ==, DISP_VERSION_PATH_ORIGINAL);
  parse_well (disp_setting_parse_version_path, "exact", &path);
  g_assert_cmpint (path, ==, DISP_VERSION_PATH_EXACT);
  parse_badly (disp_setting_parse_version_path, "Exact", &path, "one of: exact, latest, original");
}

static void
test_list (void)
{
  static const char *const bad[] = { "", " ", ";", " ; ;" };
  static const char *const three[] = { "a", "b c", "d", NULL };
  g_auto (GStrv) value = NULL;

  parse_well (disp_setting_parse_list, "x", &value);
  parse_well (disp_setting_parse_list, ";a ; b c;;\td;", &value);
  g_assert_cmpstrv (value, three);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    parse_badly (disp_setting_parse_list, bad[i], &value, "one or more values separated by \";\"");
  g_assert_cmpstrv (value, three);
}

static void
assert_joined (char **value, const char *expected)
{
  g_autofree char *joined = g_strjoinv ("|", value);

  g_assert_cmpstr (joined, ==, expected);
}

static void
test_listen (void)
{
  g_auto (GStrv) value = NULL;
  g_autoptr (GError) error = NULL;

  parse_well (disp_setting_parse_listen, "127.0.0.1:0; unix:/a b", &value);
  assert_joined (value, "127.0.0.1:0|unix:/a b");
  parse_badly (disp_setting_parse_listen, "", &value, "one or more values separated by \";\"");
  g_assert_false (disp_setting_parse_listen ("127.0.0.1:0;somewhere", &value, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
  g_assert_true (g_str_has_prefix (error->message, "\"somewhere\" is no address to listen on, "));
  assert_joined (value, "127.0.0.1:0|unix:/a b");
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
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (disp_setting_parse_manager (bad[i], &value, &error));
      g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
      g_assert_nonnull (strstr (error->message, bad[i]));
      g_assert_nonnull (strstr (error->message, "expected http://HOST[:PORT]"));
    }
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
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (disp_setting_parse_store (bad_urls[i], &value, &error));
      g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
      g_assert_nonnull (strstr (error->message, bad_urls[i]));
    }
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
    { "a=1e-3;b=-1", "{'a': 0.001, 'b': -1.0}" },
    { "\303\274=1", "{'\303\274': 1.0}" },
  };
  static const struct
  {
    const char *text;
    const char *found;
  } bad[] = { { "cpu-0", "cpu-0" },   { "=1", "=1" },
              { "a=", "a=" },         { "a=x", "a=x" },
              { "a=0.5x", "a=0.5x" }, { "a=1;b", "b" },
              { "a=0,5", "a=0,5" },   { "a=0.5 0.5", "a=0.5 0.5" } };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (GVariant) value = disp_setting_parse_probabilities (good[i].text, &error);
      g_autofree char *printed = NULL;

      g_assert_no_error (error);
      g_variant_ref_sink (value);
      printed = g_variant_print (value, FALSE);
      g_assert_cmpstr (printed, ==, good[i].printed);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *message = g_strdup_printf (
          "expected CONTAINER=PROBABILITY, such as gpu-0=0.25, found \"%s\"", bad[i].found);

      g_assert_null (disp_setting_parse_probabilities (bad[i].text, &error));
      g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
      g_assert_cmpstr (error->message, ==, message);
      g_clear_error (&error);
    }
  g_assert_null (disp_setting_parse_probabilities (";", &error));
  g_assert_cmpstr (error->message, ==,
                   "expected one or more values separated by \";\", found \";\"");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/setting-value/duration", test_duration);
  g_test_add_func ("/app/setting-value/size", test_size);
  g_test_add_func ("/app/setting-value/payload-limit", test_payload_limit);
  g_test_add_func ("/app/setting-value/workers", test_workers);
  g_test_add_func ("/app/setting-value/boolean", test_boolean);
  g_test_add_func ("/app/setting-value/choices", test_choices);
  g_test_add_func ("/app/setting-value/list", test_list);
  g_test_add_func ("/app/setting-value/listen", test_listen);
  g_test_add_func ("/app/setting-value/directory", test_directory);
  g_test_add_func ("/app/setting-value/manager", test_manager);
  g_test_add_func ("/app/setting-value/store", test_store);
  g_test_add_func ("/app/setting-value/probabilities", test_probabilities);
  return g_test_run ();
}
