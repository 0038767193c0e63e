/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "control/object-tree.h"

GVariant *disp_explanation_new (DispSwitchboard *switchboard, DispObjectTree *tree,
                                const char *model, const char **policy, GError **error);
