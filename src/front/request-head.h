/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "front/site.h"
#include "wire/http-head.h"

const DispEndpoint *disp_request_head_check (const DispHttpHead *head, const DispResource *resource,
                                             gsize body_limit, GError **error);
