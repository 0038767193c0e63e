/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/clock.h"
#include "engine/notice.h"

typedef struct _DispOutage DispOutage;

DispOutage *disp_outage_new (DispClock *clock, DispNotice *notice, const char *store);
void disp_outage_free (DispOutage *self);
void disp_outage_note (DispOutage *self, const GError *error);
char *disp_outage_dup_problem (DispOutage *self);
