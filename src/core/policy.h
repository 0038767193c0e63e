/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/fleet.h"
#include "core/request.h"
#include "core/stats.h"

#include <glib-object.h>

#define DISP_TYPE_POLICY (disp_policy_get_type ())
G_DECLARE_INTERFACE (DispPolicy, disp_policy, DISP, POLICY, GObject)

/**
 * DispPolicyInterface:
 * @select: see disp_policy_select()
 * @get_chances: (nullable): see disp_policy_get_chances()
 * @request_started: (nullable): see disp_policy_request_started()
 * @request_finished: (nullable): see disp_policy_request_finished()
 * @fleet_changed: (nullable): see disp_policy_fleet_changed()
 *
 * A dispatching policy.  There is one instance for each route, shared by all workers, so all but
 * @fleet_changed are called from any thread at once.  A policy does no I/O, reads no clock, and
 * takes no lock that another worker can hold long.
 */
struct _DispPolicyInterface
{
  GTypeInterface parent;
  guint (*select) (DispPolicy *self, DispContainer *const *candidates, guint n_candidates,
                   const DispRequest *request, GRand *random);
  void (*get_chances) (DispPolicy *self, DispContainer *const *candidates, guint n_candidates,
                       double *chances);
  void (*request_started) (DispPolicy *self, const DispContainer *container);
  void (*request_finished) (DispPolicy *self, const DispContainer *container, DispOutcome outcome,
                            gint64 duration);
  void (*fleet_changed) (DispPolicy *self, const DispRoute *route);
};

guint disp_policy_select (DispPolicy *self, DispContainer *const *candidates, guint n_candidates,
                          const DispRequest *request, GRand *random);
void disp_policy_get_chances (DispPolicy *self, DispContainer *const *candidates,
                              guint n_candidates, double *chances);
void disp_policy_request_started (DispPolicy *self, const DispContainer *container);
void disp_policy_request_finished (DispPolicy *self, const DispContainer *container,
                                   DispOutcome outcome, gint64 duration);
void disp_policy_fleet_changed (DispPolicy *self, const DispRoute *route);
