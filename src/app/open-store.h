/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "app/config.h"
#include "records/store.h"

char *disp_store_dup_path (const DispConfig *config);
DispStore *disp_store_open (const DispConfig *config, GError **error);
