/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/fleet.h"

/* The longest fleet document that is read, in bytes, and the deepest. */
#define DISP_FLEET_DOCUMENT_MAX_SIZE (16 * 1024 * 1024)
#define DISP_FLEET_DOCUMENT_MAX_DEPTH 32

/**
 * DispDocumentFormat:
 * @DISP_DOCUMENT_YAML: YAML 1.1 as libyaml reads it, with the core schema's scalars
 * @DISP_DOCUMENT_JSON: JSON
 */
typedef enum
{
  DISP_DOCUMENT_YAML,
  DISP_DOCUMENT_JSON,
} DispDocumentFormat;

DispFleet *disp_fleet_document_parse (const char *text, gsize length, DispDocumentFormat format,
                                      DispFleet *previous, GError **error);
GPtrArray *disp_fleet_document_parse_models (const char *text, gsize length, GError **error);
GPtrArray *disp_fleet_document_parse_containers (const char *text, gsize length, GError **error);
