/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/switchboard.h"
#include "engine/transport.h"

/**
 * DispHealthChecks:
 *
 * Asks the containers of the fleet, again and again, whether they serve their models.  It belongs
 * to the thread that made it.
 */
typedef struct _DispHealthChecks DispHealthChecks;

DispHealthChecks *disp_health_checks_new (DispSwitchboard *switchboard, DispTransport *transport,
                                          GRand *random);
void disp_health_checks_free (DispHealthChecks *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispHealthChecks, disp_health_checks_free)
