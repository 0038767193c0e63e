/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/format.h"

#include <glib/gi18n.h>

#define MILLISECOND 1000
#define MINUTE 60
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* What sums of probabilities may be off by, in percent. */
#define ROUNDING 1e-6

/**
 * disp_format_count:
 * @count: how many
 *
 * Returns: (transfer full): its digits
 */
char *
disp_format_count (guint64 count)
{
  return g_strdup_printf ("%" G_GUINT64_FORMAT, count);
}

/**
 * disp_format_number:
 * @number: a quota or a probability
 *
 * Returns: (transfer full): as few digits as say it, with a point whatever the locale
 */
char *
disp_format_number (double number)
{
  char digits[G_ASCII_DTOSTR_BUF_SIZE];

  return g_strdup (g_ascii_formatd (digits, sizeof digits, "%.10g", number));
}

/* @number with about three digits. */
static char *
three_digits (double number)
{
  char digits[G_ASCII_DTOSTR_BUF_SIZE];
  const char *format = number < 9.995 ? "%.2f" : number < 99.95 ? "%.1f" : "%.0f";

  return g_strdup (g_ascii_formatd (digits, sizeof digits, format, number));
}

/**
 * disp_format_latency:
 * @microseconds: a duration; 0 = it is not known
 *
 * Returns: (transfer full): it with about three digits and a unit
 */
char *
disp_format_latency (guint64 microseconds)
{
  g_autofree char *digits = NULL;

  if (microseconds == 0)
    return g_strdup (DISP_NO_NUMBER);
  if (microseconds < MILLISECOND)
    return g_strdup_printf (_ ("%u µs"), (guint) microseconds);
  if (microseconds < G_USEC_PER_SEC)
    {
      digits = three_digits ((double) microseconds / MILLISECOND);
      return g_strdup_printf (_ ("%s ms"), digits);
    }
  digits = three_digits ((double) microseconds / G_USEC_PER_SEC);
  return g_strdup_printf (_ ("%s s"), digits);
}

/**
 * disp_format_write_latency:
 * @writer: a document
 * @key: the member
 * @microseconds: a latency; 0 = not known
 *
 * Writes it for programs: seconds, or null.
 */
void
disp_format_write_latency (DispJsonWriter *writer, const char *key, guint64 microseconds)
{
  if (microseconds > 0)
    disp_json_writer_seconds (writer, key, (gint64) microseconds);
  else
    disp_json_writer_null (writer, key);
}

/**
 * disp_format_span:
 * @microseconds: a longer duration
 *
 * Returns: (transfer full): it in its two largest units
 */
char *
disp_format_span (guint64 microseconds)
{
  guint64 seconds = microseconds / G_USEC_PER_SEC;

  if (seconds < MINUTE)
    return g_strdup_printf (_ ("%u s"), (guint) seconds);
  if (seconds < HOUR)
    return g_strdup_printf (_ ("%u min %u s"), (guint) (seconds / MINUTE),
                            (guint) (seconds % MINUTE));
  if (seconds < DAY)
    return g_strdup_printf (_ ("%u h %u min"), (guint) (seconds / HOUR),
                            (guint) (seconds % HOUR / MINUTE));
  return g_strdup_printf (_ ("%u d %u h"), (guint) (seconds / DAY), (guint) (seconds % DAY / HOUR));
}

/**
 * disp_format_rate:
 * @per_second: how many in a second; negative = it is not known
 *
 * Returns: (transfer full): it with about three digits
 */
char *
disp_format_rate (double per_second)
{
  g_autofree char *digits = NULL;

  if (per_second < 0)
    return g_strdup (DISP_NO_NUMBER);
  digits = three_digits (per_second);
  return g_strdup_printf (_ ("%s/s"), digits);
}

/**
 * disp_format_percent:
 * @fraction: from 0 to 1
 *
 * Returns: (transfer full): it in percent; what is not quite 0 or 1 is not shown as if it was
 */
char *
disp_format_percent (double fraction)
{
  double percent = fraction * 100;
  g_autofree char *digits = NULL;

  if (percent > ROUNDING && percent < 0.1)
    return g_strdup (_ ("< 0.1 %"));
  if (percent > 99.9 && percent < 100 - ROUNDING)
    return g_strdup (_ ("> 99.9 %"));
  percent = (double) (gint64) (percent * 10 + 0.5) / 10;
  digits = disp_format_number (percent);
  return g_strdup_printf (_ ("%s %%"), digits);
}

/**
 * disp_format_time:
 * @microseconds: a time, since the epoch
 *
 * Returns: (transfer full): it in the zone of the user, with milliseconds
 */
char *
disp_format_time (gint64 microseconds)
{
  g_autoptr (GDateTime) seconds = g_date_time_new_from_unix_local (microseconds / G_USEC_PER_SEC);
  g_autofree char *text = NULL;

  if (seconds == NULL)
    return g_strdup (DISP_NO_NUMBER);
  text = g_date_time_format (seconds, "%Y-%m-%d %H:%M:%S");
  return g_strdup_printf ("%s.%03u", text, (guint) (microseconds % G_USEC_PER_SEC / MILLISECOND));
}
