/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/heartbeat.h"
#include "front/server.h"

/**
 * DispMakeSite:
 * @user_data: as given to disp_worker_new()
 *
 * Makes what a worker serves, on its thread.
 *
 * Returns: (transfer full): a site
 */
typedef DispSite *(*DispMakeSite) (gpointer user_data);

/**
 * DispWorkerSettings:
 * @clock: (transfer none): the clock
 * @reception: (transfer none): what all that serve share
 * @crew: (transfer none): those who serve the same addresses
 * @rate_limit: (transfer none): how often each client may ask
 * @terms: (transfer none): on what terms clients are served
 * @make_site: makes what is served
 * @ended: called once on the thread-default context of the maker of the worker, when that has ended
 * @user_data: for both
 *
 * What a worker is given.
 */
typedef struct
{
  DispClock *clock;
  DispReception *reception;
  DispCrew *crew;
  DispRateLimit *rate_limit;
  DispTerms *terms;
  DispMakeSite make_site;
  GSourceFunc ended;
  gpointer user_data;
} DispWorkerSettings;

typedef struct _DispWorker DispWorker;

DispWorker *disp_worker_new (const char *name, GPtrArray *sockets,
                             const DispWorkerSettings *settings);
void disp_worker_set_terms (DispWorker *self, DispTerms *terms);
DispHeartbeat *disp_worker_get_heartbeat (DispWorker *self);
void disp_worker_drain (DispWorker *self);
void disp_worker_abort (DispWorker *self);
void disp_worker_quit (DispWorker *self);
void disp_worker_free (DispWorker *self);
