/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

char *disp_clean_text (const char *text);
void disp_clean_message (GError **error);
