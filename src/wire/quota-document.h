/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/quota-change.h"

gboolean disp_quota_document_parse (const char *text, gsize length, DispQuotaChange *change,
                                    GError **error);
