/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/policy.h"

#define DISP_TYPE_ROUND_ROBIN (disp_round_robin_get_type ())
G_DECLARE_FINAL_TYPE (DispRoundRobin, disp_round_robin, DISP, ROUND_ROBIN, GObject)

DispPolicy *disp_round_robin_new (void);
