/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/flags.h"

#include <gio/gio.h>

#define DISP_DAEMON_NAME "org.dispatcherd.Dispatcher1"
#define DISP_DAEMON_PATH "/org/dispatcherd/Dispatcher1"
#define DISP_MODEL_INTERFACE "org.dispatcherd.Model1"
#define DISP_CONTAINER_INTERFACE "org.dispatcherd.Container1"

/**
 * DispDaemon:
 *
 * The daemon, as it is reached over a bus.
 */
typedef struct
{
  GDBusConnection *connection; /* (owned) */
  const char *bus;             /* (unowned) "system", "session" or "address" */
} DispDaemon;

DispDaemon *disp_daemon_find (const DispFlags *flags, gboolean may_start, GError **error);
void disp_daemon_free (DispDaemon *self);
GVariant *disp_daemon_call (const DispDaemon *self, const char *path, const char *interface,
                            const char *method, GVariant *arguments, const char *answer_type,
                            GError **error);
gboolean disp_daemon_change (const DispDaemon *self, const char *path, const char *interface,
                             const char *method, GVariant *arguments, GError **error);
gboolean disp_daemon_set (const DispDaemon *self, const char *path, const char *interface,
                          const char *property, GVariant *value, GError **error);

int disp_exit_status (const GError *error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispDaemon, disp_daemon_free)
