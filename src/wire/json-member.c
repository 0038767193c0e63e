/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/json-member.h"

#include "core/error.h"
#include "wire/json-string.h"

#include <string.h>

/* The longest name that is looked for, in bytes. */
#define MAX_NAME 32
/* A character takes six bytes at most when it is escaped. */
#define MAX_ESCAPE 6
/* How much of a wrong value an error quotes, in bytes. */
#define MAX_QUOTED 40

static gboolean
starts_with (const DispJsonScanner *scanner, const char *start)
{
  gsize length = strlen (start);

  return (gsize) (scanner->end - scanner->at) >= length && memcmp (scanner->at, start, length) == 0;
}

/**
 * disp_json_enter_object:
 * @scanner: a scanner
 * @expected: what was expected there, in words: "a JSON object"
 * @more: (out): whether a member begins here; else the object is empty, and behind
 * @error: %DISP_ERROR_INVALID_JSON
 *
 * Steps over white space and a brace.  What is in the object is one level deeper, until
 * disp_json_next_member() steps over its other brace.
 *
 * Returns: whether an object begins here
 */
gboolean
disp_json_enter_object (DispJsonScanner *scanner, const char *expected, gboolean *more,
                        GError **error)
{
  static const struct
  {
    const char *start;
    const char *name;
  } known[]
      = { { "[", "an array" }, { "\"", "a string" }, { "\xef\xbb\xbf", "a byte order mark" } };

  disp_json_scanner_space (scanner);
  if (disp_json_scanner_take (scanner, '{'))
    {
      disp_json_scanner_space (scanner);
      *more = !disp_json_scanner_take (scanner, '}');
      if (*more)
        scanner->depth++;
      return TRUE;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    if (starts_with (scanner, known[i].start))
      return disp_json_scanner_fail (scanner, scanner->at, error, "expected %s, found %s", expected,
                                     known[i].name);
  return disp_json_scanner_fail_found (scanner, expected, error);
}

/**
 * disp_json_next_member:
 * @scanner: a scanner in an object, behind one of its members
 * @more: (out): whether another follows, and begins here; else the object is behind
 * @error: %DISP_ERROR_INVALID_JSON
 *
 * Returns: whether what stands here may stand behind a member
 */
gboolean
disp_json_next_member (DispJsonScanner *scanner, gboolean *more, GError **error)
{
  disp_json_scanner_space (scanner);
  *more = disp_json_scanner_take (scanner, ',');
  if (*more)
    {
      disp_json_scanner_space (scanner);
      return TRUE;
    }
  if (!disp_json_scanner_take (scanner, '}'))
    return disp_json_scanner_fail_found (scanner, "',' or '}'", error);
  scanner->depth--;
  return TRUE;
}

/**
 * disp_json_read_name:
 * @scanner: a scanner at the start of a member
 * @member: (out caller-allocates): the member; its name, and where its value begins
 * @error: %DISP_ERROR_INVALID_JSON
 *
 * Returns: whether there were a name and a colon
 */
gboolean
disp_json_read_name (DispJsonScanner *scanner, DispJsonMember *member, GError **error)
{
  if (scanner->at == scanner->end || *scanner->at != '"')
    return disp_json_scanner_fail_found (scanner, "a member name", error);
  member->name = scanner->at + 1;
  if (!disp_json_skip_string (scanner, error))
    return FALSE;
  member->name_length = (gsize) (scanner->at - 1 - member->name);
  disp_json_scanner_space (scanner);
  if (!disp_json_scanner_take (scanner, ':'))
    return disp_json_scanner_fail_found (scanner, "':' after a member name", error);
  disp_json_scanner_space (scanner);
  member->value = scanner->at;
  member->length = 0;
  return TRUE;
}

/**
 * disp_json_read_value:
 * @scanner: a scanner at the value of @member
 * @member: (inout): a member whose name was read
 * @error: %DISP_ERROR_INVALID_JSON
 *
 * Returns: whether there was one value
 */
gboolean
disp_json_read_value (DispJsonScanner *scanner, DispJsonMember *member, GError **error)
{
  if (!disp_json_scanner_value (scanner, error))
    return FALSE;
  member->length = (gsize) (scanner->at - member->value);
  return TRUE;
}

/**
 * disp_json_member_find:
 * @self: a member
 * @names: (array length=n_names): names of at most 32 bytes
 * @n_names: how many
 *
 * Names are compared unescaped: "mod\u0065l" is "model" (RFC 8259 section 8.3).
 *
 * Returns: the index of the name that @self has; @n_names if it has another
 */
guint
disp_json_member_find (const DispJsonMember *self, const char *const *names, guint n_names)
{
  g_autofree char *unescaped = NULL;
  const char *name = self->name;
  gsize length = self->name_length;
  guint i = 0;

  if (memchr (name, '\\', length) != NULL)
    {
      unescaped = length <= MAX_ESCAPE * MAX_NAME ? disp_json_unescape (name, length) : NULL;
      if (unescaped == NULL)
        return n_names;
      name = unescaped;
      length = strlen (unescaped);
    }
  while (i < n_names && (strlen (names[i]) != length || memcmp (names[i], name, length) != 0))
    i++;
  return i;
}

/**
 * disp_json_member_dup_string:
 * @self: a member
 * @max_length: the longest string that is wanted, in bytes
 *
 * Returns: (transfer full) (nullable): its value unescaped; %NULL if that is no string, is longer
 * by far, or no C string can hold it.  The caller checks the length.
 */
char *
disp_json_member_dup_string (const DispJsonMember *self, gsize max_length)
{
  if (*self->value != '"' || self->length - 2 > MAX_ESCAPE * max_length)
    return NULL;
  return disp_json_unescape (self->value + 1, self->length - 2);
}

/* What was found in place of what was expected: short values as they are, others by their type. */
static char *
describe_value (const DispJsonMember *member)
{
  if (*member->value == '{')
    return g_strdup ("an object");
  if (*member->value == '[')
    return g_strdup ("an array");
  if (member->length <= MAX_QUOTED)
    return g_strndup (member->value, member->length);
  return g_strdup (*member->value == '"' ? "a long string" : "a long number");
}

/**
 * disp_json_member_fail:
 * @self: a member with a wrong value
 * @name: its name
 * @expected: what was expected
 * @error: %DISP_ERROR_INVALID_VALUE
 *
 * Returns: %FALSE
 */
gboolean
disp_json_member_fail (const DispJsonMember *self, const char *name, const char *expected,
                       GError **error)
{
  g_autofree char *found = describe_value (self);

  g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_VALUE, "\"%s\": expected %s, found %s", name,
               expected, found);
  return FALSE;
}

/**
 * disp_json_member_fail_twice:
 * @scanner: the scanner that found it
 * @second: a member that was there before
 * @name: its name
 * @error: %DISP_ERROR_INVALID_VALUE
 *
 * Returns: %FALSE
 */
gboolean
disp_json_member_fail_twice (const DispJsonScanner *scanner, const DispJsonMember *second,
                             const char *name, GError **error)
{
  g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_VALUE,
               "\"%s\" appears twice, the second time before byte %" G_GSIZE_FORMAT
               ", expected it once",
               name, (gsize) (second->value - scanner->text));
  return FALSE;
}
