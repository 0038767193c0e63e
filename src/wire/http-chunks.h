/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The extensions of one chunk, and of all chunks of a body, with their semicolons, in bytes. */
#define DISP_MAX_CHUNK_EXTENSION 256
#define DISP_MAX_CHUNK_EXTENSIONS 4096
/* The trailer fields of a body: their names and values in bytes, and how many. */
#define DISP_MAX_TRAILER_SIZE 8192
#define DISP_MAX_TRAILERS 64

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
  guint n_digits;         /* of the size of the chunk */
  guint64 left;           /* of the data of the chunk, in bytes */
  gsize chunk_extensions; /* of the chunk so far, in bytes */
  gsize extensions;       /* of all chunks so far, in bytes */
  gsize trailers;         /* so far, in bytes */
  guint n_trailers;
  gsize name_length; /* of the trailer, in bytes */
  char name[24];     /* of the trailer, as much as fits; longer than all that are refused */
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
