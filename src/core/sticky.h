/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/policy.h"

/* How much more than its share a container may have in flight, unless the options say. */
#define DISP_STICKY_LOAD_FACTOR 1.25
#define DISP_STICKY_MAX_LOAD_FACTOR 100.0

#define DISP_TYPE_STICKY (disp_sticky_get_type ())
G_DECLARE_FINAL_TYPE (DispSticky, disp_sticky, DISP, STICKY, GObject)

gboolean disp_sticky_header_is_valid (const char *header);
gboolean disp_sticky_check (GVariant *options, GError **error);
const char *disp_sticky_get_header (GVariant *options);
DispPolicy *disp_sticky_new (GVariant *options, const char *model);
