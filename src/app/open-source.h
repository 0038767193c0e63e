/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "app/config.h"
#include "engine/clock.h"
#include "sources/source.h"

gboolean disp_config_open_source (const DispConfig *config, DispClock *clock, DispSource **source,
                                  GError **error);
