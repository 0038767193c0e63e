/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/request.h"

/**
 * DispVersionPath:
 * @DISP_VERSION_PATH_EXACT: /v1/models/M/versions/V:predict
 * @DISP_VERSION_PATH_LATEST: /v1/models/M:predict, for fleets whose version is not the one served
 * @DISP_VERSION_PATH_ORIGINAL: /v<version>/models/M:predict, as the original dispatcher wrote it
 *
 * How the version of a model is written into the path of a container.  A label is always written as
 * a label.
 */
typedef enum
{
  DISP_VERSION_PATH_EXACT,
  DISP_VERSION_PATH_LATEST,
  DISP_VERSION_PATH_ORIGINAL,
} DispVersionPath;

/**
 * DispServingTarget:
 *
 * What a path of the TensorFlow Serving REST form names.
 */
typedef struct
{
  char *model;         /* (owned) percent-decoded */
  DispVersion version; /* (owned) */
  DispVerb verb;
} DispServingTarget;

gboolean disp_serving_path_parse (const char *path, DispServingTarget *target, GError **error);
char *disp_serving_path_build (DispVersionPath rule, const char *model, const DispVersion *version,
                               gint64 route_version, DispVerb verb);
void disp_serving_target_clear (DispServingTarget *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DispServingTarget, disp_serving_target_clear)
