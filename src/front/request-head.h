/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "front/site.h"
#include "wire/http-head.h"

const DispEndpoint *disp_request_head_find (const DispHttpHead *head, DispSite *site,
                                            const DispResource **resource, DispTarget *target,
                                            GError **error);
gboolean disp_request_head_check_body (const DispHttpHead *head, DispBodyUse use, gsize limit,
                                       GError **error);
