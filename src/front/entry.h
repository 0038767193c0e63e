/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "front/rate-limit.h"
#include "front/terms.h"

/**
 * DispEntryRefusal:
 * @challenge: (unowned) (nullable): the WWW-Authenticate header field, static
 * @retry_after: in how many seconds the client may ask again; 0: that is not said
 *
 * What a client is told, besides the error, that may not come in.
 */
typedef struct
{
  const char *challenge;
  guint retry_after;
} DispEntryRefusal;

gboolean disp_entry_check (const DispTerms *terms, DispRateLimit *rate_limit,
                           const char *authorization, const char *peer, gint64 now,
                           DispEntryRefusal *refusal, GError **error);
