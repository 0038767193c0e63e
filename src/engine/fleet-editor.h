/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/container.h"
#include "core/quota-change.h"

#include <gio/gio.h>

#define DISP_TYPE_FLEET_EDITOR (disp_fleet_editor_get_type ())
G_DECLARE_INTERFACE (DispFleetEditor, disp_fleet_editor, DISP, FLEET_EDITOR, GObject)

/**
 * DispFleetEditorInterface:
 * @set_quota: see disp_fleet_editor_set_quota()
 * @reset_quota: see disp_fleet_editor_reset_quota()
 * @set_drained: see disp_fleet_editor_set_drained()
 * @reset: see disp_fleet_editor_reset()
 *
 * The port through which containers are changed from outside.  Main thread.
 */
struct _DispFleetEditorInterface
{
  GTypeInterface parent;
  DispContainer *(*set_quota) (DispFleetEditor *self, const DispQuotaChange *change,
                               GError **error);
  DispContainer *(*reset_quota) (DispFleetEditor *self, const DispQuotaChange *which,
                                 GError **error);
  DispContainer *(*set_drained) (DispFleetEditor *self, const DispQuotaChange *which,
                                 gboolean drained, GError **error);
  gboolean (*reset) (DispFleetEditor *self, GError **error);
};

DispContainer *disp_fleet_editor_set_quota (DispFleetEditor *self, const DispQuotaChange *change,
                                            GError **error);
DispContainer *disp_fleet_editor_reset_quota (DispFleetEditor *self, const DispQuotaChange *which,
                                              GError **error);
DispContainer *disp_fleet_editor_set_drained (DispFleetEditor *self, const DispQuotaChange *which,
                                              gboolean drained, GError **error);
gboolean disp_fleet_editor_reset (DispFleetEditor *self, GError **error);
