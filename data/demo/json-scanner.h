/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The deepest nesting of arrays and objects that is read. */
#define DEMO_JSON_MAX_DEPTH 64

/**
 * DemoJsonScanner:
 *
 * A place in a JSON text.  Each function moves it forward over what it read, and returns %FALSE,
 * leaving it at the offending byte, when the text there is something else.  NaN, Infinity and
 * -Infinity are numbers, as model servers take them.
 */
typedef struct
{
  const char *at;
  const char *end;
} DemoJsonScanner;

char demo_json_scanner_peek (DemoJsonScanner *self);
gboolean demo_json_scanner_take (DemoJsonScanner *self, char punctuation);
gboolean demo_json_scanner_read_string (DemoJsonScanner *self, const char **text, gsize *length);
gboolean demo_json_scanner_read_number (DemoJsonScanner *self, double *number);
gboolean demo_json_scanner_skip (DemoJsonScanner *self, guint depth);
