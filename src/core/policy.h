/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/fleet.h"
#include "core/request.h"
#include "core/stats.h"

#include <glib-object.h>

/* Among more containers any free place is good enough. */
#define DISP_POLICY_MAX_COMPARED 64

#define DISP_TYPE_POLICY (disp_policy_get_type ())
G_DECLARE_INTERFACE (DispPolicy, disp_policy, DISP, POLICY, GObject)

/**
 * DispPolicyInterface:
 * @select: see disp_policy_select()
 * @accepts: (nullable): see disp_policy_accepts()
 * @get_chances: (nullable): see disp_policy_get_chances()
 * @get_times: (nullable): see disp_policy_get_times()
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
  gboolean (*accepts) (DispPolicy *self, DispContainer *const *containers, guint n_containers,
                       guint index, guint n_before, gint64 waited);
  void (*get_chances) (DispPolicy *self, DispContainer *const *candidates, guint n_candidates,
                       double *chances);
  void (*get_times) (DispPolicy *self, DispContainer *const *containers, guint n_containers,
                     double *times);
  void (*request_started) (DispPolicy *self, const DispContainer *container);
  void (*request_finished) (DispPolicy *self, const DispContainer *container, DispOutcome outcome,
                            gint64 duration);
  void (*fleet_changed) (DispPolicy *self, const DispRoute *route);
};

guint disp_policy_select (DispPolicy *self, DispContainer *const *candidates, guint n_candidates,
                          const DispRequest *request, GRand *random);
gboolean disp_policy_is_choosy (DispPolicy *self);
gboolean disp_policy_accepts (DispPolicy *self, DispContainer *const *containers,
                              guint n_containers, guint index, guint n_before, gint64 waited);
void disp_policy_get_chances (DispPolicy *self, DispContainer *const *candidates,
                              guint n_candidates, double *chances);
void disp_policy_get_times (DispPolicy *self, DispContainer *const *containers, guint n_containers,
                            double *times);
void disp_policy_request_started (DispPolicy *self, const DispContainer *container);
void disp_policy_request_finished (DispPolicy *self, const DispContainer *container,
                                   DispOutcome outcome, gint64 duration);
void disp_policy_fleet_changed (DispPolicy *self, const DispRoute *route);
