/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/policy.h"

#define DISP_TYPE_RANDOM (disp_random_get_type ())
G_DECLARE_FINAL_TYPE (DispRandom, disp_random, DISP, RANDOM, GObject)

DispPolicy *disp_random_new (void);
