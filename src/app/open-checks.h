/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/health-checks.h"

DispHealthChecks *disp_app_open_checks (DispSwitchboard *switchboard);
