/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "control/authority.h"
#include "engine/switchboard.h"

/**
 * DispGatedChange:
 * @object: the object that was called
 * @parameters: those of the call
 * @error: a #DispError
 *
 * Does what a permitted call asks for, and has nothing to answer but that.
 *
 * Returns: whether it is done
 */
typedef gboolean (*DispGatedChange) (gpointer object, GVariant *parameters, GError **error);

/**
 * DispGatedStart:
 * @object: the object that was called
 * @invocation: (transfer full): a permitted call
 *
 * Begins what a call asks for; it is answered some time later.
 */
typedef void (*DispGatedStart) (gpointer object, GDBusMethodInvocation *invocation);

#define DISP_TYPE_GATE (disp_gate_get_type ())
G_DECLARE_FINAL_TYPE (DispGate, disp_gate, DISP, GATE, GObject)

DispGate *disp_gate_new (DispAuthority *authority, DispSwitchboard *switchboard);
void disp_gate_change (DispGate *self, gpointer object, GDBusMethodInvocation *invocation,
                       DispGatedChange change);
void disp_gate_start (DispGate *self, gpointer object, GDBusMethodInvocation *invocation,
                      DispGatedStart start);
void disp_gate_answer (DispGate *self, GDBusMethodInvocation *invocation, const GError *error);
void disp_gate_fail (GDBusMethodInvocation *invocation, const GError *error);
