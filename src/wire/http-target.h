/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/http-span.h"

/**
 * DispHttpTarget:
 *
 * The target of a request, in its parts.
 */
typedef struct
{
  DispSpan authority; /* empty in origin-form */
  DispSpan path;      /* percent-encoded; empty for "/" when the target has an authority alone */
  DispSpan query;     /* percent-encoded, without the question mark */
  gboolean has_query; /* which may be empty */
} DispHttpTarget;

gboolean disp_http_target_read (DispSpan text, DispHttpTarget *target, GError **error);
