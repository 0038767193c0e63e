/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

void disp_screen_begin (void);
void disp_screen_end (void);
void disp_screen_get_size (guint *width, guint *height);
void disp_screen_draw (const char *text, guint height);
