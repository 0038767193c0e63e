/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/status.h"

/**
 * disp_status_to_string:
 * @status: a status
 *
 * Returns: (transfer none): its name in the HTTP status document and on the bus
 */
const char *
disp_status_to_string (DispStatus status)
{
  static const char *const names[] = {
    [DISP_STATUS_STARTING] = "starting",
    [DISP_STATUS_RUNNING] = "running",
    [DISP_STATUS_DEGRADED] = "degraded",
    [DISP_STATUS_DRAINING] = "draining",
  };

  return names[status];
}
