/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

char *disp_key_file_value_read (GKeyFile *file, const char *group, const char *key, GError **error);
char *disp_key_file_value_write (const char *text);
