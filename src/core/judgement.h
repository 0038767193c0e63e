/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/place.h"

gboolean disp_judgement_is_sound (const DispRoute *route, guint index);
DispVerdict disp_judgement_of (const DispPlace *place, const DispRoute *route, DispOutcome outcome,
                               gint64 now);
