/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The header field in which a client says how long its request may take. */
#define DISP_TIMEOUT_FIELD "X-Timeout-Ms"

gboolean disp_timeout_field_parse (const char *value, gint64 *timeout, GError **error);
