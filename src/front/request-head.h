/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "front/site.h"

#include <libsoup/soup.h>

const DispEndpoint *disp_request_head_check (SoupServerMessage *message, DispSite *site,
                                             gsize body_limit, DispTarget *target, GError **error);
void disp_request_head_set_too_large (gsize body_limit, GError **error);
goffset disp_request_head_get_body_length (SoupServerMessage *message);
gboolean disp_request_head_is_persistent (SoupServerMessage *message);
