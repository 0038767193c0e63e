/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

gboolean disp_private_file_ensure (const char *path, const char *noun, GError **error);
int disp_private_file_lock (const char *path, const char *noun, GError **error);
