/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/serving-path.h"

/**
 * DispEndpoint:
 * @DISP_ENDPOINT_STATUS: GET /
 * @DISP_ENDPOINT_LIVE: GET /healthz/live
 * @DISP_ENDPOINT_READY: GET /healthz/ready
 * @DISP_ENDPOINT_MODELS: GET /v1/models
 * @DISP_ENDPOINT_PREDICT: POST /predict
 * @DISP_ENDPOINT_SERVING_CALL: POST /v1/models/M…:predict and its kin
 * @DISP_ENDPOINT_SERVING_QUERY: GET /v1/models/M…
 *
 * What a path leads to.
 */
typedef enum
{
  DISP_ENDPOINT_STATUS,
  DISP_ENDPOINT_LIVE,
  DISP_ENDPOINT_READY,
  DISP_ENDPOINT_MODELS,
  DISP_ENDPOINT_PREDICT,
  DISP_ENDPOINT_SERVING_CALL,
  DISP_ENDPOINT_SERVING_QUERY,
} DispEndpoint;

/**
 * DispMatch:
 *
 * Where a request goes.
 */
typedef struct
{
  DispEndpoint endpoint;
  DispServingTarget target; /* (owned) with the serving endpoints */
} DispMatch;

gboolean disp_routes_match (const char *path, DispMatch *match, GError **error);
const char *disp_endpoint_get_allow (DispEndpoint endpoint);
gboolean disp_endpoint_allows (DispEndpoint endpoint, const char *method);
void disp_match_clear (DispMatch *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DispMatch, disp_match_clear)
