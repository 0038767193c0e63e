/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/json-member.h"

gboolean disp_json_object_read (DispJsonScanner *scanner, const char *const *names, guint n_names,
                                DispJsonMember *members, GError **error);
