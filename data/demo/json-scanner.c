/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "demo/json-scanner.h"

#include <math.h>
#include <string.h>

/**
 * demo_json_scanner_peek:
 * @self: a place
 *
 * Returns: the next byte that is not white space, where the place is now; 0 at the end
 */
char
demo_json_scanner_peek (DemoJsonScanner *self)
{
  while (self->at < self->end
         && (*self->at == ' ' || *self->at == '\n' || *self->at == '\r' || *self->at == '\t'))
    self->at++;
  return self->at < self->end ? *self->at : '\0';
}

/**
 * demo_json_scanner_take:
 * @self: a place
 * @punctuation: a byte other than 0
 *
 * Returns: whether @punctuation came next
 */
gboolean
demo_json_scanner_take (DemoJsonScanner *self, char punctuation)
{
  if (demo_json_scanner_peek (self) != punctuation)
    return FALSE;
  self->at++;
  return TRUE;
}

/**
 * demo_json_scanner_read_string:
 * @self: a place
 * @text: (out) (nullable): where the string begins in the text, with its escapes
 * @length: (out) (nullable): how long it is
 *
 * Returns: whether a string came next
 */
gboolean
demo_json_scanner_read_string (DemoJsonScanner *self, const char **text, gsize *length)
{
  const char *start;

  if (!demo_json_scanner_take (self, '"'))
    return FALSE;
  start = self->at;
  for (; self->at < self->end && *self->at != '"'; self->at++)
    {
      if ((guchar) *self->at < 0x20)
        return FALSE;
      if (*self->at == '\\' && ++self->at == self->end)
        return FALSE;
    }
  if (self->at == self->end)
    return FALSE;
  if (text != NULL)
    *text = start;
  if (length != NULL)
    *length = self->at - start;
  self->at++;
  return TRUE;
}

static gboolean
take_word (DemoJsonScanner *self, const char *word)
{
  gsize length = strlen (word);

  if ((gsize) (self->end - self->at) < length || memcmp (self->at, word, length) != 0)
    return FALSE;
  self->at += length;
  return TRUE;
}

static gboolean
skip_digits (DemoJsonScanner *self)
{
  const char *start = self->at;

  while (self->at < self->end && g_ascii_isdigit (*self->at))
    self->at++;
  return self->at > start;
}

/* RFC 8259 section 6: no leading zeros, and digits on both sides of a point. */
static gboolean
skip_decimal (DemoJsonScanner *self)
{
  if (self->at < self->end && *self->at == '0')
    self->at++;
  else if (!skip_digits (self))
    return FALSE;
  if (self->at < self->end && *self->at == '.')
    {
      self->at++;
      if (!skip_digits (self))
        return FALSE;
    }
  if (self->at < self->end && (*self->at == 'e' || *self->at == 'E'))
    {
      self->at++;
      if (self->at < self->end && (*self->at == '+' || *self->at == '-'))
        self->at++;
      return skip_digits (self);
    }
  return TRUE;
}

static double
convert (const char *text, gsize length)
{
  char buffer[64];

  if (length >= sizeof buffer)
    {
      g_autofree char *copy = g_strndup (text, length);

      return g_ascii_strtod (copy, NULL);
    }
  memcpy (buffer, text, length);
  buffer[length] = '\0';
  return g_ascii_strtod (buffer, NULL);
}

/**
 * demo_json_scanner_read_number:
 * @self: a place
 * @number: (out): the number
 *
 * Returns: whether a number came next
 */
gboolean
demo_json_scanner_read_number (DemoJsonScanner *self, double *number)
{
  const char *start;
  gboolean negative;

  demo_json_scanner_peek (self);
  start = self->at;
  if (take_word (self, "NaN"))
    {
      *number = NAN;
      return TRUE;
    }
  negative = take_word (self, "-");
  if (take_word (self, "Infinity"))
    {
      *number = negative ? -INFINITY : INFINITY;
      return TRUE;
    }
  if (!skip_decimal (self))
    return FALSE;
  *number = convert (start, self->at - start);
  return TRUE;
}

static gboolean
skip_members (DemoJsonScanner *self, gboolean keyed, char closing, guint depth)
{
  if (depth >= DEMO_JSON_MAX_DEPTH)
    return FALSE;
  self->at++;
  if (demo_json_scanner_take (self, closing))
    return TRUE;
  do
    {
      if (keyed
          && (!demo_json_scanner_read_string (self, NULL, NULL)
              || !demo_json_scanner_take (self, ':')))
        return FALSE;
      if (!demo_json_scanner_skip (self, depth + 1))
        return FALSE;
    }
  while (demo_json_scanner_take (self, ','));
  return demo_json_scanner_take (self, closing);
}

/**
 * demo_json_scanner_skip:
 * @self: a place
 * @depth: how many arrays and objects are open there
 *
 * Returns: whether a value came next, no deeper than %DEMO_JSON_MAX_DEPTH
 */
gboolean
demo_json_scanner_skip (DemoJsonScanner *self, guint depth)
{
  double number;

  switch (demo_json_scanner_peek (self))
    {
    case '{':
      return skip_members (self, TRUE, '}', depth);
    case '[':
      return skip_members (self, FALSE, ']', depth);
    case '"':
      return demo_json_scanner_read_string (self, NULL, NULL);
    case 't':
      return take_word (self, "true");
    case 'f':
      return take_word (self, "false");
    case 'n':
      return take_word (self, "null");
    default:
      return demo_json_scanner_read_number (self, &number);
    }
}
