/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * DispUpstreamSettings:
 * @connect_timeout: how long opening a connection may take, in microseconds
 * @idle_timeout: how long an idle connection is kept, in seconds; best below the model server's own
 * @answer_limit: the longest body that a container may answer with, in bytes
 *
 * What the operator decided for the calls to containers.
 */
typedef struct
{
  gint64 connect_timeout;
  guint idle_timeout;
  gsize answer_limit;
} DispUpstreamSettings;

/**
 * DispUpstreamLimits:
 *
 * The settings in force, which all transports share.  Any thread may read and change them; a call
 * keeps those that it began with.
 */
typedef struct _DispUpstreamLimits DispUpstreamLimits;

DispUpstreamLimits *disp_upstream_limits_new (const DispUpstreamSettings *settings);
DispUpstreamLimits *disp_upstream_limits_ref (DispUpstreamLimits *self);
void disp_upstream_limits_unref (DispUpstreamLimits *self);
void disp_upstream_limits_set (DispUpstreamLimits *self, const DispUpstreamSettings *settings);
DispUpstreamSettings disp_upstream_limits_get (DispUpstreamLimits *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispUpstreamLimits, disp_upstream_limits_unref)
