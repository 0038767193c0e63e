/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/case-table.h"

#include <string.h>

#define CLOSE "close"
#define MAYBE_CONTINUE "(100)"

static void
http_case_free (gpointer data)
{
  HttpCase *self = data;

  g_free (self->name);
  g_strfreev (self->fates);
  g_string_free (self->sent, TRUE);
  g_free (self);
}

/* Reads \*N(text), from behind the asterisk on.  Returns how long that is. */
static gsize
append_repeated (GString *bytes, const char *text)
{
  char *start;
  guint64 n = g_ascii_strtoull (text, &start, 10);
  const char *end = strchr (start, ')');
  g_autofree char *repeated = NULL;
  g_autoptr (GString) once = NULL;

  g_assert_true (*start == '(' && end != NULL);
  repeated = g_strndup (start + 1, (gsize) (end - start) - 1);
  once = case_table_unescape (repeated);
  for (guint64 i = 0; i < n; i++)
    g_string_append_len (bytes, once->str, (gssize) once->len);
  return (gsize) (end - text) + 1;
}

/* Reads an escape, from behind the backslash on.  Returns how long that is. */
static gsize
append_escape (GString *bytes, const char *text)
{
  static const char letters[] = "rnt\\";
  static const char meanings[] = "\r\n\t\\";
  const char *letter = strchr (letters, *text);

  if (*text == '*')
    return 1 + append_repeated (bytes, text + 1);
  if (*text == 'x')
    {
      g_assert_true (g_ascii_isxdigit (text[1]) && g_ascii_isxdigit (text[2]));
      g_string_append_c (
          bytes, (char) (g_ascii_xdigit_value (text[1]) << 4 | g_ascii_xdigit_value (text[2])));
      return 3;
    }
  g_assert_true (*text != '\0' && letter != NULL);
  g_string_append_c (bytes, meanings[letter - letters]);
  return 1;
}

/**
 * case_table_unescape:
 * @text: bytes with escapes
 *
 * Returns: (transfer full): the bytes
 */
GString *
case_table_unescape (const char *text)
{
  GString *bytes = g_string_new (NULL);

  while (*text != '\0')
    if (*text == '\\')
      text += 1 + append_escape (bytes, text + 1);
    else
      g_string_append_c (bytes, *text++);
  return bytes;
}

static HttpCase *
parse_case (const char *line)
{
  g_auto (GStrv) parts = g_strsplit (line, " | ", 4);
  HttpCase *self = g_new0 (HttpCase, 1);
  char *text;

  g_assert_cmpuint (g_strv_length (parts), ==, 4);
  text = parts[3];
  self->name = g_strdup (parts[0]);
  self->fates = g_strsplit (parts[2], " or ", -1);
  self->ends = g_str_has_suffix (text, "\\!");
  if (self->ends)
    text[strlen (text) - 2] = '\0';
  self->sent = case_table_unescape (text);
  return self;
}

/**
 * case_table_read:
 * @path: the table
 *
 * Returns: (transfer full) (element-type HttpCase): all of its cases
 */
GPtrArray *
case_table_read (const char *path)
{
  GPtrArray *cases = g_ptr_array_new_with_free_func (http_case_free);
  g_autofree char *contents = NULL;
  g_auto (GStrv) lines = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &contents, NULL, &error);
  g_assert_no_error (error);
  lines = g_strsplit (contents, "\n", -1);
  for (char **line = lines; *line != NULL; line++)
    if (**line != '\0' && **line != '#')
      g_ptr_array_add (cases, parse_case (*line));
  return cases;
}

static gboolean
meets_fate (const char *fate, char **answers, gboolean has_closed)
{
  g_auto (GStrv) words = g_strsplit (fate, " ", -1);
  char **word = words;

  for (; *word != NULL && !g_str_equal (*word, CLOSE); word++)
    {
      if (g_str_equal (*word, MAYBE_CONTINUE))
        {
          answers += *answers != NULL && g_str_equal (*answers, "100") ? 1 : 0;
          continue;
        }
      if (*answers == NULL || strncmp (*word, *answers, strlen ("200")) != 0)
        return FALSE;
      answers++;
    }
  return *answers == NULL && has_closed == (*word != NULL);
}

/**
 * case_table_meets:
 * @self: a case
 * @answers: (array zero-terminated=1): the statuses of all answers
 * @has_closed: whether the server has closed the connection
 *
 * Returns: whether that is one of its fates
 */
gboolean
case_table_meets (const HttpCase *self, char **answers, gboolean has_closed)
{
  for (char **fate = self->fates; *fate != NULL; fate++)
    if (meets_fate (*fate, answers, has_closed))
      return TRUE;
  return FALSE;
}

/**
 * case_table_is_head:
 * @self: a case
 * @n_answers: how many answers have come, those with 100 not counted
 *
 * Returns: whether the next is to HEAD, and has no body
 */
gboolean
case_table_is_head (const HttpCase *self, guint n_answers)
{
  for (char **fate = self->fates; *fate != NULL; fate++)
    {
      g_auto (GStrv) words = g_strsplit (*fate, " ", -1);
      guint i = g_str_equal (words[0], MAYBE_CONTINUE) ? n_answers + 1 : n_answers;

      if (i < g_strv_length (words) && g_str_has_suffix (words[i], "h"))
        return TRUE;
    }
  return FALSE;
}
