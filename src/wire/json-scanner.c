/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/json-scanner.h"

#include "core/error.h"
#include "wire/json-string.h"

#include <string.h>

/**
 * disp_json_scanner_init:
 * @self: (out caller-allocates): a scanner
 * @text: (nullable): the text, which must outlive @self; %NULL if it has no bytes
 * @length: its length in bytes
 * @max_depth: the deepest nesting to accept, at most %DISP_JSON_MAX_DEPTH
 */
void
disp_json_scanner_init (DispJsonScanner *self, const char *text, gsize length, guint max_depth)
{
  memset (self, 0, sizeof *self);
  self->text = text != NULL ? text : "";
  self->at = self->text;
  self->end = self->text + length;
  self->max_depth = MIN (max_depth, DISP_JSON_MAX_DEPTH);
  self->max_values = G_MAXSIZE;
}

/**
 * disp_json_scanner_fail:
 * @self: a scanner
 * @at: the byte where the text goes wrong
 * @error: %DISP_ERROR_INVALID_JSON
 * @format: (printf): what is wrong there
 * @...: for @format
 *
 * Returns: %FALSE
 */
gboolean
disp_json_scanner_fail (const DispJsonScanner *self, const char *at, GError **error,
                        const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list arguments;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_JSON, "byte %" G_GSIZE_FORMAT ": %s",
               (gsize) (at - self->text), message);
  return FALSE;
}

/**
 * disp_json_scanner_fail_found:
 * @self: a scanner
 * @expected: what was expected where it stands
 * @error: %DISP_ERROR_INVALID_JSON
 *
 * Returns: %FALSE
 */
gboolean
disp_json_scanner_fail_found (const DispJsonScanner *self, const char *expected, GError **error)
{
  if (self->at == self->end)
    return disp_json_scanner_fail (self, self->at, error, "expected %s, found the end", expected);
  if (g_ascii_isgraph (*self->at))
    return disp_json_scanner_fail (self, self->at, error, "expected %s, found '%c'", expected,
                                   *self->at);
  return disp_json_scanner_fail (self, self->at, error, "expected %s, found the byte 0x%02x",
                                 expected, (guchar) *self->at);
}

/* The byte where it stands; NUL at the end, which no rule accepts. */
static inline char
peek (const DispJsonScanner *self)
{
  return self->at < self->end ? *self->at : '\0';
}

/**
 * disp_json_scanner_space:
 * @self: a scanner
 *
 * Skips white space (RFC 8259 section 2).
 */
void
disp_json_scanner_space (DispJsonScanner *self)
{
  const char *at = self->at;

  while (at < self->end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
    at++;
  self->at = at;
}

/**
 * disp_json_scanner_take:
 * @self: a scanner
 * @c: a byte, not NUL
 *
 * Returns: whether @c stood here; if so, it is behind
 */
gboolean
disp_json_scanner_take (DispJsonScanner *self, char c)
{
  if (peek (self) != c)
    return FALSE;
  self->at++;
  return TRUE;
}

static inline gboolean
skip_digits (DispJsonScanner *self)
{
  const char *at = self->at;

  while (at < self->end && (guchar) (*at - '0') <= 9)
    at++;
  if (at == self->at)
    return FALSE;
  self->at = at;
  return TRUE;
}

static gboolean
check_integer (DispJsonScanner *self, const char *start, GError **error)
{
  g_autofree char *digits = NULL;

  /* No integer of 18 digits is too long; and few have more. */
  if (self->at - start <= 18)
    return TRUE;
  digits = g_strndup (start, (gsize) (self->at - start));
  if (g_ascii_string_to_signed (digits, 10, G_MININT64, G_MAXINT64, NULL, NULL))
    return TRUE;
  return disp_json_scanner_fail (self, start, error, "an integer of more than 64 bits");
}

static gboolean
skip_word (DispJsonScanner *self, const char *word, GError **error)
{
  gsize length = strlen (word);

  if ((gsize) (self->end - self->at) < length || memcmp (self->at, word, length) != 0)
    return disp_json_scanner_fail_found (self, "a value", error);
  self->at += length;
  return TRUE;
}

/* RFC 8259 section 6. */
static gboolean
skip_number (DispJsonScanner *self, GError **error)
{
  const char *start = self->at;
  gboolean integer = TRUE;

  if (disp_json_scanner_take (self, '-') && self->nan && peek (self) == 'I')
    return skip_word (self, "Infinity", error);
  if (peek (self) == '0')
    {
      self->at++;
      if (g_ascii_isdigit (peek (self)))
        return disp_json_scanner_fail (self, start, error, "a number with a leading zero");
    }
  else if (!skip_digits (self))
    return disp_json_scanner_fail_found (self, "a digit", error);
  if (peek (self) == '.')
    {
      integer = FALSE;
      self->at++;
      if (!skip_digits (self))
        return disp_json_scanner_fail_found (self, "a digit after the point", error);
    }
  if ((peek (self) | 0x20) == 'e')
    {
      integer = FALSE;
      self->at++;
      if (peek (self) == '+' || peek (self) == '-')
        self->at++;
      if (!skip_digits (self))
        return disp_json_scanner_fail_found (self, "a digit in the exponent", error);
    }
  return !integer || !self->exact || check_integer (self, start, error);
}

static gboolean
skip_scalar (DispJsonScanner *self, GError **error)
{
  switch (peek (self))
    {
    case '"':
      return disp_json_skip_string (self, error);
    case 't':
      return skip_word (self, "true", error);
    case 'f':
      return skip_word (self, "false", error);
    case 'n':
      return skip_word (self, "null", error);
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
      return skip_number (self, error);
    default:
      if (self->nan && peek (self) == 'N')
        return skip_word (self, "NaN", error);
      if (self->nan && peek (self) == 'I')
        return skip_word (self, "Infinity", error);
      return disp_json_scanner_fail_found (self, "a value", error);
    }
}

static gboolean
open_level (DispJsonScanner *self, gboolean object, GError **error)
{
  guint8 bit = (guint8) (1u << (self->depth % 8));

  if (self->depth == self->max_depth)
    return disp_json_scanner_fail (self, self->at, error, "nested deeper than %u levels",
                                   self->max_depth);
  if (object)
    self->objects[self->depth / 8] |= bit;
  else
    self->objects[self->depth / 8] &= (guint8) ~bit;
  self->depth++;
  self->at++;
  return TRUE;
}

static inline gboolean
in_object (const DispJsonScanner *self)
{
  guint level = self->depth - 1;

  return (self->objects[level / 8] >> (level % 8)) & 1;
}

static gboolean
skip_name (DispJsonScanner *self, GError **error)
{
  disp_json_scanner_space (self);
  if (peek (self) != '"')
    return disp_json_scanner_fail_found (self, "a member name", error);
  if (!disp_json_skip_string (self, error))
    return FALSE;
  disp_json_scanner_space (self);
  if (!disp_json_scanner_take (self, ':'))
    return disp_json_scanner_fail_found (self, "':' after a member name", error);
  return TRUE;
}

/* Steps over whatever closes after a value, down to level @base.  Then either that level is reached
 * or the next value stands here. */
static gboolean
close_levels (DispJsonScanner *self, guint base, GError **error)
{
  while (self->depth > base)
    {
      gboolean object = in_object (self);

      disp_json_scanner_space (self);
      if (disp_json_scanner_take (self, ','))
        return !object || skip_name (self, error);
      if (!disp_json_scanner_take (self, object ? '}' : ']'))
        return disp_json_scanner_fail_found (self, object ? "',' or '}'" : "',' or ']'", error);
      self->depth--;
    }
  return TRUE;
}

/**
 * disp_json_scanner_value:
 * @self: a scanner
 * @error: %DISP_ERROR_INVALID_JSON
 *
 * Skips white space and one value, whatever is in it (RFC 8259 section 3).
 *
 * Returns: whether there was one
 */
gboolean
disp_json_scanner_value (DispJsonScanner *self, GError **error)
{
  guint base = self->depth;

  do
    {
      char c;

      disp_json_scanner_space (self);
      if (++self->n_values > self->max_values)
        return disp_json_scanner_fail (self, self->at, error,
                                       "more than %" G_GSIZE_FORMAT " values", self->max_values);
      c = peek (self);
      if (c == '[' || c == '{')
        {
          if (!open_level (self, c == '{', error))
            return FALSE;
          disp_json_scanner_space (self);
          if (peek (self) != (c == '{' ? '}' : ']'))
            {
              if (c == '{' && !skip_name (self, error))
                return FALSE;
              continue;
            }
          self->at++;
          self->depth--;
        }
      else if (!skip_scalar (self, error))
        return FALSE;
      if (!close_levels (self, base, error))
        return FALSE;
    }
  while (self->depth > base);
  return TRUE;
}

/**
 * disp_json_scanner_end:
 * @self: a scanner
 * @error: %DISP_ERROR_INVALID_JSON
 *
 * Returns: whether nothing but white space is left
 */
gboolean
disp_json_scanner_end (DispJsonScanner *self, GError **error)
{
  disp_json_scanner_space (self);
  return self->at == self->end || disp_json_scanner_fail_found (self, "the end", error);
}

/**
 * disp_json_check:
 * @text: the text, which need not end in a NUL
 * @length: its length in bytes
 * @max_depth: the deepest nesting to accept, at most %DISP_JSON_MAX_DEPTH
 * @error: %DISP_ERROR_INVALID_JSON, with the byte where the text goes wrong
 *
 * What stands before json-glib: that recurses without a limit, accepts much that is not JSON, wraps
 * integers of more than 64 bits and cuts strings at a NUL.
 *
 * Returns: whether @text is one JSON value of any type as RFC 8259 has it, and json-glib can tell
 * what it says
 */
gboolean
disp_json_check (const char *text, gsize length, guint max_depth, GError **error)
{
  DispJsonScanner scanner;

  disp_json_scanner_init (&scanner, text, length, max_depth);
  scanner.exact = TRUE;
  return disp_json_scanner_value (&scanner, error) && disp_json_scanner_end (&scanner, error);
}
