/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/key-file-value.h"

#include "core/error.h"

#include <glib/gi18n.h>
#include <string.h>

/*
 * How a value stands in a key file: with GKeyFile's escapes, white space around it does not count,
 * and a comment has a line of its own.  Other formats let one follow a value; here it would become
 * a part of it, so what looks like that is refused.
 */

static gboolean
has_comment (const char *raw)
{
  for (const char *hash = strchr (raw, '#'); hash != NULL; hash = strchr (hash + 1, '#'))
    if (hash > raw && g_ascii_isspace (hash[-1]))
      return TRUE;
  return FALSE;
}

/* GKeyFile sees these too, but warns in the log of a mistake of its own when there are two. */
static gboolean
has_bad_escape (const char *raw)
{
  for (const char *escape = strchr (raw, '\\'); escape != NULL; escape = strchr (escape + 2, '\\'))
    if (escape[1] == '\0' || strchr ("sntr\\", escape[1]) == NULL)
      return TRUE;
  return FALSE;
}

/**
 * disp_key_file_value_read:
 * @file: a key file; the white space after the value is taken off it
 * @group: a section of it
 * @key: a key in that section
 * @error: %DISP_ERROR_INVALID_CONFIG, saying what was expected and what was found
 *
 * Returns: (transfer full) (nullable): the value, without escapes
 */
char *
disp_key_file_value_read (GKeyFile *file, const char *group, const char *key, GError **error)
{
  g_autofree char *raw = g_strchomp (g_key_file_get_value (file, group, key, NULL));
  g_autofree char *text = NULL;
  g_autofree char *shown = g_utf8_make_valid (raw, -1);

  if (has_comment (raw))
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG,
                   _ ("expected comments on lines of their own, found \"%s\" (a blank before \"#\" "
                      "that is meant is written \\s)"),
                   shown);
      return NULL;
    }
  g_key_file_set_value (file, group, key, raw);
  if (!has_bad_escape (raw))
    text = g_key_file_get_string (file, group, key, NULL);
  if (text != NULL)
    return g_steal_pointer (&text);
  g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG,
               _ ("expected UTF-8 text with no other escapes than \\s, \\n, \\t, \\r and \\\\, "
                  "found \"%s\""),
               shown);
  return NULL;
}

/**
 * disp_key_file_value_write:
 * @text: a value
 *
 * Returns: (transfer full): what disp_key_file_value_read() reads as @text
 */
char *
disp_key_file_value_write (const char *text)
{
  GString *raw = g_string_new (NULL);

  for (const char *c = text; *c != '\0'; c++)
    switch (*c)
      {
      case ' ':
        g_string_append (raw, c == text || c[1] == '\0' || c[1] == '#' ? "\\s" : " ");
        break;
      case '\t':
        g_string_append (raw, "\\t");
        break;
      case '\n':
        g_string_append (raw, "\\n");
        break;
      case '\r':
        g_string_append (raw, "\\r");
        break;
      case '\\':
        g_string_append (raw, "\\\\");
        break;
      default:
        g_string_append_c (raw, *c);
      }
  return g_string_free (raw, FALSE);
}
