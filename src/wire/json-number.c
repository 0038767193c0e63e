/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/json-number.h"

/* How many decimals of a second are kept. */
#define DECIMALS 6
/* An exponent beyond this is taken for it: no text is long enough to make up for it. */
#define MAX_EXPONENT (G_GINT64_CONSTANT (1) << 40)

/* Appends a digit to @number; FALSE if that is more than @max. */
static gboolean
append_digit (gint64 *number, int digit, gint64 max)
{
  if (*number > (max - digit) / 10)
    return FALSE;
  *number = *number * 10 + digit;
  return TRUE;
}

/**
 * disp_json_read_count:
 * @number: a JSON value that a scanner accepted
 * @length: its length in bytes
 * @max: the greatest number to accept, at least 9
 * @count: (out): the number; set only on success
 *
 * Returns: whether it is an integer from 0 to @max that is written as one
 */
gboolean
disp_json_read_count (const char *number, gsize length, gint64 max, gint64 *count)
{
  gint64 found = 0;

  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isdigit (number[i]) || !append_digit (&found, number[i] - '0', max))
      return FALSE;
  *count = found;
  return TRUE;
}

/* The exponent that begins at @at (RFC 8259 section 6); 0 at @end. */
static gint64
read_exponent (const char *at, const char *end)
{
  gboolean negative = FALSE;
  gint64 exponent = 0;

  if (at < end)
    at++;
  if (at < end && (*at == '+' || *at == '-'))
    negative = *at++ == '-';
  for (; at < end; at++)
    if (!append_digit (&exponent, *at - '0', MAX_EXPONENT))
      exponent = MAX_EXPONENT;
  return negative ? -exponent : exponent;
}

/**
 * disp_json_read_seconds:
 * @number: a JSON value that a scanner accepted
 * @length: its length in bytes
 * @microseconds: (out): the same in microseconds, rounded half up; set only on success
 *
 * Calculates in decimal: a double has no room for the microseconds of all times.
 *
 * Returns: whether it is a number from 0 up, and so small that a #gint64 holds the microseconds
 */
gboolean
disp_json_read_seconds (const char *number, gsize length, gint64 *microseconds)
{
  const char *end = number + length;
  const char *exponent = number;
  gint64 found = 0;
  gint64 place = DECIMALS; /* how many of the digits that follow still count */

  if (!g_ascii_isdigit (*number))
    return FALSE;
  while (exponent < end && (*exponent | 0x20) != 'e')
    exponent++;
  for (const char *at = number; at < exponent && *at != '.'; at++)
    place++;
  place += read_exponent (exponent, end);
  for (const char *at = number; at < exponent && place >= 0; at++)
    {
      if (*at == '.')
        continue;
      if (place > 0 && !append_digit (&found, *at - '0', G_MAXINT64))
        return FALSE;
      if (place == 0 && *at >= '5')
        {
          if (found == G_MAXINT64)
            return FALSE;
          found++;
        }
      place--;
    }
  for (; place > 0 && found > 0; place--)
    if (!append_digit (&found, 0, G_MAXINT64))
      return FALSE;
  *microseconds = found;
  return TRUE;
}
