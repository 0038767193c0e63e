/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "demo/fault.h"

/**
 * DemoServerOptions:
 *
 * How a model server behaves.
 */
typedef struct
{
  const char *name;    /* what its answers say in their Server field */
  GPtrArray *models;   /* (element-type DemoModel) what it serves */
  int port;            /* where it listens on 127.0.0.1; 0 lets the system choose */
  double service_time; /* how long an inference takes, in milliseconds */
  double per_instance; /* how much longer for each instance, in milliseconds */
  gboolean serial;     /* one inference at a time, the others wait in order */
  DemoFault fault;     /* how it misbehaves, while it does */
} DemoServerOptions;

typedef struct _DemoServer DemoServer;

DemoServer *demo_server_new (const DemoServerOptions *options, GError **error);
void demo_server_free (DemoServer *self);
int demo_server_get_port (DemoServer *self);
gboolean demo_server_run (DemoServer *self, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DemoServer, demo_server_free)
