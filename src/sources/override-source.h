/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sources/source.h"

#define DISP_TYPE_OVERRIDE_SOURCE (disp_override_source_get_type ())
G_DECLARE_FINAL_TYPE (DispOverrideSource, disp_override_source, DISP, OVERRIDE_SOURCE, GObject)

DispOverrideSource *disp_override_source_new (DispSource *source, const char *state_dir,
                                              GError **error);
void disp_override_source_set_source (DispOverrideSource *self, DispSource *source,
                                      DispFleet *fleet);
gboolean disp_override_source_is_failing (DispOverrideSource *self);
guint64 disp_override_source_count_readings (DispOverrideSource *self);
