/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

JsonNode *disp_yaml_scalar_resolve (const char *text);
