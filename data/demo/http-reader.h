/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The longest head of a request, its longest trailer section, and its longest body, in bytes. */
#define DEMO_HTTP_MAX_HEAD (16 * 1024)
#define DEMO_HTTP_MAX_BODY (256 * 1024 * 1024)

/**
 * DemoHttpStage:
 * @DEMO_HTTP_HEAD: the head is still to come
 * @DEMO_HTTP_BODY: a body whose length is known
 * @DEMO_HTTP_CHUNK_SIZE: the line before a chunk
 * @DEMO_HTTP_CHUNK: a chunk and its line end
 * @DEMO_HTTP_TRAILERS: what follows the last chunk
 */
typedef enum
{
  DEMO_HTTP_HEAD,
  DEMO_HTTP_BODY,
  DEMO_HTTP_CHUNK_SIZE,
  DEMO_HTTP_CHUNK,
  DEMO_HTTP_TRAILERS,
} DemoHttpStage;

/**
 * DemoHttpResult:
 * @DEMO_HTTP_REQUEST: a request is complete
 * @DEMO_HTTP_MORE: more bytes are needed
 * @DEMO_HTTP_REFUSED: what came is no request; nothing after it can be understood
 */
typedef enum
{
  DEMO_HTTP_REQUEST,
  DEMO_HTTP_MORE,
  DEMO_HTTP_REFUSED,
} DemoHttpResult;

/**
 * DemoHttpReader:
 *
 * Reads requests of HTTP/1.1 (RFC 9112), one after the other, out of the bytes of a connection.
 */
typedef struct
{
  GByteArray *input; /* (owned) what came; the owner of the reader appends to it */
  gsize at;          /* how much of it was read */
  DemoHttpStage stage;
  gboolean wants_continue; /* the client waits for a 100 before it sends the body */

  /* the current request */
  char *method; /* (owned) */
  char *target; /* (owned) */
  gboolean keep_alive;
  gsize expected;     /* what is still to come of the body, or of the chunk */
  GString *collected; /* (owned) the chunks so far */
  const char *body;   /* (not owned) within input or collected */
  gsize body_length;

  /* of a refusal */
  guint status;
  const char *reason; /* (not owned) static */
} DemoHttpReader;

void demo_http_reader_init (DemoHttpReader *self);
void demo_http_reader_clear (DemoHttpReader *self);
DemoHttpResult demo_http_reader_next (DemoHttpReader *self);
