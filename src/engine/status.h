/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * DispStatus:
 * @DISP_STATUS_STARTING: not yet serving
 * @DISP_STATUS_RUNNING: all is well
 * @DISP_STATUS_DEGRADED: serving as far as possible; something that an operator must look at is
 * wrong
 * @DISP_STATUS_DRAINING: stopping: what is in flight ends, nothing new begins
 *
 * How the daemon as a whole is.
 */
typedef enum
{
  DISP_STATUS_STARTING,
  DISP_STATUS_RUNNING,
  DISP_STATUS_DEGRADED,
  DISP_STATUS_DRAINING,
} DispStatus;

const char *disp_status_to_string (DispStatus status);
