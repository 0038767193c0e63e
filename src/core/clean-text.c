/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/clean-text.h"

#include <string.h>

/* U+FFFD, which stands for what nobody should get, and U+2026, for what has no room. */
#define REPLACEMENT "\xef\xbf\xbd"
#define ELLIPSIS "\xe2\x80\xa6"
/* In bytes; far longer than any that was meant to be read. */
#define MAX_MESSAGE 16384

/**
 * disp_clean_text:
 * @text: any text, also one that somebody else chose
 *
 * Returns: (transfer full): it as UTF-8 in one line, without what a terminal would obey
 */
char *
disp_clean_text (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *clean = g_string_new (NULL);

  for (const char *at = valid; *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);

      if (g_unichar_iscntrl (c) || g_unichar_type (c) == G_UNICODE_LINE_SEPARATOR
          || g_unichar_type (c) == G_UNICODE_PARAGRAPH_SEPARATOR)
        g_string_append (clean, c == '\n' || c == '\t' ? " " : REPLACEMENT);
      else
        g_string_append_unichar (clean, c);
    }
  return g_string_free (clean, FALSE);
}

/**
 * disp_clean_message:
 * @error: (inout) (nullable): where an error may be
 *
 * Makes its message one for disp_clean_text(), and cuts it when what it quotes is very long: it
 * goes to terminals, the log and the bus, and the bus takes nothing but UTF-8.
 */
void
disp_clean_message (GError **error)
{
  char *message;

  if (error == NULL || *error == NULL)
    return;
  message = disp_clean_text ((*error)->message);
  g_free ((*error)->message);
  if (strlen (message) <= MAX_MESSAGE)
    {
      (*error)->message = message;
      return;
    }
  *g_utf8_find_prev_char (message, message + MAX_MESSAGE + 1) = '\0';
  (*error)->message = g_strconcat (message, ELLIPSIS, NULL);
  g_free (message);
}
