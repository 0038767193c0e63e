/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * DispRefusal:
 * @error: (nullable): why
 * @allow: (nullable): the Allow header field
 * @challenge: (nullable): the WWW-Authenticate header field
 * @retry_after: (nullable): the Retry-After header field
 *
 * Why a request is not served, and what its client is told besides.
 */
typedef struct
{
  GError *error;
  char *allow;
  char *challenge;
  char *retry_after;
} DispRefusal;

void disp_refusal_clear (DispRefusal *self);
GBytes *disp_refusal_to_bytes (const DispRefusal *self, const char *request_id,
                               gboolean without_body);
GBytes *disp_error_to_response (const GError *error);
const char *disp_status_get_phrase (guint status);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DispRefusal, disp_refusal_clear)
