/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "control/bus-parts.h"

gboolean disp_policy_call_set (const DispBusParts *parts, const char *model, GVariant *parameters,
                               GError **error);
gboolean disp_policy_call_set_shadow (const DispBusParts *parts, GVariant *parameters,
                                      GError **error);
gboolean disp_policy_call_write (const DispBusParts *parts, const char *model, GVariant *parameters,
                                 GError **error);
