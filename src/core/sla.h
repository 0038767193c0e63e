/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/policy.h"

#define DISP_TYPE_SLA (disp_sla_get_type ())
G_DECLARE_FINAL_TYPE (DispSla, disp_sla, DISP, SLA, GObject)

DispPolicy *disp_sla_new (void);
