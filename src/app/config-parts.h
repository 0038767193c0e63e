/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "app/config.h"
#include "core/policies.h"
#include "engine/settings.h"
#include "records/request-log.h"
#include "upstream/soup-transport.h"

DispPolicySpec *disp_config_new_policy (const DispConfig *config, GError **error);
gboolean disp_config_new_shadow (const DispConfig *config, DispPolicySpec **shadow, GError **error);
gboolean disp_config_check_fleet (const DispConfig *config, const DispPolicySpec *policy,
                                  DispFleet *fleet, GError **error);
DispEngineSettings disp_config_for_engine (const DispConfig *config);
DispRequestLogSettings disp_config_for_log (const DispConfig *config);
DispUpstreamSettings disp_config_for_upstream (const DispConfig *config);
