/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * DispChunkReader:
 *
 * Reads the chunked transfer coding (RFC 9112, section 7.1) as it comes, however it is cut.  A
 * plain value; all zero at the start.
 */
typedef struct
{
  /*< private >*/
  guint stage;
  guint n_digits;    /* of the size of the chunk */
  guint64 left;      /* of the data of the chunk, in bytes */
  gsize line_length; /* of the line in progress, in bytes */
  gsize extra;       /* extensions and trailers so far, in bytes */
  guint n_trailers;
} DispChunkReader;

/**
 * DispChunkState:
 * @DISP_CHUNKS_PARTIAL: more must come
 * @DISP_CHUNKS_DATA: some of the body was found
 * @DISP_CHUNKS_COMPLETE: the body has ended, with its trailers
 * @DISP_CHUNKS_WRONG: it keeps the rules no longer
 */
typedef enum
{
  DISP_CHUNKS_PARTIAL,
  DISP_CHUNKS_DATA,
  DISP_CHUNKS_COMPLETE,
  DISP_CHUNKS_WRONG,
} DispChunkState;

/**
 * DispChunkStep:
 *
 * What one step found.
 */
typedef struct
{
  gsize consumed; /* how many bytes belong to the step, with the data */
  gsize offset;   /* with DISP_CHUNKS_DATA: where in the bytes the data begins */
  gsize length;   /* of the data, in bytes */
} DispChunkStep;

DispChunkState disp_chunk_reader_step (DispChunkReader *self, const char *bytes, gsize n,
                                       DispChunkStep *step, GError **error);
guint64 disp_chunk_reader_get_left (const DispChunkReader *self);
void disp_chunk_reader_skip (DispChunkReader *self, guint64 n);
