/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "app/config.h"

char *disp_config_keep (DispConfig *self, const DispConfig *old);
gboolean disp_config_has_same_policy (const DispConfig *self, const DispConfig *other);
void disp_config_swap (DispConfig *self, DispConfig *other);
