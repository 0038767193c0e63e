/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/invocation.h"

#include "core/clean-text.h"

#include <stdio.h>
#include <unistd.h>

/* How wide the names of facts are, at least. */
#define FACT_WIDTH 10

void
disp_invocation_init (DispInvocation *self)
{
  const char *no_colour = g_getenv ("NO_COLOR");
  const char *terminal = g_getenv ("TERM");

  *self = (DispInvocation){ 0 };
  disp_flags_init (&self->flags);
  self->is_terminal = isatty (STDOUT_FILENO);
  /* As no-color.org asks for. */
  self->colours = self->is_terminal && (no_colour == NULL || *no_colour == '\0')
                  && g_strcmp0 (terminal, "dumb") != 0;
}

void
disp_invocation_clear (DispInvocation *self)
{
  disp_flags_clear (&self->flags);
  g_clear_pointer (&self->daemon, disp_daemon_free);
}

/**
 * disp_invocation_print_table:
 * @self: an invocation
 * @table: a table
 *
 * Prints all of it, however wide it is.
 */
void
disp_invocation_print_table (const DispInvocation *self, const DispTable *table)
{
  g_autofree char *text = disp_table_to_text (table, self->colours, 0);

  g_print ("%s", text);
}

/**
 * disp_invocation_print_json:
 * @writer: a whole document, which is ended
 *
 * Prints it as one line of UTF-8, whatever the locale is, and at once.
 */
void
disp_invocation_print_json (DispJsonWriter *writer)
{
  g_autofree char *text = disp_json_writer_steal (writer);

  /* In a string no line can end, and elsewhere, in what others wrote, a space is as good. */
  g_strdelimit (text, "\r\n", ' ');
  fputs (text, stdout);
  fputc ('\n', stdout);
  fflush (stdout);
}

/**
 * disp_invocation_print_fact:
 * @self: an invocation
 * @name: what it is about, translated; "" when it goes on with the one before
 * @style: how the text looks
 * @text: what there is to say, of one or more lines; nothing is printed when it is empty
 */
void
disp_invocation_print_fact (const DispInvocation *self, const char *name, DispStyle style,
                            const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  if (*text == '\0')
    return;
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_autoptr (GString) line = g_string_new (NULL);
      g_autofree char *clean = disp_clean_text (lines[i]);

      for (guint width = i == 0 ? disp_text_width (name) : 0; width < FACT_WIDTH; width++)
        g_string_append_c (line, ' ');
      disp_text_append (line, DISP_STYLE_TITLE, self->colours, i == 0 ? name : "");
      g_string_append (line, "  ");
      disp_text_append (line, style, self->colours, clean);
      g_print ("%s\n", line->str);
    }
}
