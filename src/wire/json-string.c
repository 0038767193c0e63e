/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/json-string.h"

#include <string.h>

/* How many bytes of a string are tested at once; a constant, so that compilers make vectors of it.
 */
#define BLOCK 64
/* What stands for a character that is none. */
#define REPLACEMENT 0xfffd

/* Whether a byte of a string needs a closer look: a control character, a backslash, no ASCII. */
static inline gboolean
is_special (guchar c)
{
  return c < 0x20 || c == '\\' || c >= 0x80;
}

/* A block at a time, without a branch inside. */
static gboolean
has_special (const char *at, const char *end)
{
  guint8 found = 0;

  for (; end - at >= BLOCK; at += BLOCK)
    {
      for (int i = 0; i < BLOCK; i++)
        found |= (guint8) (((guchar) at[i] < 0x20) | (at[i] == '\\') | ((guchar) at[i] >> 7));
      if (found)
        return TRUE;
    }
  for (; at < end; at++)
    found |= is_special ((guchar) *at);
  return found != 0;
}

/* The code unit of "\uXXXX" at @at, or -1. */
static int
read_unit (const char *at, const char *end)
{
  int unit = 0;

  if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
    return -1;
  for (int i = 2; i < 6; i++)
    {
      int digit = g_ascii_xdigit_value (at[i]);

      if (digit < 0)
        return -1;
      unit = unit << 4 | digit;
    }
  return unit;
}

/* The character of "\uXXXX" at @at, or of a pair of these, and where it ends; -1 for half a pair.
 * RFC 8259 section 7. */
static gint64
read_character (const char *at, const char *end, const char **rest)
{
  int unit = read_unit (at, end);
  int low;

  *rest = at + 6;
  if (unit < 0xd800 || unit > 0xdfff)
    return unit;
  low = unit < 0xdc00 ? read_unit (at + 6, end) : -1;
  if (low < 0xdc00 || low > 0xdfff)
    return -1;
  *rest = at + 12;
  return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
}

/* Steps over one escape.  Half a surrogate pair is grammatical (RFC 8259 section 8.2). */
static gboolean
skip_escape (DispJsonScanner *self, GError **error)
{
  const char *at = self->at;
  const char *rest = at + 2;

  if (self->end - at < 2)
    return disp_json_scanner_fail (self, at, error, "the string ends inside an escape");
  if (at[1] == 'u')
    {
      gint64 character;

      if (read_unit (at, self->end) < 0)
        return disp_json_scanner_fail (self, at, error,
                                       "expected four hexadecimal digits after \\u");
      character = read_character (at, self->end, &rest);
      if (self->exact && character <= 0)
        return disp_json_scanner_fail (self, at, error, "%s",
                                       character == 0 ? "a NUL in a string"
                                                      : "half a surrogate pair in a string");
    }
  else if (at[1] == '\0' || strchr ("\"\\/bfnrt", at[1]) == NULL)
    return disp_json_scanner_fail (self, at, error, "an unknown escape in a string");
  self->at = rest;
  return TRUE;
}

/* Walks through a stretch of a string up to the quote at @quote, which an escape may turn out to
 * hide: then it stops after that. */
static gboolean
walk_string (DispJsonScanner *self, const char *quote, GError **error)
{
  gboolean ascii = TRUE;
  const char *start = self->at;

  while (self->at < quote)
    {
      guchar c = (guchar) *self->at;

      if (c < 0x20)
        return disp_json_scanner_fail (self, self->at, error,
                                       "a control character (0x%02x) in a string", c);
      if (c >= 0x80)
        ascii = FALSE;
      if (c != '\\')
        self->at++;
      else if (!skip_escape (self, error))
        return FALSE;
    }
  if (!ascii && !g_utf8_validate_len (start, (gsize) (quote - start), &start))
    return disp_json_scanner_fail (self, start, error, "a string that is not UTF-8");
  return TRUE;
}

/**
 * disp_json_skip_string:
 * @self: a scanner that stands at a quote
 * @error: %DISP_ERROR_INVALID_JSON
 *
 * Skips a string (RFC 8259 section 7), which has to be UTF-8 (section 8.1).
 *
 * Returns: whether it is one
 */
gboolean
disp_json_skip_string (DispJsonScanner *self, GError **error)
{
  const char *start = self->at++;

  for (;;)
    {
      const char *quote = memchr (self->at, '"', (gsize) (self->end - self->at));

      if (quote == NULL)
        return disp_json_scanner_fail (self, start, error, "a string that does not end");
      if (!has_special (self->at, quote))
        self->at = quote;
      else if (!walk_string (self, quote, error))
        return FALSE;
      if (self->at == quote)
        {
          self->at++;
          return TRUE;
        }
    }
}

/* The byte that a backslash and @c stand for, unless @c is 'u'. */
static char
read_escape (char c)
{
  static const char escapes[] = "\"\"\\\\//b\bf\fn\nr\rt\t";

  return strchr (escapes, c)[1];
}

/* Appends what a string stands for.  @lax: with a NUL where it has one, and with U+FFFD for half a
 * surrogate pair; else FALSE if there is one of these. */
static gboolean
append_unescaped (GString *text, const char *string, gsize length, gboolean lax)
{
  const char *end = string + length;
  const char *backslash;

  while ((backslash = memchr (string, '\\', (gsize) (end - string))) != NULL)
    {
      gint64 character;

      g_string_append_len (text, string, backslash - string);
      string = backslash + 2;
      if (backslash[1] != 'u')
        {
          g_string_append_c (text, read_escape (backslash[1]));
          continue;
        }
      character = read_character (backslash, end, &string);
      if (character <= 0 && !lax)
        return FALSE;
      if (character == 0)
        g_string_append_c (text, '\0');
      else
        g_string_append_unichar (text, character > 0 ? (gunichar) character : REPLACEMENT);
    }
  g_string_append_len (text, string, end - string);
  return TRUE;
}

/**
 * disp_json_unescape:
 * @string: what stands between the quotes of a string that a scanner accepted
 * @length: its length in bytes
 *
 * Returns: (transfer full) (nullable): the characters it stands for; %NULL if one of them is NUL or
 * half a surrogate pair
 */
char *
disp_json_unescape (const char *string, gsize length)
{
  g_autoptr (GString) text = g_string_sized_new (length + 1);

  if (!append_unescaped (text, string, length, FALSE))
    return NULL;
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/**
 * disp_json_unescape_bytes:
 * @string: what stands between the quotes of a string that a scanner accepted
 * @length: its length in bytes
 *
 * Returns: (transfer full): the characters it stands for, in UTF-8; half a surrogate pair is U+FFFD
 */
GBytes *
disp_json_unescape_bytes (const char *string, gsize length)
{
  g_autoptr (GString) text = g_string_sized_new (length + 1);

  append_unescaped (text, string, length, TRUE);
  return g_string_free_to_bytes (g_steal_pointer (&text));
}
