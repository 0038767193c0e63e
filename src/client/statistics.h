/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * DispCounters:
 *
 * What was counted of requests, of all or of those of one container, since the start.
 */
typedef struct
{
  char *path;      /* (owned) (nullable) of the container */
  char *container; /* (owned) (nullable) its name, as in a DispSnapshot */
  char *endpoint;  /* (owned) (nullable) where it is */
  double quota;
  guint64 capacity; /* how many requests it may have at once */
  gboolean eligible;
  guint64 in_flight;
  guint64 requests;
  guint64 succeeded;
  guint64 failed;
  guint64 cancelled;
  guint64 latency;     /* the mean, in microseconds; 0 = not known */
  GVariant *latencies; /* (owned) a(tt): an upper bound in microseconds, and how many were in it */
} DispCounters;

/**
 * DispStatistics:
 *
 * All counters of a daemon at one moment.
 */
typedef struct
{
  guint64 time;   /* of the monotonic clock, in microseconds */
  guint64 uptime; /* in microseconds */
  DispCounters all;
  guint64 waiting; /* of those in flight, for a place */
  guint64 waited;  /* since the start */
  guint64 refused; /* since too many waited */
  guint64 records_stored;
  guint64 records_queued;
  guint64 records_spooled;
  guint64 records_refused;
  guint64 records_dropped;
  guint64 records_lost;
  GPtrArray *containers; /* (owned) (element-type DispCounters, owned) by their names */
} DispStatistics;

DispStatistics *disp_statistics_parse (GVariant *document);
void disp_statistics_free (DispStatistics *self);
gboolean disp_statistics_follows (const DispStatistics *self, const DispStatistics *before);
const DispCounters *disp_statistics_find (const DispStatistics *self, const char *path);
guint64 disp_counters_percentile (const DispCounters *self, const DispCounters *before,
                                  double fraction);
double disp_counters_rate (const DispCounters *self, const DispCounters *before, guint64 span);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispStatistics, disp_statistics_free)
