/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "app/config.h"
#include "app/inherited-sockets.h"
#include "app/service.h"

gboolean disp_config_check_open (const DispConfig *config, const char *address, GError **error);
gboolean disp_config_open_service (const DispConfig *config, DispSetting setting, guint n_threads,
                                   DispInheritedSockets *inherited, DispService **service,
                                   GError **error);
