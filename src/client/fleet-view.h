/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/snapshot.h"
#include "wire/json-writer.h"

void disp_container_write (DispJsonWriter *writer, const DispMember *container);
void disp_model_write (DispJsonWriter *writer, const DispSnapshot *snapshot,
                       const DispMember *model);
const char *disp_container_get_state (GVariant *properties);
char *disp_container_get_models (GVariant *properties);
