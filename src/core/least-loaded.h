/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/policy.h"

#define DISP_TYPE_LEAST_LOADED (disp_least_loaded_get_type ())
G_DECLARE_FINAL_TYPE (DispLeastLoaded, disp_least_loaded, DISP, LEAST_LOADED, GObject)

DispPolicy *disp_least_loaded_new (void);
double disp_least_loaded_weigh (const DispContainer *container);
