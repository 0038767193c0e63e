/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/types.h"

/**
 * DispOutcome:
 * @DISP_OUTCOME_SUCCESS: a whole answer came, with a status below 500 other than 429
 * @DISP_OUTCOME_BUSY: it answered 429 or 503: it can take no more now; neither good nor bad
 * @DISP_OUTCOME_FAILURE: no whole answer, or one with another 5xx status
 * @DISP_OUTCOME_CANCELLED: the client hung up; says nothing about the container
 *
 * How an attempt ended.
 */
typedef enum
{
  DISP_OUTCOME_SUCCESS,
  DISP_OUTCOME_BUSY,
  DISP_OUTCOME_FAILURE,
  DISP_OUTCOME_CANCELLED,
} DispOutcome;

/**
 * DispStatsValues:
 * @in_flight: attempts begun and not ended
 * @started: attempts begun since the counters exist
 * @succeeded: of these, ended with %DISP_OUTCOME_SUCCESS
 * @busy: ended with %DISP_OUTCOME_BUSY
 * @failed: ended with %DISP_OUTCOME_FAILURE
 * @cancelled: ended with %DISP_OUTCOME_CANCELLED
 * @latency: mean duration of successful attempts in microseconds, exponentially weighted; 0 before
 * the first
 * @failing: whether the last attempt that tells something was a failure
 *
 * What disp_stats_read() copies out.  Each value is exact; together they are not one instant.
 */
typedef struct
{
  int in_flight;
  guint64 started;
  guint64 succeeded;
  guint64 busy;
  guint64 failed;
  guint64 cancelled;
  guint64 latency;
  gboolean failing;
} DispStatsValues;

/* How many classes of latencies are counted. */
#define DISP_STATS_N_LATENCIES 241

DispStats *disp_stats_new (void);
DispStats *disp_stats_ref (DispStats *self);
void disp_stats_unref (DispStats *self);

void disp_stats_begin (DispStats *self);
gboolean disp_stats_end (DispStats *self, DispOutcome outcome, gint64 duration);
int disp_stats_get_in_flight (DispStats *self);
void disp_stats_read (DispStats *self, DispStatsValues *values);
void disp_stats_read_latencies (DispStats *self, guint64 *counts);
guint64 disp_stats_get_latency_bound (guint index);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispStats, disp_stats_unref)
