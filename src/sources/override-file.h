/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/override.h"

GPtrArray *disp_override_file_load (const char *path, GError **error);
gboolean disp_override_file_save (const char *path, GPtrArray *overrides, GError **error);
