/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/record-archive.h"

gboolean disp_record_query_parse (const char *query, const char *node, DispRecordFilter *filter,
                                  GError **error);
