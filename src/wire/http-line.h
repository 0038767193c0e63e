/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/http-head.h"
#include "wire/http-span.h"

/**
 * DispLineState:
 * @DISP_LINE_PARTIAL: more must come
 * @DISP_LINE_WHOLE: here is one
 * @DISP_LINE_END: the empty line that ends the head has come
 * @DISP_LINE_WRONG: it can be no line of a head, whatever comes
 */
typedef enum
{
  DISP_LINE_PARTIAL,
  DISP_LINE_WHOLE,
  DISP_LINE_END,
  DISP_LINE_WRONG,
} DispLineState;

DispLineState disp_http_line_next (DispHeadScan *scan, const char *bytes, gsize n, DispSpan *line,
                                   GError **error);
