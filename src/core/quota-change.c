/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/quota-change.h"

void
disp_quota_change_clear (DispQuotaChange *self)
{
  g_clear_pointer (&self->container_id, g_free);
  g_clear_pointer (&self->container, g_free);
}
