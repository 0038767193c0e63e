/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/json-writer.h"

void disp_variant_write (DispJsonWriter *writer, const char *key, GVariant *value);
