/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/screen.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* What a terminal has that does not say how large it is. */
#define DEFAULT_WIDTH 80
#define DEFAULT_HEIGHT 24

/*
 * A terminal, of which the whole window is drawn again and again.  The sequences are those of
 * ECMA-48 and, for the other screen and the cursor, the private modes of xterm, which all have.
 */

/**
 * disp_screen_begin:
 *
 * Turns to the other screen of the terminal, and hides the cursor.
 */
void
disp_screen_begin (void)
{
  fputs ("\033[?1049h\033[?25l\033[H\033[J", stdout);
  fflush (stdout);
}

/**
 * disp_screen_end:
 *
 * Turns back, and shows the cursor again.
 */
void
disp_screen_end (void)
{
  fputs ("\033[?25h\033[?1049l", stdout);
  fflush (stdout);
}

/**
 * disp_screen_get_size:
 * @width: (out): of the window, in columns
 * @height: (out): of the window, in lines
 */
void
disp_screen_get_size (guint *width, guint *height)
{
  struct winsize size = { 0 };

  ioctl (STDOUT_FILENO, TIOCGWINSZ, &size);
  *width = size.ws_col > 0 ? size.ws_col : DEFAULT_WIDTH;
  *height = size.ws_row > 0 ? size.ws_row : DEFAULT_HEIGHT;
}

/**
 * disp_screen_draw:
 * @text: lines, none wider than the window
 * @height: of the window, in lines
 *
 * Draws them over what is there, without a moment in which the window is empty.  What has no room
 * is left out.
 */
void
disp_screen_draw (const char *text, guint height)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr (GString) frame = g_string_new ("\033[H");

  for (guint i = 0; lines[i] != NULL && i < height; i++)
    g_string_append_printf (frame, "%s%s\033[K", i > 0 ? "\r\n" : "", lines[i]);
  g_string_append (frame, "\033[J");
  g_print ("%s", frame->str);
  fflush (stdout);
}
