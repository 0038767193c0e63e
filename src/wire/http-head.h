/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The longest request line, without its end, and the longest head, with the empty line, in bytes.
 */
#define DISP_MAX_REQUEST_LINE 8192
#define DISP_MAX_HEAD_SIZE 16384
/* As many header fields as a head may have. */
#define DISP_MAX_FIELDS 100

/**
 * DispHeadScan:
 *
 * How far a head that is coming was looked at.  All zero at the start.
 */
typedef struct
{
  gsize length;  /* of the lines that are complete, in bytes */
  gsize scanned; /* how many bytes were looked at */
  guint n_lines; /* complete ones, with the request line */
  gsize skipped; /* empty line before the request line, in bytes */
  /*< private >*/
  guint seen; /* a bit for each field with rules of its own that has come */
} DispHeadScan;

/**
 * DispHeadState:
 * @DISP_HEAD_PARTIAL: more must come
 * @DISP_HEAD_COMPLETE: the empty line has come
 * @DISP_HEAD_WRONG: it can be no head, whatever comes
 */
typedef enum
{
  DISP_HEAD_PARTIAL,
  DISP_HEAD_COMPLETE,
  DISP_HEAD_WRONG,
} DispHeadState;

/**
 * DispHttpField:
 *
 * A header field of a request.
 */
typedef struct
{
  const char *name;  /* (unowned) as it was written */
  const char *value; /* (unowned) without space around it */
} DispHttpField;

/**
 * DispBodyFraming:
 * @DISP_BODY_NONE: there is no body, and the head does not speak of one
 * @DISP_BODY_LENGTH: Content-Length says how long it is, which may be 0
 * @DISP_BODY_CHUNKS: it comes in chunks
 *
 * How the end of a body is found.
 */
typedef enum
{
  DISP_BODY_NONE,
  DISP_BODY_LENGTH,
  DISP_BODY_CHUNKS,
} DispBodyFraming;

/**
 * DispHttpHead:
 *
 * The head of a request that keeps every rule of RFC 9110 and RFC 9112 that a server can check.
 */
typedef struct
{
  const char *method;    /* (unowned) static */
  guint minor_version;   /* 0 or 1 */
  const char *path;      /* (unowned) percent-encoded, begins with "/" */
  const char *query;     /* (unowned) (nullable) percent-encoded, without the question mark */
  const char *authority; /* (unowned) (nullable) of the target, else of Host */
  DispHttpField *fields; /* (owned) in their order */
  guint n_fields;
  DispBodyFraming framing;
  guint64 body_length;    /* with DISP_BODY_LENGTH, in bytes */
  gboolean is_persistent; /* as far as the request goes, another may follow */
  gboolean expects_continue;
  /*< private >*/
  char *text; /* (owned) what the others point into */
} DispHttpHead;

DispHeadState disp_http_head_scan (DispHeadScan *scan, const char *bytes, gsize n, GError **error);
DispHttpHead *disp_http_head_parse (const char *bytes, gsize length, GError **error);
void disp_http_head_free (DispHttpHead *self);
const char *disp_http_head_get (const DispHttpHead *self, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispHttpHead, disp_http_head_free)
