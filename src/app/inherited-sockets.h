/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* The names under which sockets are handed down, those of the services that accept from them. */
#define DISP_INHERITED_PREDICTIONS "predictions"
#define DISP_INHERITED_REQUESTS_STORE "requests-store"
#define DISP_INHERITED_CONTAINERS_MANAGER "containers-manager"

/**
 * DispInheritedSockets:
 *
 * The listening sockets that the supervisor handed down to the daemon, by sd_listen_fds(3).
 */
typedef struct _DispInheritedSockets DispInheritedSockets;

DispInheritedSockets *disp_inherited_sockets_take (GError **error);
DispInheritedSockets *disp_inherited_sockets_new (const char *count, const char *names, int first,
                                                  GError **error);
void disp_inherited_sockets_free (DispInheritedSockets *self);
GArray *disp_inherited_sockets_find (DispInheritedSockets *self, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispInheritedSockets, disp_inherited_sockets_free)
