/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/json-scanner.h"

gboolean disp_json_skip_string (DispJsonScanner *scanner, GError **error);
char *disp_json_unescape (const char *string, gsize length);
GBytes *disp_json_unescape_bytes (const char *string, gsize length);
