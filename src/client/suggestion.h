/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

guint disp_text_distance (const char *a, const char *b);
char *disp_suggest (const char *wrong, const char *const *names);
