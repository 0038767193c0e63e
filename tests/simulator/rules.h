/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/reply.h"
#include "simulator/plan.h"

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
  guint n_extra;
  gboolean was_read;
  guint n_replies;
} SimAsk;

/**
 * SimRules:
 * @settings: (unowned): what holds for all requests
 * @are_kept: whether it is dispatcherd that is watched, so that its promises count
 * @n_active: how many requests are under way
 * @n_first: how many requests had an attempt
 * @n_extra: how many attempts are under way beyond one for each request
 * @n_retries: how many attempts there were after another one of their requests
 * @n_hedges: how many began beside another one
 * @n_idle: for each model, how many requests have no attempt under way
 * @max_idle: the most that ever were
 * @in_flight: (owned) (element-type DispCapacity guint): attempts under way
 * @broken: (owned) (nullable): the first promise that was not kept
 *
 * What dispatcherd promises, watched from outside.
 */
typedef struct
{
  const DispEngineSettings *settings;
  gboolean are_kept;
  guint n_active;
  guint64 n_first;
  guint n_extra;
  guint64 n_retries;
  guint64 n_hedges;
  guint n_idle[SIM_MAX_MODELS];
  guint max_idle[SIM_MAX_MODELS];
  GHashTable *in_flight;
  char *broken;
} SimRules;

void sim_rules_init (SimRules *self, const DispEngineSettings *settings, gboolean are_kept);
void sim_rules_clear (SimRules *self);
void sim_rules_came (SimRules *self, SimAsk *ask);
void sim_rules_sent (SimRules *self, SimAsk *ask, DispContainer *container, gint64 now);
void sim_rules_ended (SimRules *self, SimAsk *ask, DispContainer *container, int status);
void sim_rules_replied (SimRules *self, SimAsk *ask, gint64 now);
void sim_rules_settled (SimRules *self);
void sim_rules_break (SimRules *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
