/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <sys/types.h>

/* The action of polkit that stands for every change. */
#define DISP_AUTHORITY_ACTION "org.dispatcherd.manage"

#define DISP_TYPE_AUTHORITY (disp_authority_get_type ())
G_DECLARE_FINAL_TYPE (DispAuthority, disp_authority, DISP, AUTHORITY, GObject)

DispAuthority *disp_authority_new (uid_t owner, gboolean asks_polkit);
void disp_authority_check_async (DispAuthority *self, GDBusMethodInvocation *invocation,
                                 GAsyncReadyCallback callback, gpointer user_data);
gboolean disp_authority_check_finish (DispAuthority *self, GAsyncResult *result, GError **error);
