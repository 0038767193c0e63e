/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/setting-number.h"

#include "core/capacity.h"
#include "core/sticky.h"

#include <glib/gi18n.h>
#include <string.h>
#include <sys/resource.h>

#define MAX_WORKERS 256
/* More would not fit into any memory. */
#define MAX_COUNT 1000000000
/* With more, what an idle connection costs would be felt. */
#define MAX_AUTO_CONNECTIONS 10000
/* The descriptors that are left for all else: listening, containers, stores, the bus. */
#define SPARE_DESCRIPTORS 200
/* Between one request in a thousand seconds and so many in one, in requests per second. */
#define MIN_RATE 0.001
#define MAX_RATE 1e6
#define MAX_BURST 1000000
/* With more, a request that cannot be answered would keep a whole fleet busy. */
#define MAX_RETRIES 8
/* Nothing waits longer than a day. */
#define MAX_DURATION ((double) G_TIME_SPAN_DAY)
/* Checks that follow each other faster would be a load, in microseconds. */
#define MIN_HEALTH_INTERVAL (100 * 1000)
/* Microseconds and bytes are read as doubles, which are exact up to 2^53 only. */
#define MAX_AGE (5000 * 7 * (double) G_TIME_SPAN_DAY)
#define MAX_SPACE ((double) (G_GINT64_CONSTANT (1) << 50))
/* A body is held in a GByteArray, whose length is a guint. */
#define MAX_SIZE ((double) (G_GINT64_CONSTANT (2) << 30))

typedef struct
{
  const char *suffix;
  double factor;
} Unit;

static const Unit time_units[] = { { "us", 1 },       { "ms", 1e3 },   { "s", 1e6 },
                                   { "min", 60e6 },   { "h", 3600e6 }, { "d", 86400e6 },
                                   { "w", 604800e6 }, { "", 1e6 } };
static const Unit size_units[]
    = { { "K", 1024 }, { "M", 1048576 }, { "G", 1073741824 }, { "T", 1099511627776 }, { "", 1 } };

/* Takes plain decimal numbers only; strtod() knows many more. */
static gboolean
parse_decimal (const char *text, double *number, char **end)
{
  *number = g_ascii_strtod (text, end);
  return g_ascii_isdigit (text[0]) && *end == text + strspn (text, "0123456789.");
}

static gboolean
parse_quantity (const char *text, const Unit *units, gsize n_units, double most, gint64 *value)
{
  double number;
  char *end;

  if (!parse_decimal (text, &number, &end))
    return FALSE;
  while (*end == ' ')
    end++;
  for (gsize i = 0; i < n_units; i++)
    if (g_str_equal (end, units[i].suffix) && number * units[i].factor <= most)
      {
        *value = (gint64) (number * units[i].factor + 0.5);
        return TRUE;
      }
  return FALSE;
}

static gboolean
parse_time (const char *text, double most, gint64 *value)
{
  return parse_quantity (text, time_units, G_N_ELEMENTS (time_units), most, value);
}

static gboolean
parse_bytes (const char *text, double most, gint64 *value)
{
  return parse_quantity (text, size_units, G_N_ELEMENTS (size_units), most, value);
}

gboolean
disp_setting_parse_workers (const char *text, gpointer field, GError **error)
{
  guint *value = field;
  guint64 number;

  if (g_str_equal (text, "auto"))
    *value = MIN (g_get_num_processors (), MAX_WORKERS);
  else if (g_ascii_string_to_unsigned (text, 10, 1, MAX_WORKERS, &number, NULL))
    *value = (guint) number;
  else
    return disp_setting_set_expected (error, _ ("auto or a number from 1 to 256"), text);
  return TRUE;
}

gboolean
disp_setting_parse_count (const char *text, gpointer field, GError **error)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned (text, 10, 1, MAX_COUNT, &number, NULL))
    return disp_setting_set_expected (error, _ ("a number from 1 to 1000000000"), text);
  *(guint *) field = (guint) number;
  return TRUE;
}

gboolean
disp_setting_parse_count_or_none (const char *text, gpointer field, GError **error)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned (text, 10, 0, MAX_COUNT, &number, NULL))
    return disp_setting_set_expected (error, _ ("a number up to 1000000000, or 0 for no limit"),
                                      text);
  *(guint *) field = (guint) number;
  return TRUE;
}

gboolean
disp_setting_parse_count_or_nothing (const char *text, gpointer field, GError **error)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned (text, 10, 0, MAX_COUNT, &number, NULL))
    return disp_setting_set_expected (error, _ ("a number up to 1000000000, or 0 for none"), text);
  *(guint *) field = (guint) number;
  return TRUE;
}

gboolean
disp_setting_parse_retries (const char *text, gpointer field, GError **error)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned (text, 10, 0, MAX_RETRIES, &number, NULL))
    return disp_setting_set_expected (error, _ ("a number from 0 to 8"), text);
  *(guint *) field = (guint) number;
  return TRUE;
}

gboolean
disp_setting_parse_max_in_flight (const char *text, gpointer field, GError **error)
{
  guint64 number = DISP_CAPACITY_AUTO;

  if (!g_str_equal (text, "auto")
      && !g_ascii_string_to_unsigned (text, 10, 1, MAX_COUNT, &number, NULL))
    return disp_setting_set_expected (error, _ ("auto or a number from 1 to 1000000000"), text);
  *(guint *) field = (guint) number;
  return TRUE;
}

/* As many as there may be, with the limit that the daemon gives itself at its start. */
static guint
count_connections (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max == RLIM_INFINITY
      || limit.rlim_max >= MAX_AUTO_CONNECTIONS + SPARE_DESCRIPTORS)
    return MAX_AUTO_CONNECTIONS;
  return limit.rlim_max > 2 * SPARE_DESCRIPTORS ? (guint) limit.rlim_max - SPARE_DESCRIPTORS
                                                : MAX ((guint) limit.rlim_max / 2, 1);
}

gboolean
disp_setting_parse_max_connections (const char *text, gpointer field, GError **error)
{
  guint64 number;

  if (g_str_equal (text, "auto"))
    number = count_connections ();
  else if (!g_ascii_string_to_unsigned (text, 10, 1, MAX_COUNT, &number, NULL))
    return disp_setting_set_expected (error, _ ("auto or a number from 1 to 1000000000"), text);
  *(guint *) field = (guint) number;
  return TRUE;
}

gboolean
disp_setting_parse_request_rate (const char *text, gpointer field, GError **error)
{
  double number;
  char *end;

  if (!parse_decimal (text, &number, &end) || *end != '\0'
      || (number != 0 && (number < MIN_RATE || number > MAX_RATE)))
    return disp_setting_set_expected (
        error,
        _ ("a number of requests per second from 0.001 to 1000000, such as 0.5 or 100, or "
           "0 for no limit"),
        text);
  *(double *) field = number;
  return TRUE;
}

gboolean
disp_setting_parse_load_factor (const char *text, gpointer field, GError **error)
{
  double number;
  char *end;

  if (!parse_decimal (text, &number, &end) || *end != '\0' || number < 1
      || number > DISP_STICKY_MAX_LOAD_FACTOR)
    return disp_setting_set_expected (error, _ ("a number from 1 to 100, such as 1.25"), text);
  *(double *) field = number;
  return TRUE;
}

/* 0 stands for auto. */
gboolean
disp_setting_parse_request_burst (const char *text, gpointer field, GError **error)
{
  guint64 number = 0;

  if (!g_str_equal (text, "auto")
      && !g_ascii_string_to_unsigned (text, 10, 1, MAX_BURST, &number, NULL))
    return disp_setting_set_expected (error, _ ("auto or a number from 1 to 1000000"), text);
  *(guint *) field = (guint) number;
  return TRUE;
}

gboolean
disp_setting_parse_min_rate (const char *text, gpointer field, GError **error)
{
  return parse_bytes (text, MAX_SIZE, field)
         || disp_setting_set_expected (
             error, _ ("a number of bytes per second up to 2G, such as 1000 or 64K, or 0 for any"),
             text);
}

gboolean
disp_setting_parse_duration (const char *text, gpointer field, GError **error)
{
  gint64 value;

  if (!parse_time (text, MAX_DURATION, &value) || value == 0)
    return disp_setting_set_expected (
        error, _ ("a time above 0 and up to 24h, such as 500ms, 5s or 2min"), text);
  *(gint64 *) field = value;
  return TRUE;
}

/* 0 stands for auto. */
gboolean
disp_setting_parse_attempt_timeout (const char *text, gpointer field, GError **error)
{
  gint64 value = 0;

  if (!g_str_equal (text, "auto") && (!parse_time (text, MAX_DURATION, &value) || value == 0))
    return disp_setting_set_expected (
        error, _ ("auto or a time above 0 and up to 24h, such as 500ms, 5s or 2min"), text);
  *(gint64 *) field = value;
  return TRUE;
}

gboolean
disp_setting_parse_queue_timeout (const char *text, gpointer field, GError **error)
{
  return parse_time (text, MAX_DURATION, field)
         || disp_setting_set_expected (
             error, _ ("a time up to 24h, such as 500ms, 5s or 2min, or 0 for no limit"), text);
}

gboolean
disp_setting_parse_health_interval (const char *text, gpointer field, GError **error)
{
  gint64 value;

  if (!parse_time (text, MAX_DURATION, &value) || (value != 0 && value < MIN_HEALTH_INTERVAL))
    return disp_setting_set_expected (
        error, _ ("a time from 100ms up to 24h, such as 500ms, 5s or 2min, or 0 for never"), text);
  *(gint64 *) field = value;
  return TRUE;
}

gboolean
disp_setting_parse_retention_age (const char *text, gpointer field, GError **error)
{
  return parse_time (text, MAX_AGE, field)
         || disp_setting_set_expected (
             error, _ ("a time up to 5000w, such as 12h, 30d or 8w, or 0 for ever"), text);
}

gboolean
disp_setting_parse_size (const char *text, gpointer field, GError **error)
{
  gint64 value;

  if (!parse_bytes (text, MAX_SIZE, &value) || value == 0)
    return disp_setting_set_expected (
        error, _ ("a number of bytes above 0 and up to 2G, such as 65536, 64K or 64M"), text);
  *(gint64 *) field = value;
  return TRUE;
}

gboolean
disp_setting_parse_space (const char *text, gpointer field, GError **error)
{
  gint64 value;

  if (!parse_bytes (text, MAX_SPACE, &value) || value == 0)
    return disp_setting_set_expected (
        error, _ ("a number of bytes above 0 and up to 1024T, such as 256M or 1G"), text);
  *(gint64 *) field = value;
  return TRUE;
}

gboolean
disp_setting_parse_retention_size (const char *text, gpointer field, GError **error)
{
  return parse_bytes (text, MAX_SPACE, field)
         || disp_setting_set_expected (
             error, _ ("a number of bytes up to 1024T, such as 512M or 20G, or 0 for no limit"),
             text);
}

gboolean
disp_setting_parse_payload_limit (const char *text, gpointer field, GError **error)
{
  gint64 value;

  if (g_str_equal (text, "-1"))
    value = -1;
  else if (!parse_bytes (text, MAX_SIZE, &value))
    return disp_setting_set_expected (
        error, _ ("a number of bytes such as 65536 or 64K, 0 for none, or -1 for all"), text);
  *(gint64 *) field = value;
  return TRUE;
}
