/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

gboolean disp_json_read_count (const char *number, gsize length, gint64 max, gint64 *count);
gboolean disp_json_read_seconds (const char *number, gsize length, gint64 *microseconds);
