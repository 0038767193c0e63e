/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * DispTail:
 *
 * The running 95th percentile of how long the answers of one model take.  All functions may be
 * called from any thread and none of them waits.
 */
typedef struct _DispTail DispTail;

DispTail *disp_tail_new (void);
DispTail *disp_tail_ref (DispTail *self);
void disp_tail_unref (DispTail *self);
void disp_tail_add (DispTail *self, gint64 duration);
gint64 disp_tail_get (DispTail *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispTail, disp_tail_unref)
