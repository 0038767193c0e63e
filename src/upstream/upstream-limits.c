/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "upstream/upstream-limits.h"

#include "core/tsan.h"

#include <stdatomic.h>

/* The values do not depend on each other, so each is atomic by itself. */
struct _DispUpstreamLimits
{
  atomic_llong connect_timeout; /* (atomic) */
  atomic_uint idle_timeout;     /* (atomic) */
  atomic_ullong answer_limit;   /* (atomic) */
};

/**
 * disp_upstream_limits_new:
 * @settings: the settings at first
 *
 * Returns: (transfer full): limits
 */
DispUpstreamLimits *
disp_upstream_limits_new (const DispUpstreamSettings *settings)
{
  DispUpstreamLimits *self = g_atomic_rc_box_new0 (DispUpstreamLimits);

  disp_upstream_limits_set (self, settings);
  return self;
}

/**
 * disp_upstream_limits_ref:
 * @self: limits
 *
 * Returns: (transfer full): @self; any thread
 */
DispUpstreamLimits *
disp_upstream_limits_ref (DispUpstreamLimits *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
limits_clear (gpointer data)
{
  DISP_TSAN_ACQUIRE (data);
}

/**
 * disp_upstream_limits_unref:
 * @self: (transfer full): limits
 *
 * Gives a reference up; whichever thread gives up the last frees them.
 */
void
disp_upstream_limits_unref (DispUpstreamLimits *self)
{
  DISP_TSAN_RELEASE (self);
  g_atomic_rc_box_release_full (self, limits_clear);
}

/**
 * disp_upstream_limits_set:
 * @self: limits
 * @settings: the settings of calls that begin from now on
 *
 * Any thread.
 */
void
disp_upstream_limits_set (DispUpstreamLimits *self, const DispUpstreamSettings *settings)
{
  atomic_store (&self->connect_timeout, settings->connect_timeout);
  atomic_store (&self->idle_timeout, settings->idle_timeout);
  atomic_store (&self->answer_limit, settings->answer_limit);
}

/**
 * disp_upstream_limits_get:
 * @self: limits
 *
 * Returns: the settings in force; any thread
 */
DispUpstreamSettings
disp_upstream_limits_get (DispUpstreamLimits *self)
{
  return (DispUpstreamSettings){
    .connect_timeout = atomic_load (&self->connect_timeout),
    .idle_timeout = atomic_load (&self->idle_timeout),
    .answer_limit = (gsize) atomic_load (&self->answer_limit),
  };
}
