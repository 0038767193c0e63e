/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/policy.h"

const char *const *disp_policy_get_names (void);
const char *disp_policy_get_summary (const char *name);

DispPolicySpec *disp_policy_spec_new (const char *name, GVariant *options, GError **error);
DispPolicySpec *disp_policy_spec_ref (DispPolicySpec *self);
void disp_policy_spec_unref (DispPolicySpec *self);
const char *disp_policy_spec_get_name (const DispPolicySpec *self);
GVariant *disp_policy_spec_get_options (const DispPolicySpec *self);
const char *disp_policy_spec_get_header (const DispPolicySpec *self);
gboolean disp_policy_spec_heeds_affinity (const DispPolicySpec *self);
gboolean disp_policy_spec_equal (const DispPolicySpec *self, const DispPolicySpec *other);
gboolean disp_policy_spec_check_fleet (const DispPolicySpec *self, DispFleet *fleet,
                                       GError **error);
DispPolicy *disp_policy_spec_create (const DispPolicySpec *self, const char *model);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispPolicySpec, disp_policy_spec_unref)
