/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "upstream/slot-pool.h"
#include "upstream/soup-transport.h"

void disp_call_start (GTask *task, DispClock *clock, const DispUpstreamSettings *settings,
                      DispSlotPool *pool, DispContainer *container, DispRequest *request,
                      GUri *uri);
