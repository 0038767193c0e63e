/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/json-writer.h"

#include <math.h>
#include <string.h>

/* U+FFFD, which stands for bytes that are not UTF-8. */
#define REPLACEMENT "\xef\xbf\xbd"

/**
 * disp_json_writer_init:
 * @self: (out caller-allocates): a writer
 *
 * Makes @self ready for one document; end it with disp_json_writer_clear() or one of the steals.
 */
void
disp_json_writer_init (DispJsonWriter *self)
{
  self->text = g_string_new (NULL);
  self->comma = FALSE;
}

void
disp_json_writer_clear (DispJsonWriter *self)
{
  if (self->text != NULL)
    g_string_free (g_steal_pointer (&self->text), TRUE);
}

/**
 * disp_json_writer_steal:
 * @self: a writer
 *
 * Ends @self.
 *
 * Returns: (transfer full): the document
 */
char *
disp_json_writer_steal (DispJsonWriter *self)
{
  return g_string_free (g_steal_pointer (&self->text), FALSE);
}

/**
 * disp_json_writer_steal_bytes:
 * @self: a writer
 *
 * Ends @self.
 *
 * Returns: (transfer full): the document, without a NUL
 */
GBytes *
disp_json_writer_steal_bytes (DispJsonWriter *self)
{
  return g_string_free_to_bytes (g_steal_pointer (&self->text));
}

/**
 * disp_json_writer_take_bytes:
 * @self: a writer
 *
 * Takes off what was written so far; the document goes on.
 *
 * Returns: (transfer full): a part of the document
 */
GBytes *
disp_json_writer_take_bytes (DispJsonWriter *self)
{
  GBytes *part = g_bytes_new (self->text->str, self->text->len);

  g_string_truncate (self->text, 0);
  return part;
}

static void
append_escape (GString *text, guchar c)
{
  switch (c)
    {
    case '"':
    case '\\':
      g_string_append_c (text, '\\');
      g_string_append_c (text, (char) c);
      return;
    case '\b':
      g_string_append (text, "\\b");
      return;
    case '\f':
      g_string_append (text, "\\f");
      return;
    case '\n':
      g_string_append (text, "\\n");
      return;
    case '\r':
      g_string_append (text, "\\r");
      return;
    case '\t':
      g_string_append (text, "\\t");
      return;
    default:
      g_string_append_printf (text, "\\u%04x", c);
    }
}

/* Escapes what RFC 8259 section 7 says must be escaped.  @run is valid UTF-8, but for NULs. */
static void
append_escaped (GString *text, const char *run, gsize length)
{
  gsize start = 0;

  for (gsize i = 0; i < length; i++)
    {
      guchar c = (guchar) run[i];

      if (c >= 0x20 && c != '"' && c != '\\')
        continue;
      g_string_append_len (text, run + start, (gssize) (i - start));
      append_escape (text, c);
      start = i + 1;
    }
  g_string_append_len (text, run + start, (gssize) (length - start));
}

static void
append_string (GString *text, const char *value, gsize length)
{
  g_string_append_c (text, '"');
  while (length > 0)
    {
      const char *invalid;
      gsize valid;

      g_utf8_validate_len (value, length, &invalid);
      valid = (gsize) (invalid - value);
      append_escaped (text, value, valid);
      if (valid == length)
        break;
      if (*invalid == '\0')
        append_escape (text, '\0'); /* valid UTF-8, though not to GLib */
      else
        g_string_append (text, REPLACEMENT);
      value = invalid + 1;
      length -= valid + 1;
    }
  g_string_append_c (text, '"');
}

/* The comma before a value, and its key. */
static void
begin_value (DispJsonWriter *self, const char *key)
{
  if (self->comma)
    g_string_append_c (self->text, ',');
  self->comma = TRUE;
  if (key == NULL)
    return;
  append_string (self->text, key, strlen (key));
  g_string_append_c (self->text, ':');
}

/**
 * disp_json_writer_begin_object:
 * @self: a writer
 * @key: (nullable): its name in the object around it; %NULL in an array and at the top
 */
void
disp_json_writer_begin_object (DispJsonWriter *self, const char *key)
{
  begin_value (self, key);
  g_string_append_c (self->text, '{');
  self->comma = FALSE;
}

void
disp_json_writer_end_object (DispJsonWriter *self)
{
  g_string_append_c (self->text, '}');
  self->comma = TRUE;
}

/**
 * disp_json_writer_begin_array:
 * @self: a writer
 * @key: (nullable): its name in the object around it; %NULL in an array and at the top
 */
void
disp_json_writer_begin_array (DispJsonWriter *self, const char *key)
{
  begin_value (self, key);
  g_string_append_c (self->text, '[');
  self->comma = FALSE;
}

void
disp_json_writer_end_array (DispJsonWriter *self)
{
  g_string_append_c (self->text, ']');
  self->comma = TRUE;
}

/**
 * disp_json_writer_string:
 * @self: a writer
 * @key: (nullable): its name; %NULL in an array and at the top
 * @value: (nullable): a string; %NULL writes null
 */
void
disp_json_writer_string (DispJsonWriter *self, const char *key, const char *value)
{
  if (value == NULL)
    disp_json_writer_null (self, key);
  else
    disp_json_writer_text (self, key, value, strlen (value));
}

/**
 * disp_json_writer_text:
 * @self: a writer
 * @key: (nullable): its name; %NULL in an array and at the top
 * @value: any bytes
 * @length: how many
 *
 * Writes a string.  Bytes that are not UTF-8 become U+FFFD, one for each byte.
 */
void
disp_json_writer_text (DispJsonWriter *self, const char *key, const char *value, gsize length)
{
  begin_value (self, key);
  append_string (self->text, value, length);
}

/**
 * disp_json_writer_int:
 * @self: a writer
 * @key: (nullable): its name; %NULL in an array and at the top
 * @value: an integer
 */
void
disp_json_writer_int (DispJsonWriter *self, const char *key, gint64 value)
{
  begin_value (self, key);
  g_string_append_printf (self->text, "%" G_GINT64_FORMAT, value);
}

/**
 * disp_json_writer_double:
 * @self: a writer
 * @key: (nullable): its name; %NULL in an array and at the top
 * @value: a number
 *
 * Writes the fewest digits that read back as @value, whatever the locale.  JSON has neither NaN nor
 * infinities: they become null.
 */
void
disp_json_writer_double (DispJsonWriter *self, const char *key, double value)
{
  static const char *const formats[] = { "%.15g", "%.16g", "%.17g" };
  char digits[G_ASCII_DTOSTR_BUF_SIZE];

  if (!isfinite (value))
    {
      disp_json_writer_null (self, key);
      return;
    }
  begin_value (self, key);
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    {
      double back;

      g_ascii_formatd (digits, sizeof digits, formats[i], value);
      back = g_ascii_strtod (digits, NULL);
      if (memcmp (&back, &value, sizeof value) == 0)
        break;
    }
  g_string_append (self->text, digits);
}

/**
 * disp_json_writer_seconds:
 * @self: a writer
 * @key: (nullable): its name; %NULL in an array and at the top
 * @microseconds: a time or a duration in microseconds
 *
 * Writes it in seconds with six decimals: a double would lose the last of them.
 */
void
disp_json_writer_seconds (DispJsonWriter *self, const char *key, gint64 microseconds)
{
  guint64 amount = microseconds < 0 ? -(guint64) microseconds : (guint64) microseconds;

  begin_value (self, key);
  g_string_append_printf (self->text, "%s%" G_GUINT64_FORMAT ".%06u", microseconds < 0 ? "-" : "",
                          amount / G_USEC_PER_SEC, (guint) (amount % G_USEC_PER_SEC));
}

/**
 * disp_json_writer_boolean:
 * @self: a writer
 * @key: (nullable): its name; %NULL in an array and at the top
 * @value: true or false
 */
void
disp_json_writer_boolean (DispJsonWriter *self, const char *key, gboolean value)
{
  begin_value (self, key);
  g_string_append (self->text, value ? "true" : "false");
}

/**
 * disp_json_writer_null:
 * @self: a writer
 * @key: (nullable): its name; %NULL in an array and at the top
 */
void
disp_json_writer_null (DispJsonWriter *self, const char *key)
{
  begin_value (self, key);
  g_string_append (self->text, "null");
}

/**
 * disp_json_writer_raw:
 * @self: a writer
 * @key: (nullable): its name; %NULL in an array and at the top
 * @json: the text of one JSON value
 * @length: its length in bytes
 *
 * Writes @json as it is: the caller knows that it is one value.
 */
void
disp_json_writer_raw (DispJsonWriter *self, const char *key, const char *json, gsize length)
{
  begin_value (self, key);
  g_string_append_len (self->text, json, (gssize) length);
}
