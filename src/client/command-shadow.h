/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/commands.h"

gboolean disp_command_shadow (DispInvocation *self, GError **error);
