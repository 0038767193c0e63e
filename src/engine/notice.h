/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/**
 * DispNotice:
 *
 * Tells those who watch, each on its own thread, that something they may want to look at has
 * changed, whatever it is and wherever.  Counted by references.
 */
typedef struct _DispNotice DispNotice;

DispNotice *disp_notice_new (void);
DispNotice *disp_notice_ref (DispNotice *self);
void disp_notice_unref (DispNotice *self);

void disp_notice_watch (DispNotice *self, GSourceFunc callback, gpointer user_data);
void disp_notice_unwatch (DispNotice *self, gpointer user_data);
void disp_notice_touch (DispNotice *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispNotice, disp_notice_unref)
