/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/open-checks.h"

#include "upstream/soup-transport.h"

/* How long opening a connection may take, in microseconds: the time that a check has is over
 * before. */
#define CONNECT_TIMEOUT (10 * G_USEC_PER_SEC)
/* The longest status that a model may have, in bytes. */
#define ANSWER_LIMIT (1024 * 1024)

/**
 * disp_app_open_checks:
 * @switchboard: what is in force
 *
 * Checks containers from now on, each time over a connection of its own, which is closed at once: a
 * model server may take one at a time, and must not wait for the checks to give it up.  Main
 * thread.
 *
 * Returns: (transfer full): what checks them
 */
DispHealthChecks *
disp_app_open_checks (DispSwitchboard *switchboard)
{
  const DispUpstreamSettings settings = {
    .connect_timeout = CONNECT_TIMEOUT,
    .idle_timeout = 0,
    .answer_limit = ANSWER_LIMIT,
  };
  g_autoptr (DispUpstreamLimits) limits = disp_upstream_limits_new (&settings);

  return disp_health_checks_new (
      switchboard, disp_soup_transport_new (disp_switchboard_get_clock (switchboard), limits),
      g_rand_new ());
}
