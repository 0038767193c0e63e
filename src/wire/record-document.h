/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/record.h"
#include "wire/json-writer.h"

void disp_record_document_write (DispJsonWriter *writer, const char *key, const DispRecord *record);
gboolean disp_record_document_parse (const char *text, gsize length, GPtrArray *records,
                                     GError **error);
