/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "app/fleet-feed.h"
#include "app/options.h"
#include "front/terms.h"

/**
 * DispReloadParts:
 * @options: what the configuration is loaded from; outlives the reload
 * @config: the configuration in force, which is changed in its place; outlives the reload
 * @policy: the policy that @config says
 * @clock: the clock
 * @switchboard: gets the policy, the fleet, the settings, and what went wrong
 * @feed: gets the source of the fleet
 * @open_address: (transfer none) (nullable): where others than this machine can ask for
 *   predictions; %NULL = nowhere
 * @began: (nullable): called before the files are read
 * @apply: called when a new configuration has come into force, to give it to the other parts, with
 *   the terms on which predictions are served from then on
 * @ended: (nullable): called when it is done, or was refused, before those are told who asked
 * @user_data: for the three
 *
 * What a reload is given.
 */
typedef struct
{
  const DispOptions *options;
  DispConfig *config;
  DispPolicySpec *policy;
  DispClock *clock;
  DispSwitchboard *switchboard;
  DispFleetFeed *feed;
  const char *open_address;
  void (*began) (gpointer user_data);
  void (*apply) (DispTerms *terms, gpointer user_data);
  void (*ended) (gpointer user_data);
  gpointer user_data;
} DispReloadParts;

typedef struct _DispReload DispReload;

DispReload *disp_reload_new (const DispReloadParts *parts);
void disp_reload_async (DispReload *self, gpointer source, GAsyncReadyCallback callback,
                        gpointer user_data);
gboolean disp_reload_finish (gpointer source, GAsyncResult *result, GError **error);
void disp_reload_free (DispReload *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispReload, disp_reload_free)
