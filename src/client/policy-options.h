/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

GVariant *disp_policy_options_parse (const char *const *words, GError **error);
char *disp_policy_options_to_text (GVariant *options);
