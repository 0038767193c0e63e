/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/clock.h"
#include "sources/source.h"

#define DISP_TYPE_MANAGER_SOURCE (disp_manager_source_get_type ())
G_DECLARE_FINAL_TYPE (DispManagerSource, disp_manager_source, DISP, MANAGER_SOURCE, GObject)

DispSource *disp_manager_source_new (const char *url, gint64 refresh_interval, DispClock *clock,
                                     GRand *random, GError **error);
void disp_manager_source_set_authorization (DispManagerSource *self, const char *authorization);
