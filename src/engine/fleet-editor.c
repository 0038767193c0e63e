/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/fleet-editor.h"

G_DEFINE_INTERFACE (DispFleetEditor, disp_fleet_editor, G_TYPE_OBJECT)

static void
disp_fleet_editor_default_init (G_GNUC_UNUSED DispFleetEditorInterface *iface)
{
}

/**
 * disp_fleet_editor_set_quota:
 * @self: an editor
 * @change: which container, and its new quota
 * @error: %DISP_ERROR_NO_FLEET if no container is known yet; %DISP_ERROR_UNKNOWN_CONTAINER if there
 *   is none such; %DISP_ERROR_INVALID_VALUE, saying what to give, if there are several;
 *   %DISP_ERROR_FAILED if the change could not be kept
 *
 * Changes the quota of a container: in force for the very next request, and kept over a restart.
 * Main thread.
 *
 * Returns: (transfer full) (nullable): the container as it is now
 */
DispContainer *
disp_fleet_editor_set_quota (DispFleetEditor *self, const DispQuotaChange *change, GError **error)
{
  return DISP_FLEET_EDITOR_GET_IFACE (self)->set_quota (self, change, error);
}

/**
 * disp_fleet_editor_reset_quota:
 * @self: an editor
 * @which: which container; the quota does not count
 * @error: as of disp_fleet_editor_set_quota()
 *
 * Lets the source of the fleet say the quota of a container again.
 *
 * Returns: (transfer full) (nullable): the container as it is now
 */
DispContainer *
disp_fleet_editor_reset_quota (DispFleetEditor *self, const DispQuotaChange *which, GError **error)
{
  return DISP_FLEET_EDITOR_GET_IFACE (self)->reset_quota (self, which, error);
}

/**
 * disp_fleet_editor_set_drained:
 * @self: an editor
 * @which: which container; the quota does not count
 * @drained: whether it gets no more requests
 * @error: as of disp_fleet_editor_set_quota()
 *
 * Those that a container has not answered yet go on.  In force for the very next request, and kept
 * over a restart.
 *
 * Returns: (transfer full) (nullable): the container as it is now
 */
DispContainer *
disp_fleet_editor_set_drained (DispFleetEditor *self, const DispQuotaChange *which,
                               gboolean drained, GError **error)
{
  return DISP_FLEET_EDITOR_GET_IFACE (self)->set_drained (self, which, drained, error);
}

/**
 * disp_fleet_editor_reset:
 * @self: an editor
 * @error: %DISP_ERROR_FAILED if what is forgotten could not be written
 *
 * Forgets all quotas and drains that were set, also of containers that are not in the fleet.
 *
 * Returns: whether that is done
 */
gboolean
disp_fleet_editor_reset (DispFleetEditor *self, GError **error)
{
  return DISP_FLEET_EDITOR_GET_IFACE (self)->reset (self, error);
}
