/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

gboolean disp_status_document_parse (const char *text, gsize length, const gint64 *versions,
                                     guint n_versions, gboolean *available, char **state,
                                     GError **error);
gboolean disp_status_document_is_missing (const char *text, gsize length, const char *model);
