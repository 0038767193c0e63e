/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/http-chunks.h"

#include "core/error.h"
#include "wire/http-span.h"

#include <string.h>

/* As many as a size of 64 bits has. */
#define MAX_SIZE_DIGITS 16

/* What the next byte belongs to.  Those of an extension stand together, and those of a trailer, for
 * they are counted. */
typedef enum
{
  STAGE_SIZE,
  STAGE_SIZE_LF,
  STAGE_DATA,
  STAGE_DATA_CR,
  STAGE_DATA_LF,
  STAGE_EXTENSION_START,
  STAGE_EXTENSION_NAME,
  STAGE_EXTENSION_VALUE_START,
  STAGE_EXTENSION_TOKEN,
  STAGE_EXTENSION_QUOTED,
  STAGE_EXTENSION_ESCAPED,
  STAGE_EXTENSION_QUOTED_END,
  STAGE_TRAILER_START,
  STAGE_TRAILER_NAME,
  STAGE_TRAILER_VALUE,
  STAGE_TRAILER_LF,
  STAGE_END_LF,
  STAGE_COMPLETE,
  STAGE_WRONG,
  N_STAGES,
} Stage;

/* What may not come after the body, for it says how the message is framed, where it goes, what its
 * body is, or who sends it (RFC 9110, section 6.5.1).  Nobody here reads trailers, but whoever
 * stands before or behind us may. */
static const char *const refused_trailers[] = {
  "Authorization",
  "Connection",
  "Content-Encoding",
  "Content-Length",
  "Content-Range",
  "Content-Type",
  "Cookie",
  "Expect",
  "Host",
  "Keep-Alive",
  "Max-Forwards",
  "Proxy-Authorization",
  "Proxy-Connection",
  "TE",
  "Trailer",
  "Transfer-Encoding",
  "Upgrade",
};

/* What may be in the value of a field, and in a quoted string (RFC 9110, 5.5 and 5.6.4). */
static gboolean
is_text (char byte)
{
  return byte == '\t' || !disp_char_is_control (byte);
}

static gboolean
refuse_byte (char byte, const char *where, const char *expected, GError **error)
{
  g_autofree char *name = g_ascii_isgraph (byte) ? g_strdup_printf ("'%c'", byte)
                                                 : g_strdup_printf ("byte 0x%02x", (guchar) byte);

  return disp_http_fail (error, DISP_ERROR_BAD_REQUEST, "a chunked body has %s %s, expected %s",
                         name, where, expected);
}

static gboolean
go (DispChunkReader *self, Stage stage)
{
  self->stage = stage;
  return TRUE;
}

/* RFC 9112 takes any number of zeros before; no honest client writes them. */
static gboolean
take_size (DispChunkReader *self, char byte, GError **error)
{
  if (g_ascii_isxdigit (byte))
    {
      if (self->n_digits == MAX_SIZE_DIGITS)
        return disp_http_fail (error, DISP_ERROR_BAD_REQUEST,
                               "a chunk has a size of more than %d hexadecimal digits",
                               MAX_SIZE_DIGITS);
      self->n_digits++;
      self->left = self->left << 4 | (guint) g_ascii_xdigit_value (byte);
      return TRUE;
    }
  if (self->n_digits == 0)
    return refuse_byte (byte, "where a chunk begins", "its size in hexadecimal digits", error);
  if (byte == ';')
    return go (self, STAGE_EXTENSION_START);
  if (byte == '\r')
    return go (self, STAGE_SIZE_LF);
  return refuse_byte (byte, "after the size of a chunk", "CR LF, or a semicolon and an extension",
                      error);
}

static gboolean
take_size_lf (DispChunkReader *self, char byte, GError **error)
{
  if (byte != '\n')
    return refuse_byte (byte, "after the CR behind the size of a chunk", "LF", error);
  self->chunk_extensions = 0;
  self->n_digits = 0;
  return go (self, self->left > 0 ? STAGE_DATA : STAGE_TRAILER_START);
}

static gboolean
take_data_cr (DispChunkReader *self, char byte, GError **error)
{
  return byte == '\r' ? go (self, STAGE_DATA_LF)
                      : refuse_byte (byte, "after the data of a chunk", "CR LF", error);
}

static gboolean
take_data_lf (DispChunkReader *self, char byte, GError **error)
{
  return byte == '\n' ? go (self, STAGE_SIZE)
                      : refuse_byte (byte, "after the CR behind the data of a chunk", "LF", error);
}

/* The grammar lets space stand around the semicolon and the equals sign, and tells everybody not to
 * write any; it is where readers of chunks differ, so it is refused. */
static gboolean
take_extension_start (DispChunkReader *self, char byte, GError **error)
{
  return disp_char_is_token (byte)
             ? go (self, STAGE_EXTENSION_NAME)
             : refuse_byte (byte, "after the semicolon behind the size of a chunk",
                            "the name of an extension", error);
}

static gboolean
end_extension (DispChunkReader *self, char byte, GError **error)
{
  if (byte == ';')
    return go (self, STAGE_EXTENSION_START);
  if (byte == '\r')
    return go (self, STAGE_SIZE_LF);
  return refuse_byte (byte, "in the extension of a chunk", "a token, a semicolon or CR LF", error);
}

static gboolean
take_extension_name (DispChunkReader *self, char byte, GError **error)
{
  if (byte == '=')
    return go (self, STAGE_EXTENSION_VALUE_START);
  return disp_char_is_token (byte) || end_extension (self, byte, error);
}

static gboolean
take_extension_value_start (DispChunkReader *self, char byte, GError **error)
{
  if (byte == '"')
    return go (self, STAGE_EXTENSION_QUOTED);
  return disp_char_is_token (byte)
             ? go (self, STAGE_EXTENSION_TOKEN)
             : refuse_byte (byte, "where the value of the extension of a chunk begins",
                            "a token or a quoted string", error);
}

static gboolean
take_extension_token (DispChunkReader *self, char byte, GError **error)
{
  return disp_char_is_token (byte) || end_extension (self, byte, error);
}

static gboolean
take_extension_quoted (DispChunkReader *self, char byte, GError **error)
{
  if (byte == '"')
    return go (self, STAGE_EXTENSION_QUOTED_END);
  if (byte == '\\')
    return go (self, STAGE_EXTENSION_ESCAPED);
  return is_text (byte)
         || refuse_byte (byte, "in the quoted extension of a chunk", "text and a closing quote",
                         error);
}

static gboolean
take_extension_escaped (DispChunkReader *self, char byte, GError **error)
{
  return is_text (byte)
             ? go (self, STAGE_EXTENSION_QUOTED)
             : refuse_byte (byte, "after a backslash in the extension of a chunk", "text", error);
}

static gboolean
take_trailer_start (DispChunkReader *self, char byte, GError **error)
{
  if (byte == '\r')
    return go (self, STAGE_END_LF);
  if (!disp_char_is_token (byte))
    return refuse_byte (byte, "where a trailer field begins", "its name, or CR LF for the end",
                        error);
  if (self->n_trailers == DISP_MAX_TRAILERS)
    return disp_http_fail (error, DISP_ERROR_HEAD_TOO_LARGE,
                           "a chunked body has more than %d trailer fields", DISP_MAX_TRAILERS);
  self->n_trailers++;
  self->name[0] = byte;
  self->name_length = 1;
  return go (self, STAGE_TRAILER_NAME);
}

static gboolean
check_trailer_name (const DispChunkReader *self, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (refused_trailers); i++)
    if (strlen (refused_trailers[i]) == self->name_length
        && g_ascii_strncasecmp (refused_trailers[i], self->name, self->name_length) == 0)
      return disp_http_fail (
          error, DISP_ERROR_BAD_REQUEST,
          "a chunked body has %s as a trailer field, which belongs into the head",
          refused_trailers[i]);
  return TRUE;
}

static gboolean
take_trailer_name (DispChunkReader *self, char byte, GError **error)
{
  if (byte == ':')
    return check_trailer_name (self, error) && go (self, STAGE_TRAILER_VALUE);
  if (!disp_char_is_token (byte))
    return refuse_byte (byte, "in the name of a trailer field", "a token and a colon", error);
  if (self->name_length < sizeof self->name)
    self->name[self->name_length] = byte;
  self->name_length++;
  return TRUE;
}

static gboolean
take_trailer_value (DispChunkReader *self, char byte, GError **error)
{
  if (byte == '\r')
    return go (self, STAGE_TRAILER_LF);
  return is_text (byte)
         || refuse_byte (byte, "in the value of a trailer field", "text and CR LF", error);
}

static gboolean
take_trailer_lf (DispChunkReader *self, char byte, GError **error)
{
  return byte == '\n' ? go (self, STAGE_TRAILER_START)
                      : refuse_byte (byte, "after the CR behind a trailer field", "LF", error);
}

static gboolean
take_end_lf (DispChunkReader *self, char byte, GError **error)
{
  return byte == '\n' ? go (self, STAGE_COMPLETE)
                      : refuse_byte (byte, "after the CR at the end", "LF", error);
}

/* One for each stage in which bytes are looked at one by one. */
static gboolean (*const takers[N_STAGES]) (DispChunkReader *self, char byte, GError **error) = {
  [STAGE_SIZE] = take_size,
  [STAGE_SIZE_LF] = take_size_lf,
  [STAGE_DATA_CR] = take_data_cr,
  [STAGE_DATA_LF] = take_data_lf,
  [STAGE_EXTENSION_START] = take_extension_start,
  [STAGE_EXTENSION_NAME] = take_extension_name,
  [STAGE_EXTENSION_VALUE_START] = take_extension_value_start,
  [STAGE_EXTENSION_TOKEN] = take_extension_token,
  [STAGE_EXTENSION_QUOTED] = take_extension_quoted,
  [STAGE_EXTENSION_ESCAPED] = take_extension_escaped,
  [STAGE_EXTENSION_QUOTED_END] = end_extension,
  [STAGE_TRAILER_START] = take_trailer_start,
  [STAGE_TRAILER_NAME] = take_trailer_name,
  [STAGE_TRAILER_VALUE] = take_trailer_value,
  [STAGE_TRAILER_LF] = take_trailer_lf,
  [STAGE_END_LF] = take_end_lf,
};

/* Counts the byte that was taken last, if it adds to what is limited.  Without the limits a client
 * could send any amount in front of each byte of its body. */
static gboolean
count (DispChunkReader *self, GError **error)
{
  if (self->stage >= STAGE_EXTENSION_START && self->stage <= STAGE_EXTENSION_QUOTED_END)
    {
      self->chunk_extensions++;
      self->extensions++;
    }
  else if (self->stage == STAGE_TRAILER_NAME || self->stage == STAGE_TRAILER_VALUE)
    self->trailers++;

  if (self->chunk_extensions > DISP_MAX_CHUNK_EXTENSION)
    return disp_http_fail (error, DISP_ERROR_HEAD_TOO_LARGE,
                           "a chunk has extensions of more than %d bytes",
                           DISP_MAX_CHUNK_EXTENSION);
  if (self->extensions > DISP_MAX_CHUNK_EXTENSIONS)
    return disp_http_fail (error, DISP_ERROR_HEAD_TOO_LARGE,
                           "the chunks of a body have extensions of more than %d bytes",
                           DISP_MAX_CHUNK_EXTENSIONS);
  if (self->trailers > DISP_MAX_TRAILER_SIZE)
    return disp_http_fail (error, DISP_ERROR_HEAD_TOO_LARGE,
                           "the trailer fields of a body have more than %d bytes",
                           DISP_MAX_TRAILER_SIZE);
  return TRUE;
}

/**
 * disp_chunk_reader_step:
 * @self: a reader, to which no step was wrong yet
 * @bytes: (array length=n): what has come since the end of the step before
 * @n: its length in bytes
 * @step: (out caller-allocates): what was found
 * @error: what is wrong: #DISP_ERROR_BAD_REQUEST, or #DISP_ERROR_HEAD_TOO_LARGE for extensions or
 * trailers above their limits
 *
 * Reads on, at most to the end of the next piece of data; the caller takes away what was consumed,
 * and asks again until all is consumed or the body is complete.  Nothing is copied or kept: the
 * data is where @step says in @bytes.  What comes after the end of the body is not consumed.
 *
 * A chunk says how long it is before its data comes: disp_chunk_reader_get_left() lets the caller
 * refuse a body before it has come.
 *
 * Returns: what was found; @step is set but with #DISP_CHUNKS_WRONG
 */
DispChunkState
disp_chunk_reader_step (DispChunkReader *self, const char *bytes, gsize n, DispChunkStep *step,
                        GError **error)
{
  gsize i = 0;

  g_return_val_if_fail (self != NULL && self->stage < STAGE_WRONG, DISP_CHUNKS_WRONG);
  g_return_val_if_fail (bytes != NULL || n == 0, DISP_CHUNKS_WRONG);
  g_return_val_if_fail (step != NULL, DISP_CHUNKS_WRONG);
  while (i < n && self->stage != STAGE_DATA && self->stage != STAGE_COMPLETE)
    {
      if (!takers[self->stage](self, bytes[i], error) || !count (self, error))
        {
          self->stage = STAGE_WRONG;
          return DISP_CHUNKS_WRONG;
        }
      i++;
    }
  *step = (DispChunkStep){ .consumed = i };
  if (self->stage == STAGE_COMPLETE)
    return DISP_CHUNKS_COMPLETE;
  if (i == n)
    return DISP_CHUNKS_PARTIAL;
  step->offset = i;
  step->length = (gsize) MIN (self->left, n - i);
  step->consumed += step->length;
  disp_chunk_reader_skip (self, step->length);
  return DISP_CHUNKS_DATA;
}

/**
 * disp_chunk_reader_get_left:
 * @self: a reader
 *
 * Returns: how many bytes of data the chunk that has begun still has, all of which come next; 0
 * between chunks.  Up to 2⁶⁴ - 1, as the client says.
 */
guint64
disp_chunk_reader_get_left (const DispChunkReader *self)
{
  g_return_val_if_fail (self != NULL, 0);
  return self->stage == STAGE_DATA ? self->left : 0;
}

/**
 * disp_chunk_reader_skip:
 * @self: a reader
 * @n: how many bytes, at most disp_chunk_reader_get_left()
 *
 * Goes on behind data that the caller has read by itself, straight to where it belongs.
 */
void
disp_chunk_reader_skip (DispChunkReader *self, guint64 n)
{
  g_return_if_fail (self != NULL && n <= disp_chunk_reader_get_left (self));
  if (n == 0)
    return;
  self->left -= n;
  if (self->left == 0)
    self->stage = STAGE_DATA_CR;
}
