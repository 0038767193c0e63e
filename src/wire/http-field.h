/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/http-span.h"

/**
 * DispFieldKind:
 *
 * The header fields that decide what a request is, or what is done with it.
 */
typedef enum
{
  DISP_FIELD_OTHER,
  DISP_FIELD_HOST,
  DISP_FIELD_CONTENT_LENGTH,
  DISP_FIELD_TRANSFER_ENCODING,
  DISP_FIELD_CONNECTION,
  DISP_FIELD_EXPECT,
  DISP_FIELD_AUTHORIZATION,
  DISP_FIELD_CONTENT_TYPE,
  DISP_FIELD_CONTENT_ENCODING,
  DISP_FIELD_TIMEOUT,
  DISP_N_FIELD_KINDS /*< skip >*/
} DispFieldKind;

/**
 * DispFieldMarks:
 *
 * What the field lines so far have said.  All zero at the start.
 */
typedef struct
{
  guint seen;          /* a bit for each #DispFieldKind */
  guint64 body_length; /* of Content-Length, in bytes */
  gboolean closes;     /* Connection: close */
  gboolean stays;      /* Connection: keep-alive */
} DispFieldMarks;

/**
 * DispFieldLine:
 *
 * A field line in its parts.
 */
typedef struct
{
  DispSpan name;
  DispSpan value; /* without space around it */
} DispFieldLine;

gboolean disp_field_line_read (DispSpan line, DispFieldMarks *marks, DispFieldLine *field,
                               GError **error);
gboolean disp_field_marks_have (const DispFieldMarks *self, DispFieldKind kind);
