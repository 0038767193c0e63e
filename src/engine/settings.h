/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/serving-path.h"

/**
 * DispEngineSettings:
 * @timeout: the time that a request may take in all, in microseconds
 * @version_path: how versions are written into the paths of containers
 * @retry_after: in how many seconds the fleet may say something else
 * @payload_limit: the longest body that a record keeps, in bytes; -1 = all
 * @hold_answers: whether the answer of a container waits until its record is stored
 * @log_requests: whether each request is logged
 *
 * What the operator decided for the dispatching of requests.
 */
typedef struct
{
  gint64 timeout;
  DispVersionPath version_path;
  guint retry_after;
  gssize payload_limit;
  gboolean hold_answers;
  gboolean log_requests;
} DispEngineSettings;

DispEngineSettings *disp_engine_settings_new (const DispEngineSettings *values);
DispEngineSettings *disp_engine_settings_ref (DispEngineSettings *self);
void disp_engine_settings_unref (DispEngineSettings *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispEngineSettings, disp_engine_settings_unref)
