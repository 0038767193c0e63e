/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/reply.h"
#include "simulator/plan.h"

/* The most attempts that a request has at once. */
#define SIM_MAX_OPEN 2

/**
 * SimTry:
 * @container: (unowned): where it is
 * @began: when it began
 *
 * An attempt under way.
 */
typedef struct
{
  const DispContainer *container;
  gint64 began;
} SimTry;

/**
 * SimAsk:
 * @request: (owned): what is asked
 * @cancellable: (owned): the client hangs up by it
 * @stream: (unowned): of which stream it is
 * @model: the number of its model
 * @sla: the target of its model, in microseconds; 0 = none
 * @arrived: when it came
 * @patience: (owned) (nullable): the client hangs up when it rings
 * @n_sent: how many attempts it had
 * @n_open: how many of them have not ended
 * @open: (array length=n_open): where those are, and when they began
 * @n_extra: how many of those are more than one that it is due
 * @was_read: whether a model server got any of it
 * @n_replies: how many replies it got
 *
 * A request under way.
 */
typedef struct
{
  DispRequest *request;
  GCancellable *cancellable;
  gpointer stream;
  guint model;
  gint64 sla;
  gint64 arrived;
  GSource *patience;
  guint n_sent;
  guint n_open;
  SimTry open[SIM_MAX_OPEN];
  guint n_extra;
  gboolean was_read;
  guint n_replies;
} SimAsk;

/**
 * SimRules:
 * @settings: (unowned): what holds for all requests
 * @are_kept: whether it is dispatcherd that is watched, so that its promises count
 * @may_wait_again: whether what waits may have to look again where it can go, as the fleet changes
 * @n_active: how many requests are under way
 * @peaks: the most that were under way in the time that a request may have, and in that before
 * @peak_end: when that time is over
 * @n_first: how many requests had an attempt
 * @n_extra: how many attempts are under way beyond one for each request
 * @n_retries: how many attempts there were in place of another one of their requests
 * @n_hedges: how many began beside another one that still had time
 * @n_fresh: for each model, how many requests had no attempt yet
 * @fresh_bytes: how much memory the bodies of all those take
 * @max_fresh: the most that ever were when all was done that was to be done at once
 * @in_flight: (owned) (element-type DispCapacity guint): attempts under way
 * @broken: (owned) (nullable): the first promise that was not kept
 *
 * What dispatcherd promises, watched from outside.
 */
typedef struct
{
  const DispEngineSettings *settings;
  gboolean are_kept;
  gboolean may_wait_again;
  guint n_active;
  guint peaks[2];
  gint64 peak_end;
  guint64 n_first;
  guint n_extra;
  guint64 n_retries;
  guint64 n_hedges;
  guint n_fresh[SIM_MAX_MODELS];
  gsize fresh_bytes;
  guint max_fresh[SIM_MAX_MODELS];
  GHashTable *in_flight;
  char *broken;
} SimRules;

void sim_rules_init (SimRules *self, const DispEngineSettings *settings, gboolean are_kept);
void sim_rules_clear (SimRules *self);
void sim_rules_came (SimRules *self, SimAsk *ask, gint64 now);
void sim_rules_sent (SimRules *self, SimAsk *ask, DispContainer *container, gint64 now);
void sim_rules_ended (SimRules *self, SimAsk *ask, DispContainer *container, int status);
void sim_rules_replied (SimRules *self, SimAsk *ask, gint64 now);
void sim_rules_settled (SimRules *self);
void sim_rules_break (SimRules *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
