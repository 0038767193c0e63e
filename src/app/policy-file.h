/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/policies.h"

DispPolicies *disp_policy_file_load (const char *path, DispPolicies *policies, GError **error);
gboolean disp_policy_file_save (const char *path, DispPolicies *policies, GError **error);
