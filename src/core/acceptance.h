/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/place.h"
#include "core/policy.h"

gboolean disp_acceptance_ask (DispPolicy *policy, const DispRoute *route, guint index,
                              const DispPlaceQuery *query, guint n_before, gint64 waited);
