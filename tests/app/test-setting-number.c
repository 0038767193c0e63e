/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/setting-number.h"

#include "core/capacity.h"
#include "core/error.h"

#include <sys/resource.h>

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
    { "1d", 24 * 3600 * G_TIME_SPAN_SECOND },
    { "0.5d", 12 * 3600 * G_TIME_SPAN_SECOND },
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
    { "1.1d", WRONG },
    { "1w", WRONG },
    { "5D", WRONG },
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

static void
test_retention_age (void)
{
  static const NumberCase cases[] = {
    { "0", 0 },
    { "0d", 0 },
    { "1us", 1 },
    { "90", 90 * G_TIME_SPAN_SECOND },
    { "36h", 36 * G_TIME_SPAN_HOUR },
    { "30d", 30 * G_TIME_SPAN_DAY },
    { "1.5 d", 36 * G_TIME_SPAN_HOUR },
    { "8w", 56 * G_TIME_SPAN_DAY },
    { "5000w", 35000 * G_TIME_SPAN_DAY },
    { "5000.1w", WRONG },
    { "-1d", WRONG },
    { "1m", WRONG },
    { "1y", WRONG },
    { "ever", WRONG },
    { "", WRONG },
  };

  check_numbers (disp_setting_parse_retention_age, cases, G_N_ELEMENTS (cases),
                 "a time up to 5000w, such as 12h, 30d or 8w, or 0 for ever");
}

static void
test_space (void)
{
  static const NumberCase cases[] = {
    { "1", 1 },
    { "256M", 256 * 1024 * 1024 },
    { "3G", G_GINT64_CONSTANT (3) << 30 },
    { "0.5T", G_GINT64_CONSTANT (1) << 39 },
    { "1024T", G_GINT64_CONSTANT (1) << 50 },
    { "1125899906842625", WRONG },
    { "1P", WRONG },
    { "0", WRONG },
    { "-1", WRONG },
    { "", WRONG },
    { "all", WRONG },
  };

  check_numbers (disp_setting_parse_space, cases, G_N_ELEMENTS (cases),
                 "a number of bytes above 0 and up to 1024T, such as 256M or 1G");
}

static void
test_retention_size (void)
{
  static const NumberCase cases[] = {
    { "0", 0 },      { "0G", 0 },      { "20G", G_GINT64_CONSTANT (20) << 30 },
    { "-1", WRONG }, { "1e3", WRONG }, { "2000T", WRONG },
    { "", WRONG },   { "no", WRONG },
  };

  check_numbers (disp_setting_parse_retention_size, cases, G_N_ELEMENTS (cases),
                 "a number of bytes up to 1024T, such as 512M or 20G, or 0 for no limit");
}

/* Checks a parser of whole numbers. */
static void
check_counts (DispSettingParse parse, const char *const *bad, guint n_bad, const char *expected)
{
  guint value = 7;

  for (guint i = 0; i < n_bad; i++)
    {
      g_autofree char *message = g_strdup_printf ("expected %s, found \"%s\"", expected, bad[i]);
      g_autoptr (GError) error = NULL;

      g_assert_false (parse (bad[i], &value, &error));
      g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
      g_assert_cmpstr (error->message, ==, message);
    }
  g_assert_cmpuint (value, ==, 7);
}

static void
test_workers (void)
{
  static const char *const bad[] = { "",   "0",   "257", "-1",  "+1",   " 1",
                                     "1 ", "1.0", "0x1", "all", "AUTO", "4294967297" };
  guint value = 0;

  check_counts (disp_setting_parse_workers, bad, G_N_ELEMENTS (bad),
                "auto or a number from 1 to 256");
  g_assert_true (disp_setting_parse_workers ("1", &value, NULL));
  g_assert_cmpuint (value, ==, 1);
  g_assert_true (disp_setting_parse_workers ("256", &value, NULL));
  g_assert_cmpuint (value, ==, 256);
  g_assert_true (disp_setting_parse_workers ("auto", &value, NULL));
  g_assert_cmpuint (value, ==, MIN (g_get_num_processors (), 256));
}

static void
test_count (void)
{
  static const char *const bad[] = { "", "0", "-1", "1K", "1.0", "1000000001", "4294967297" };
  guint value = 0;

  check_counts (disp_setting_parse_count, bad, G_N_ELEMENTS (bad), "a number from 1 to 1000000000");
  g_assert_true (disp_setting_parse_count ("1", &value, NULL));
  g_assert_cmpuint (value, ==, 1);
  g_assert_true (disp_setting_parse_count ("1000000000", &value, NULL));
  g_assert_cmpuint (value, ==, 1000000000);
}

static void
test_count_or_none (void)
{
  static const char *const bad[] = { "", "-1", "1K", "0.5", "none", "1000000001" };
  guint value = 7;

  check_counts (disp_setting_parse_count_or_none, bad, G_N_ELEMENTS (bad),
                "a number up to 1000000000, or 0 for no limit");
  g_assert_true (disp_setting_parse_count_or_none ("0", &value, NULL));
  g_assert_cmpuint (value, ==, 0);
  g_assert_true (disp_setting_parse_count_or_none ("1000000000", &value, NULL));
  g_assert_cmpuint (value, ==, 1000000000);
}

static void
test_count_or_nothing (void)
{
  static const char *const bad[] = { "", "-1", "1K", "0.5", "none", "1000000001" };
  guint value = 7;

  check_counts (disp_setting_parse_count_or_nothing, bad, G_N_ELEMENTS (bad),
                "a number up to 1000000000, or 0 for none");
  g_assert_true (disp_setting_parse_count_or_nothing ("0", &value, NULL));
  g_assert_cmpuint (value, ==, 0);
  g_assert_true (disp_setting_parse_count_or_nothing ("1000000000", &value, NULL));
  g_assert_cmpuint (value, ==, 1000000000);
}

static void
test_retries (void)
{
  static const char *const bad[] = { "", "-1", "9", "1.0", "auto" };
  guint value = 7;

  check_counts (disp_setting_parse_retries, bad, G_N_ELEMENTS (bad), "a number from 0 to 8");
  g_assert_true (disp_setting_parse_retries ("0", &value, NULL));
  g_assert_cmpuint (value, ==, 0);
  g_assert_true (disp_setting_parse_retries ("8", &value, NULL));
  g_assert_cmpuint (value, ==, 8);
}

static void
test_max_in_flight (void)
{
  static const char *const bad[] = { "", "0", "-1", "1K", "AUTO", "1000000001" };
  guint value = 7;

  check_counts (disp_setting_parse_max_in_flight, bad, G_N_ELEMENTS (bad),
                "auto or a number from 1 to 1000000000");
  g_assert_true (disp_setting_parse_max_in_flight ("1", &value, NULL));
  g_assert_cmpuint (value, ==, 1);
  g_assert_true (disp_setting_parse_max_in_flight ("auto", &value, NULL));
  g_assert_cmpuint (value, ==, DISP_CAPACITY_AUTO);
}

static void
test_attempt_timeout (void)
{
  static const NumberCase cases[] = {
    { "auto", 0 },     { "1us", 1 },      { "500ms", 500 * 1000 }, { "24h", G_TIME_SPAN_DAY },
    { "AUTO", WRONG }, { "0", WRONG },    { "25h", WRONG },        { "-1s", WRONG },
    { "", WRONG },     { "half", WRONG },
  };

  check_numbers (disp_setting_parse_attempt_timeout, cases, G_N_ELEMENTS (cases),
                 "auto or a time above 0 and up to 24h, such as 500ms, 5s or 2min");
}

static void
test_health_interval (void)
{
  static const NumberCase cases[] = {
    { "0", 0 },       { "0ms", 0 },      { "100ms", 100 * 1000 },    { "5s", 5 * G_USEC_PER_SEC },
    { "1us", WRONG }, { "99ms", WRONG }, { "24h", G_TIME_SPAN_DAY }, { "25h", WRONG },
    { "-1s", WRONG }, { "", WRONG },     { "never", WRONG },
  };

  check_numbers (disp_setting_parse_health_interval, cases, G_N_ELEMENTS (cases),
                 "a time from 100ms up to 24h, such as 500ms, 5s or 2min, or 0 for never");
}

static void
test_queue_timeout (void)
{
  static const NumberCase cases[] = {
    { "0", 0 },       { "0s", 0 },       { "1us", 1 },     { "24h", G_TIME_SPAN_DAY },
    { "25h", WRONG }, { "auto", WRONG }, { "-1s", WRONG }, { "", WRONG },
  };

  check_numbers (disp_setting_parse_queue_timeout, cases, G_N_ELEMENTS (cases),
                 "a time up to 24h, such as 500ms, 5s or 2min, or 0 for no limit");
}

static guint
auto_connections (rlim_t descriptors)
{
  const struct rlimit limit = { .rlim_cur = descriptors / 2, .rlim_max = descriptors };
  guint value = 0;

  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  g_assert_true (disp_setting_parse_max_connections ("auto", &value, NULL));
  return value;
}

/* In a process of its own, since a limit that was lowered stays. */
static void
test_max_connections_auto (void)
{
  struct rlimit limit;

  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
      g_test_trap_assert_passed ();
      return;
    }
  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  if (limit.rlim_max >= 10200)
    g_assert_cmpuint (auto_connections (10200), ==, 10000);
  g_assert_cmpuint (auto_connections (1024), ==, 824);
  g_assert_cmpuint (auto_connections (402), ==, 202);
  g_assert_cmpuint (auto_connections (400), ==, 200);
  g_assert_cmpuint (auto_connections (100), ==, 50);
}

static void
test_max_connections (void)
{
  static const char *const bad[] = { "", "0", "-1", "1K", "AUTO", "1000000001" };
  guint value = 7;

  check_counts (disp_setting_parse_max_connections, bad, G_N_ELEMENTS (bad),
                "auto or a number from 1 to 1000000000");
  g_assert_true (disp_setting_parse_max_connections ("1", &value, NULL));
  g_assert_cmpuint (value, ==, 1);
}

static void
test_request_burst (void)
{
  static const char *const bad[] = { "", "0", "-1", "1.5", "AUTO", "1000001" };
  guint value = 7;

  check_counts (disp_setting_parse_request_burst, bad, G_N_ELEMENTS (bad),
                "auto or a number from 1 to 1000000");
  g_assert_true (disp_setting_parse_request_burst ("1000000", &value, NULL));
  g_assert_cmpuint (value, ==, 1000000);
  g_assert_true (disp_setting_parse_request_burst ("auto", &value, NULL));
  g_assert_cmpuint (value, ==, 0);
}

static void
test_load_factor (void)
{
  static const char *const good[] = { "1", "1.0", "1.25", "100" };
  static const char *const bad[] = { "", "0", "0.99", "100.1", "1e1", "-2", "1,5", "nan" };
  double value = 0;

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_assert_true (disp_setting_parse_load_factor (good[i], &value, NULL));
      g_assert_cmpfloat (value, ==, g_ascii_strtod (good[i], NULL));
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (disp_setting_parse_load_factor (bad[i], &value, &error));
      g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
      g_assert_true (g_str_has_prefix (error->message, "expected a number from 1 to 100, "));
      g_assert_cmpfloat (value, ==, 100);
    }
}

static void
test_request_rate (void)
{
  static const struct
  {
    const char *text;
    double value;
  } good[] = { { "0", 0 }, { "0.0", 0 },     { "0.001", 0.001 },     { "0.5", 0.5 },
               { "1", 1 }, { "7.25", 7.25 }, { "1000000", 1000000 }, { "100.", 100 } };
  static const char *const bad[] = { "",    "-1",  "0.0009", "1000001", "1e3", "1K", "0x1",
                                     "1/s", "nan", "inf",    ".5",      "0,5", "1 ", "none" };
  double value = -1;

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_assert_true (disp_setting_parse_request_rate (good[i].text, &value, NULL));
      g_assert_cmpfloat (value, ==, good[i].value);
    }
  value = -1;
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *message = g_strdup_printf (
          "expected a number of requests per second from 0.001 to 1000000, such as 0.5 or 100, or "
          "0 for no limit, found \"%s\"",
          bad[i]);
      g_autoptr (GError) error = NULL;

      g_assert_false (disp_setting_parse_request_rate (bad[i], &value, &error));
      g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
      g_assert_cmpstr (error->message, ==, message);
      g_assert_cmpfloat (value, ==, -1);
    }
}

static void
test_min_rate (void)
{
  static const NumberCase cases[] = {
    { "0", 0 },       { "1000", 1000 }, { "64K", 65536 }, { "2G", G_GINT64_CONSTANT (2147483648) },
    { "3G", WRONG },  { "-1", WRONG },  { "", WRONG },    { "1e3", WRONG },
    { "any", WRONG },
  };

  check_numbers (disp_setting_parse_min_rate, cases, G_N_ELEMENTS (cases),
                 "a number of bytes per second up to 2G, such as 1000 or 64K, or 0 for any");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/setting-number/duration", test_duration);
  g_test_add_func ("/app/setting-number/retention-age", test_retention_age);
  g_test_add_func ("/app/setting-number/size", test_size);
  g_test_add_func ("/app/setting-number/space", test_space);
  g_test_add_func ("/app/setting-number/retention-size", test_retention_size);
  g_test_add_func ("/app/setting-number/payload-limit", test_payload_limit);
  g_test_add_func ("/app/setting-number/workers", test_workers);
  g_test_add_func ("/app/setting-number/count", test_count);
  g_test_add_func ("/app/setting-number/count-or-none", test_count_or_none);
  g_test_add_func ("/app/setting-number/count-or-nothing", test_count_or_nothing);
  g_test_add_func ("/app/setting-number/retries", test_retries);
  g_test_add_func ("/app/setting-number/max-in-flight", test_max_in_flight);
  g_test_add_func ("/app/setting-number/attempt-timeout", test_attempt_timeout);
  g_test_add_func ("/app/setting-number/health-interval", test_health_interval);
  g_test_add_func ("/app/setting-number/queue-timeout", test_queue_timeout);
  g_test_add_func ("/app/setting-number/max-connections", test_max_connections);
  g_test_add_func ("/app/setting-number/max-connections-auto", test_max_connections_auto);
  g_test_add_func ("/app/setting-number/request-burst", test_request_burst);
  g_test_add_func ("/app/setting-number/load-factor", test_load_factor);
  g_test_add_func ("/app/setting-number/request-rate", test_request_rate);
  g_test_add_func ("/app/setting-number/min-rate", test_min_rate);
  return g_test_run ();
}
