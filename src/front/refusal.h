/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * DispRefusal:
 * @error: (unowned): why
 * @allow: (unowned) (nullable): the Allow header field
 * @request_id: (unowned) (nullable): the X-Request-Id to echo
 * @without_body: the client asked with HEAD
 *
 * A response that is written without SoupServer, on a connection that ends with it.
 */
typedef struct
{
  const GError *error;
  const char *allow;
  const char *request_id;
  gboolean without_body;
} DispRefusal;

GBytes *disp_refusal_to_bytes (const DispRefusal *self);
const char *disp_status_get_phrase (guint status);
