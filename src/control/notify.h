/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/**
 * DispNotify:
 *
 * The way to tell the supervisor that started the daemon how it is, by the protocol of
 * sd_notify(3).  Where there is none, everything here may be called with %NULL, and does nothing.
 */
typedef struct _DispNotify DispNotify;

DispNotify *disp_notify_new (const char *address, GError **error);
void disp_notify_free (DispNotify *self);

void disp_notify_ready (DispNotify *self, const char *status);
void disp_notify_reloading (DispNotify *self, gint64 now);
void disp_notify_stopping (DispNotify *self, const char *status);
void disp_notify_status (DispNotify *self, const char *status);
void disp_notify_extend (DispNotify *self, gint64 time);
void disp_notify_alive (DispNotify *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispNotify, disp_notify_free)
