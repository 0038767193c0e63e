/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "app/config.h"
#include "engine/clock.h"
#include "engine/notice.h"
#include "records/store.h"

char *disp_config_dup_store_path (const DispConfig *config);
DispStore *disp_config_open_store (const DispConfig *config, DispClock *clock, DispNotice *notice,
                                   GError **error);
void disp_config_adjust_store (const DispConfig *config, DispStore *store);
