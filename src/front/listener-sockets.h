/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* So many connections wait in the kernel to be accepted from a socket of ours. */
#define DISP_LISTENER_BACKLOG 1024

GPtrArray *disp_listener_open (const char *address, guint n, GError **error);
GPtrArray *disp_listener_adopt (int fd, guint n, GError **error);
gboolean disp_listener_is_adopted (GSocket *socket);
char *disp_listener_describe (GSocket *socket);
void disp_listener_remove (const char *address);
