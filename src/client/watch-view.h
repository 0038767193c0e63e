/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/invocation.h"
#include "client/statistics.h"

/**
 * DispWatchMoment:
 *
 * What there is to see at one moment.
 */
typedef struct
{
  const char *status;           /* (unowned) of the daemon */
  const char *policy;           /* (unowned) its */
  const DispStatistics *now;    /* (unowned) */
  const DispStatistics *before; /* (unowned) (nullable) what it is compared with */
} DispWatchMoment;

char *disp_watch_get_headline (const DispWatchMoment *moment);
DispTable *disp_watch_get_table (const DispWatchMoment *moment);
void disp_watch_write (DispJsonWriter *writer, const DispWatchMoment *moment);
