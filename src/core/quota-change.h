/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

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
