/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/token.h"

#include "core/error.h"

#include <glib/gi18n.h>
#include <string.h>

/* What stands last in the line, if there is something. */
static const char *
find_token (char *line)
{
  g_strstrip (line);
  if (*line == '\0' || *line == '#')
    return NULL;
  while (line[strcspn (line, " \t")] != '\0')
    line += strcspn (line, " \t") + 1;
  return line;
}

/* Nothing that could end the field; whether it is a token is for the daemon to say. */
static gboolean
is_sane (const char *token)
{
  while (g_ascii_isgraph (*token))
    token++;
  return *token == '\0';
}

/**
 * disp_token_read:
 * @path: a file with a line "TOKEN" or, as the daemon takes it, "NAME TOKEN", of which the first
 *   counts; others are comments, which begin with "#", and empty
 * @error: why it cannot be read, or what was expected, but nothing of what is in it
 *
 * Returns: (transfer full) (nullable): the value of the field Authorization that shows the token
 */
char *
disp_token_read (const char *path, GError **error)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  const char *token = NULL;

  if (!g_file_get_contents (path, &text, NULL, error))
    return NULL;
  lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line != NULL && token == NULL; line++)
    token = find_token (*line);
  if (token != NULL && is_sane (token))
    return g_strconcat ("Bearer ", token, NULL);
  g_set_error (error, DISP_ERROR, DISP_ERROR_FAILED,
               _ ("\"%s\" has no token, expected a line TOKEN or NAME TOKEN"), path);
  return NULL;
}
