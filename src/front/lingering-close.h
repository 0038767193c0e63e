/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/clock.h"
#include "front/connection.h"

void disp_lingering_close (DispConnection *connection, SoupServerMessage *message, GBytes *response,
                           DispClock *clock);
