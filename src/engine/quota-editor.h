/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/container.h"

#include <gio/gio.h>

#define DISP_TYPE_QUOTA_EDITOR (disp_quota_editor_get_type ())
G_DECLARE_INTERFACE (DispQuotaEditor, disp_quota_editor, DISP, QUOTA_EDITOR, GObject)

/**
 * DispQuotaChange:
 *
 * A new quota for one container, which is named by its id or, when no two have the same, by its
 * name.
 */
typedef struct
{
  char *container_id; /* (owned) (nullable) */
  char *container;    /* (owned) (nullable) its name; with an id as well both must be right */
  double quota;
} DispQuotaChange;

void disp_quota_change_clear (DispQuotaChange *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DispQuotaChange, disp_quota_change_clear)

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
