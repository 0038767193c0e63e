/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/override.h"

/* The longest document of overrides, in bytes. */
#define DISP_OVERRIDE_DOCUMENT_MAX_SIZE (64 * 1024 * 1024)

GBytes *disp_override_document_write (GPtrArray *overrides);
GPtrArray *disp_override_document_parse (const char *text, gsize length, GError **error);
