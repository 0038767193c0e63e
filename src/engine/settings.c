/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/settings.h"

#include "core/tsan.h"

/**
 * disp_engine_settings_new:
 * @values: what the operator decided; copied
 *
 * Settings that can be shared: immutable, counted by references.  A request keeps those that it
 * began with.
 *
 * Returns: (transfer full): the settings
 */
DispEngineSettings *
disp_engine_settings_new (const DispEngineSettings *values)
{
  DispEngineSettings *self = g_atomic_rc_box_new (DispEngineSettings);

  *self = *values;
  self->not_idempotent = g_strdupv (values->not_idempotent);
  self->hedged = g_strdupv (values->hedged);
  self->health_path = g_strdup (values->health_path);
  return self;
}

/**
 * disp_engine_settings_ref:
 * @self: settings of disp_engine_settings_new()
 *
 * Returns: (transfer full): @self; any thread
 */
DispEngineSettings *
disp_engine_settings_ref (DispEngineSettings *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
settings_clear (gpointer data)
{
  DispEngineSettings *self = data;

  DISP_TSAN_ACQUIRE (self);
  g_strfreev (self->not_idempotent);
  g_strfreev (self->hedged);
  g_free (self->health_path);
}

/**
 * disp_engine_settings_unref:
 * @self: (transfer full): settings of disp_engine_settings_new()
 *
 * Gives a reference up; whichever thread gives up the last frees them.
 */
void
disp_engine_settings_unref (DispEngineSettings *self)
{
  DISP_TSAN_RELEASE (self);
  g_atomic_rc_box_release_full (self, settings_clear);
}

/**
 * disp_engine_settings_get_wait_terms:
 * @self: settings
 *
 * Returns: on what terms requests wait for places
 */
DispWaitTerms
disp_engine_settings_get_wait_terms (const DispEngineSettings *self)
{
  return (DispWaitTerms){
    .policy = self->queue_policy,
    .max_in_flight = self->max_in_flight,
    .limit = self->queue_limit,
    .n_bytes = self->queue_bytes,
  };
}
