/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/container.h"
#include "core/quota-change.h"

#include <gio/gio.h>

#define DISP_TYPE_QUOTA_EDITOR (disp_quota_editor_get_type ())
G_DECLARE_INTERFACE (DispQuotaEditor, disp_quota_editor, DISP, QUOTA_EDITOR, GObject)

/**
 * DispQuotaEditorInterface:
 * @set_quota: see disp_quota_editor_set_quota()
 *
 * The port through which the quotas of containers are changed from outside.
 */
struct _DispQuotaEditorInterface
{
  GTypeInterface parent;
  DispContainer *(*set_quota) (DispQuotaEditor *self, const DispQuotaChange *change,
                               GError **error);
};

DispContainer *disp_quota_editor_set_quota (DispQuotaEditor *self, const DispQuotaChange *change,
                                            GError **error);
