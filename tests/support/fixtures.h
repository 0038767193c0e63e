/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/fleet.h"
#include "core/request.h"

/* What a thread of fixture_run_threads() does. */
typedef void (*FixtureThread) (guint number, gpointer user_data);

DispContainer *fixture_container (const char *name, const char *model, gint64 version,
                                  DispDevice device, double quota);
void fixture_container_set_port (DispContainer *container, guint16 port);
DispFleet *fixture_fleet (DispFleet *previous, const char *models, ...) G_GNUC_NULL_TERMINATED;
DispFleet *fixture_fleet_new (DispFleet *previous, const char *models, GPtrArray *containers);
const DispRoute *fixture_find (DispFleet *fleet, const char *model, gint64 version);
DispRequest *fixture_request (const char *model, gint64 version, const char *instances);
void fixture_run_threads (guint n_threads, FixtureThread thread, gpointer user_data);
