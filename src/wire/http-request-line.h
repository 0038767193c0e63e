/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/http-target.h"

/**
 * DispRequestLine:
 *
 * The first line of a request.
 */
typedef struct
{
  const char *method; /* (unowned) static */
  DispHttpTarget target;
  guint minor_version; /* 0 or 1 */
} DispRequestLine;

gboolean disp_request_line_read (DispSpan line, DispRequestLine *request_line, GError **error);
