/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz/fuzz-target.h"

#include "core/error.h"
#include "front/tokens.h"

#include <string.h>

/* As short as a token may be; no word of a message is as long. */
#define MIN_TOKEN 16

/* It says which line, and nothing that could be a token. */
static void
check_fault (const char *text, const GError *error)
{
  g_auto (GStrv) words = g_strsplit_set (text, " \t\r\n\f", -1);

  g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
  for (const char *c = error->message; *c != '\0'; c++)
    g_assert_true (g_ascii_isprint (*c));
  g_assert_true (g_str_has_prefix (error->message, "line ")
                 || g_str_has_prefix (error->message, "there is no token, "));
  for (char **word = words; *word != NULL; word++)
    if (strlen (*word) >= MIN_TOKEN)
      g_assert_null (strstr (error->message, *word));
}

static const char *
find (const DispTokens *tokens, const char *token)
{
  g_autofree char *shown = g_strconcat ("Bearer ", token, NULL);

  return disp_tokens_find (tokens, shown);
}

/* The names by their tokens, as a plain reader of lines finds them. */
static GHashTable *
read_plainly (const char *text)
{
  GHashTable *names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (char **line = lines; *line != NULL; line++)
    if (*g_strstrip (*line) != '\0' && **line != '#')
      {
        g_auto (GStrv) words = g_strsplit_set (*line, " \t", -1);
        guint last = g_strv_length (words) - 1;

        g_assert_cmpuint (last, >, 0);
        g_assert_true (g_hash_table_insert (names, g_strdup (words[last]), g_strdup (words[0])));
      }
  return names;
}

/* Each is known by its name, and what is longer or shorter is not, unless it is one, too. */
static void
check_tokens (const DispTokens *tokens, const char *text)
{
  g_autoptr (GHashTable) names = read_plainly (text);
  GHashTableIter iter;
  gpointer token;
  gpointer name;

  g_assert_cmpuint (disp_tokens_count (tokens), ==, g_hash_table_size (names));
  g_assert_cmpuint (disp_tokens_count (tokens), >, 0);
  g_hash_table_iter_init (&iter, names);
  while (g_hash_table_iter_next (&iter, &token, &name))
    {
      g_autofree char *shorter = g_strndup (token, strlen (token) - 1);
      g_autofree char *longer = g_strconcat (token, "=", NULL);

      g_assert_cmpstr (find (tokens, token), ==, name);
      g_assert_cmpstr (find (tokens, shorter), ==, g_hash_table_lookup (names, shorter));
      g_assert_cmpstr (find (tokens, longer), ==, g_hash_table_lookup (names, longer));
    }
  g_assert_null (disp_tokens_find (tokens, NULL));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (DispTokens) tokens = disp_tokens_parse (text, &error);

  if (tokens == NULL)
    check_fault (text, error);
  else
    check_tokens (tokens, text);
  return 0;
}
