/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/fleet.h"
#include "wire/json-writer.h"

void disp_models_document_write (DispJsonWriter *writer, DispFleet *fleet, const char *node);
void disp_containers_document_write (DispJsonWriter *writer, DispFleet *fleet, const char *node);
void disp_container_document_write (DispJsonWriter *writer, const char *key,
                                    const DispContainer *container);
