/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/clock.h"
#include "sources/source.h"

#define DISP_TYPE_FILE_SOURCE (disp_file_source_get_type ())
G_DECLARE_FINAL_TYPE (DispFileSource, disp_file_source, DISP, FILE_SOURCE, GObject)

DispSource *disp_file_source_new (const char *path, DispClock *clock);
