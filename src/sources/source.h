/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/fleet.h"

#include <gio/gio.h>

#define DISP_TYPE_SOURCE (disp_source_get_type ())
G_DECLARE_INTERFACE (DispSource, disp_source, DISP, SOURCE, GObject)

/**
 * DispSourceInterface:
 * @inherit: (nullable): see disp_source_inherit()
 * @start: see disp_source_start()
 * @refresh: see disp_source_refresh()
 * @stop: see disp_source_stop()
 * @describe: see disp_source_describe()
 *
 * Where the fleet comes from.  Everything happens on the thread-default context in which the source
 * was started.
 */
struct _DispSourceInterface
{
  GTypeInterface parent;
  void (*inherit) (DispSource *self, DispFleet *fleet);
  gboolean (*start) (DispSource *self, GError **error);
  guint (*refresh) (DispSource *self);
  void (*stop) (DispSource *self);
  const char *(*describe) (DispSource *self);
};

void disp_source_inherit (DispSource *self, DispFleet *fleet);
gboolean disp_source_start (DispSource *self, GError **error);
guint disp_source_refresh (DispSource *self);
void disp_source_stop (DispSource *self);
const char *disp_source_describe (DispSource *self);

/* For implementations. */
void disp_source_emit_fleet (DispSource *self, DispFleet *fleet);
void disp_source_emit_failed (DispSource *self, const GError *error);
