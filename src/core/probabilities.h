/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/policy.h"

#define DISP_TYPE_PROBABILITIES (disp_probabilities_get_type ())
G_DECLARE_FINAL_TYPE (DispProbabilities, disp_probabilities, DISP, PROBABILITIES, GObject)

gboolean disp_probabilities_check (GVariant *options, GError **error);
gboolean disp_probabilities_check_fleet (GVariant *options, DispFleet *fleet, GError **error);
DispPolicy *disp_probabilities_new (GVariant *options, const char *model);
