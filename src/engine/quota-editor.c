/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/quota-editor.h"

G_DEFINE_INTERFACE (DispQuotaEditor, disp_quota_editor, G_TYPE_OBJECT)

static void
disp_quota_editor_default_init (G_GNUC_UNUSED DispQuotaEditorInterface *iface)
{
}

/**
 * disp_quota_editor_set_quota:
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
disp_quota_editor_set_quota (DispQuotaEditor *self, const DispQuotaChange *change, GError **error)
{
  return DISP_QUOTA_EDITOR_GET_IFACE (self)->set_quota (self, change, error);
}
