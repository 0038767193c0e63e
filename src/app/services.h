/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "app/config.h"
#include "app/service.h"
#include "engine/fleet-editor.h"
#include "engine/switchboard.h"
#include "records/request-log.h"
#include "upstream/soup-transport.h"

/**
 * DispServiceKind:
 * @DISP_SERVICE_PREDICTIONS: the workers
 * @DISP_SERVICE_REQUESTS_STORE: the embedded Requests Store
 * @DISP_SERVICE_CONTAINERS_MANAGER: the embedded Containers Manager
 *
 * What the daemon serves, at addresses of its own each.
 */
typedef enum
{
  DISP_SERVICE_PREDICTIONS,
  DISP_SERVICE_REQUESTS_STORE,
  DISP_SERVICE_CONTAINERS_MANAGER,
  DISP_N_SERVICES /*< skip >*/
} DispServiceKind;

/**
 * DispServicesParts:
 * @clock: the clock
 * @switchboard: what all workers share
 * @upstream: limits of the connections to containers
 * @log: where records go
 * @editor: what changes containers
 * @terms: on what terms predictions are served
 * @embedded_terms: on what terms the embedded services are
 * @ended: called once when all services have ended
 * @user_data: for @ended
 *
 * What the services are given.  All of it but the terms outlives them.
 */
typedef struct
{
  DispClock *clock;
  DispSwitchboard *switchboard;
  DispUpstreamLimits *upstream;
  DispRequestLog *log;
  DispFleetEditor *editor;
  DispTerms *terms;
  DispTerms *embedded_terms;
  GSourceFunc ended;
  gpointer user_data;
} DispServicesParts;

typedef struct _DispServices DispServices;

DispServices *disp_services_open (const DispConfig *config, GError **error);
gboolean disp_services_open_archive (DispServices *self, const char *path, GError **error);
void disp_services_start (DispServices *self, const DispServicesParts *parts);
void disp_services_drain (DispServices *self);
void disp_services_abort (DispServices *self);
void disp_services_quit (DispServices *self);
void disp_services_set_terms (DispServices *self, DispTerms *terms, DispTerms *embedded_terms);
void disp_services_add_heartbeats (DispServices *self, GPtrArray *heartbeats);
char *disp_services_find_open_socket (DispServices *self, DispServiceKind kind);
GStrv disp_services_list_addresses (DispServices *self, DispServiceKind kind);
void disp_services_free (DispServices *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispServices, disp_services_free)
