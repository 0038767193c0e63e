/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/policy-registry.h"

/* In the place of the name of a policy: there is no shadow policy. */
#define DISP_NO_SHADOW "none"

/**
 * DispPolicies:
 *
 * Which policy chooses for which model: the one that the configuration says, in its place one that
 * an operator set for all models, and over both those that an operator set for models of their own.
 * Immutable, and counted by references.
 */
typedef struct _DispPolicies DispPolicies;

DispPolicies *disp_policies_new (DispPolicySpec *configured);
DispPolicies *disp_policies_ref (DispPolicies *self);
void disp_policies_unref (DispPolicies *self);

DispPolicies *disp_policies_configure (DispPolicies *self, DispPolicySpec *configured);
DispPolicies *disp_policies_set (DispPolicies *self, const char *model, DispPolicySpec *spec);

DispPolicies *disp_policies_configure_shadow (DispPolicies *self, DispPolicySpec *configured);
DispPolicies *disp_policies_set_shadow (DispPolicies *self, DispPolicySpec *spec);
DispPolicies *disp_policies_reset (DispPolicies *self);

DispPolicySpec *disp_policies_get_configured (const DispPolicies *self);
DispPolicySpec *disp_policies_get (const DispPolicies *self, const char *model);
DispPolicySpec *disp_policies_get_own (const DispPolicies *self, const char *model);
DispPolicySpec *disp_policies_get_shadow (const DispPolicies *self);
const char *disp_policies_get_header (const DispPolicies *self, const char *model);
gboolean disp_policies_has_own_shadow (const DispPolicies *self);
GPtrArray *disp_policies_list_models (const DispPolicies *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispPolicies, disp_policies_unref)
