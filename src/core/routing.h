/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/policies.h"
#include "core/shadow.h"
#include "core/tail.h"

DispRouting *disp_routing_new (DispFleet *fleet, DispPolicies *policies, DispRouting *previous);
DispRouting *disp_routing_ref (DispRouting *self);
void disp_routing_unref (DispRouting *self);

DispFleet *disp_routing_get_fleet (const DispRouting *self);
DispPolicies *disp_routing_get_policies (const DispRouting *self);
DispPolicy *disp_routing_get_policy (const DispRouting *self, const DispRoute *route);
DispTail *disp_routing_get_tail (const DispRouting *self, const DispRoute *route);
DispShadow *disp_routing_get_shadow (const DispRouting *self, const DispRoute *route);
void disp_routing_count_shadow (const DispRouting *self, const char *model,
                                DispShadowCounts *counts);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispRouting, disp_routing_unref)
