/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/**
 * DispAcceptShare:
 *
 * How many connections one worker has of a listening socket that several accept from, and whether
 * that is more than its share.  Counted by references.
 */
typedef struct _DispAcceptShare DispAcceptShare;

void disp_accept_share_out (GPtrArray *sockets);
DispAcceptShare *disp_accept_share_of_socket (GSocket *socket);
DispAcceptShare *disp_accept_share_ref (DispAcceptShare *self);
void disp_accept_share_unref (DispAcceptShare *self);

void disp_accept_share_add (DispAcceptShare *self, GSocket *connected);
gboolean disp_accept_share_is_exceeded (DispAcceptShare *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispAcceptShare, disp_accept_share_unref)
