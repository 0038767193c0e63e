/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/switchboard.h"
#include "upstream/soup-transport.h"

/**
 * DispWorkerSettings:
 * @body_limit: the longest body of a request, in bytes
 * @upstream: how containers are called
 *
 * What every worker is given.
 */
typedef struct
{
  gsize body_limit;
  DispUpstreamSettings upstream;
} DispWorkerSettings;

typedef struct _DispWorker DispWorker;

DispWorker *disp_worker_new (guint number, DispSwitchboard *switchboard, GPtrArray *sockets,
                             const DispWorkerSettings *settings, GSourceFunc ended,
                             gpointer user_data);
void disp_worker_drain (DispWorker *self);
void disp_worker_abort (DispWorker *self);
void disp_worker_quit (DispWorker *self);
void disp_worker_free (DispWorker *self);
