/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/policy.h"

#define DISP_TYPE_FASTEST (disp_fastest_get_type ())
G_DECLARE_FINAL_TYPE (DispFastest, disp_fastest, DISP, FASTEST, GObject)

DispPolicy *disp_fastest_new (void);
