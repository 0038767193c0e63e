/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The deepest nesting of arrays and objects that a scanner can follow. */
#define DISP_JSON_MAX_DEPTH 512

/**
 * DispJsonScanner:
 *
 * Walks over JSON text once, without recursion and without making anything of it, and stops at the
 * first byte that RFC 8259 does not allow.  @at moves on; the text need not end in a NUL.
 */
typedef struct
{
  const char *text; /* (unowned) */
  const char *at;
  const char *end;
  guint depth;
  guint max_depth;
  gsize n_values;   /* how many values were met so far, each element and member for itself */
  gsize max_values; /* the most to accept */
  gboolean nan;     /* whether NaN, Infinity and -Infinity are values */
  gboolean exact;   /* whether to refuse what a gint64 or a C string cannot hold */
  guint8 objects[DISP_JSON_MAX_DEPTH / 8]; /* a bit for each level: is it an object? */
} DispJsonScanner;

void disp_json_scanner_init (DispJsonScanner *self, const char *text, gsize length,
                             guint max_depth);
void disp_json_scanner_space (DispJsonScanner *self);
gboolean disp_json_scanner_take (DispJsonScanner *self, char c);
gboolean disp_json_scanner_value (DispJsonScanner *self, GError **error);
gboolean disp_json_scanner_end (DispJsonScanner *self, GError **error);
gboolean disp_json_scanner_fail (const DispJsonScanner *self, const char *at, GError **error,
                                 const char *format, ...) G_GNUC_PRINTF (4, 5);
gboolean disp_json_scanner_fail_found (const DispJsonScanner *self, const char *expected,
                                       GError **error);

gboolean disp_json_check (const char *text, gsize length, guint max_depth, GError **error);
