/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/waiting-room.h"
#include "wire/serving-path.h"

/**
 * DispEngineSettings:
 * @timeout: the time that a request may take in all, in microseconds
 * @version_path: how versions are written into the paths of containers
 * @retry_after: in how many seconds the fleet may say something else
 * @payload_limit: the longest body that a record keeps, in bytes; -1 = all
 * @hold_answers: whether the answer of a container waits until its record is stored
 * @log_requests: whether each request is logged
 * @attempt_timeout: the time after which an attempt is given up, in microseconds; 0 = it is not,
 * but after half of the time of its request another is made beside it
 * @n_retries: how many further attempts a request may have after its first
 * @max_in_flight: how many attempts a container may have that says nothing else, or
 *   %DISP_CAPACITY_AUTO
 * @queue_policy: which of several models a free place goes to
 * @queue_limit: how many requests may wait for one model and version
 * @queue_bytes: how much memory those that wait may take together
 * @queue_timeout: how long a request may wait for a place, in microseconds; 0 = as long as it has
 * time
 * @not_idempotent: (nullable): the models whose requests are not sent twice
 * @hedged: (nullable): the models whose slow attempts get a second one beside them
 * @health_interval: how often containers are checked, in microseconds; 0 = never
 * @health_path: (nullable): what they are asked for then; %NULL = the status of each model
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
  gint64 attempt_timeout;
  guint n_retries;
  guint max_in_flight;
  DispQueuePolicy queue_policy;
  guint queue_limit;
  gsize queue_bytes;
  gint64 queue_timeout;
  char **not_idempotent;
  char **hedged;
  gint64 health_interval;
  char *health_path;
} DispEngineSettings;

DispEngineSettings *disp_engine_settings_new (const DispEngineSettings *values);
DispEngineSettings *disp_engine_settings_ref (DispEngineSettings *self);
DispWaitTerms disp_engine_settings_get_wait_terms (const DispEngineSettings *self);
void disp_engine_settings_unref (DispEngineSettings *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispEngineSettings, disp_engine_settings_unref)
