/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

GString *disp_regular_file_read (const char *path, const char *noun, gsize max_size,
                                 GError **error);
