/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/policy.h"

#define DISP_TYPE_LEAST_LOADED (disp_least_loaded_get_type ())
G_DECLARE_FINAL_TYPE (DispLeastLoaded, disp_least_loaded, DISP, LEAST_LOADED, GObject)

DispPolicy *disp_least_loaded_new (void);

/**
 * disp_least_loaded_weigh:
 * @container: an eligible container
 *
 * Returns: how loaded it would be with one attempt more: attempts in flight by quota
 */
static inline double
disp_least_loaded_weigh (const DispContainer *container)
{
  return (disp_stats_get_in_flight (container->stats) + 1) / container->quota;
}
