/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * DispJsonWriter:
 *
 * Writes one JSON document into a string, with the commas in their places.  It exists beside
 * json-glib because records carry JSON text of clients (NaN, big integers) that has to be embedded
 * byte for byte.
 */
typedef struct
{
  GString *text; /* (owned) */
  gboolean comma;
} DispJsonWriter;

void disp_json_writer_init (DispJsonWriter *self);
void disp_json_writer_clear (DispJsonWriter *self);
char *disp_json_writer_steal (DispJsonWriter *self);
GBytes *disp_json_writer_steal_bytes (DispJsonWriter *self);
GBytes *disp_json_writer_take_bytes (DispJsonWriter *self);

void disp_json_writer_begin_object (DispJsonWriter *self, const char *key);
void disp_json_writer_end_object (DispJsonWriter *self);
void disp_json_writer_begin_array (DispJsonWriter *self, const char *key);
void disp_json_writer_end_array (DispJsonWriter *self);
void disp_json_writer_string (DispJsonWriter *self, const char *key, const char *value);
void disp_json_writer_text (DispJsonWriter *self, const char *key, const char *value, gsize length);
void disp_json_writer_int (DispJsonWriter *self, const char *key, gint64 value);
void disp_json_writer_double (DispJsonWriter *self, const char *key, double value);
void disp_json_writer_seconds (DispJsonWriter *self, const char *key, gint64 microseconds);
void disp_json_writer_boolean (DispJsonWriter *self, const char *key, gboolean value);
void disp_json_writer_null (DispJsonWriter *self, const char *key);
void disp_json_writer_raw (DispJsonWriter *self, const char *key, const char *json, gsize length);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DispJsonWriter, disp_json_writer_clear)
