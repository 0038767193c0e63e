/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/http-span.h"

gboolean disp_http_coding_check (DispSpan value, GError **error);
