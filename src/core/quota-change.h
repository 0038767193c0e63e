/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/fleet.h"

/**
 * DispQuotaChange:
 *
 * A new quota for one container, which is named by its id or its name, or by several of these when
 * one does not tell.
 */
typedef struct
{
  char *container_id; /* (owned) (nullable) */
  char *container;    /* (owned) (nullable) its name; with an id as well both must be right */
  double quota;
  char *endpoint; /* (owned) (nullable) with it that must be right too */
} DispQuotaChange;

DispContainer *disp_quota_change_find (const DispQuotaChange *self, DispFleet *fleet,
                                       GError **error);
DispContainer *disp_quota_change_find_any (const DispQuotaChange *self, DispFleet *fleet,
                                           GError **error);
void disp_quota_change_clear (DispQuotaChange *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DispQuotaChange, disp_quota_change_clear)
