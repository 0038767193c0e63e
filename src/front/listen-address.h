/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#define DISP_UNIX_PREFIX "unix:"

GSocketAddress *disp_listen_address_parse (const char *text, GError **error);
gboolean disp_socket_address_is_local (GSocketAddress *address);
gboolean disp_listen_address_is_local (const char *text);
gboolean disp_listen_address_is_same (const char *one, const char *other);
