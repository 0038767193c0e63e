/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/clock.h"
#include "engine/transport.h"
#include "upstream/upstream-limits.h"

#define DISP_TYPE_SOUP_TRANSPORT (disp_soup_transport_get_type ())
G_DECLARE_FINAL_TYPE (DispSoupTransport, disp_soup_transport, DISP, SOUP_TRANSPORT, GObject)

DispTransport *disp_soup_transport_new (DispClock *clock, DispUpstreamLimits *limits);
