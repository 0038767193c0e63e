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
 * @body_limit: the longest body of a request, in bytes
 * @make_site: makes what is served
 * @ended: called once on the thread-default context of the maker of the worker, when that has ended
 * @user_data: for both
 *
 * What a worker is given.
 */
typedef struct
{
  DispClock *clock;
  gsize body_limit;
  DispMakeSite make_site;
  GSourceFunc ended;
  gpointer user_data;
} DispWorkerSettings;

typedef struct _DispWorker DispWorker;

DispWorker *disp_worker_new (const char *name, GPtrArray *sockets,
                             const DispWorkerSettings *settings);
void disp_worker_set_body_limit (DispWorker *self, gsize body_limit);
DispHeartbeat *disp_worker_get_heartbeat (DispWorker *self);
void disp_worker_drain (DispWorker *self);
void disp_worker_abort (DispWorker *self);
void disp_worker_quit (DispWorker *self);
void disp_worker_free (DispWorker *self);
