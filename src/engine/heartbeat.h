/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * DispHeartbeat:
 *
 * Tells whether one thread makes progress: another asks it now and then, and it answers between two
 * pieces of its work.  Counted by references.
 */
typedef struct _DispHeartbeat DispHeartbeat;

DispHeartbeat *disp_heartbeat_new (const char *name, GMainContext *context);
DispHeartbeat *disp_heartbeat_ref (DispHeartbeat *self);
void disp_heartbeat_unref (DispHeartbeat *self);
const char *disp_heartbeat_get_name (const DispHeartbeat *self);

void disp_heartbeat_ask (DispHeartbeat *self);
gboolean disp_heartbeat_is_well (DispHeartbeat *self);

void disp_heartbeat_rest (DispHeartbeat *self);
void disp_heartbeat_answer (DispHeartbeat *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispHeartbeat, disp_heartbeat_unref)
