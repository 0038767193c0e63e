/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/types.h"

#include <stdatomic.h>
#include <stdbool.h>

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

/**
 * DispStats:
 *
 * Counters of one container, or of the whole daemon.  All of it is atomic.
 */
struct _DispStats
{
  atomic_int in_flight;    /* (atomic) */
  atomic_ullong started;   /* (atomic) */
  atomic_ullong succeeded; /* (atomic) */
  atomic_ullong busy;      /* (atomic) */
  atomic_ullong failed;    /* (atomic) */
  atomic_ullong cancelled; /* (atomic) */
  atomic_ullong latency;   /* (atomic) mean in microseconds, times 8; 0 = no sample yet */
  atomic_ullong latencies[DISP_STATS_N_LATENCIES]; /* (atomic) */
  atomic_bool failing; /* (atomic) whether the last attempt that tells was a failure */
};

DispStats *disp_stats_new (void);
DispStats *disp_stats_ref (DispStats *self);
void disp_stats_unref (DispStats *self);

void disp_stats_begin (DispStats *self);
gboolean disp_stats_end (DispStats *self, DispOutcome outcome, gint64 duration);
void disp_stats_read (DispStats *self, DispStatsValues *values);
void disp_stats_read_latencies (DispStats *self, guint64 *counts);
guint64 disp_stats_get_latency_bound (guint index);

/**
 * disp_stats_get_in_flight:
 * @self: the counters
 *
 * Asked of each candidate at each decision, so it stands here, to cost no call.
 *
 * Returns: how many attempts have begun and not ended, by all threads; never less than 0
 */
static inline int
disp_stats_get_in_flight (DispStats *self)
{
  /* The end of an attempt may be seen before its begin, which another thread counted. */
  return MAX (atomic_load_explicit (&self->in_flight, memory_order_relaxed), 0);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispStats, disp_stats_unref)
