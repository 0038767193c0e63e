/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/place.h"
#include "engine/switchboard.h"
#include "engine/transport.h"

typedef struct _DispVisit DispVisit;

/**
 * DispVisitEnded:
 * @visit: what has ended; it is freed after this call
 * @outcome: how
 * @answer: (transfer full) (nullable): the container's answer, whatever its status
 * @error: (nullable): why there is none
 * @user_data: as given to disp_visit_start()
 *
 * Called once when a visit has ended, after its place was given back.
 */
typedef void (*DispVisitEnded) (DispVisit *visit, DispOutcome outcome, DispAnswer *answer,
                                const GError *error, gpointer user_data);

/**
 * DispVisitTerms:
 * @switchboard: what all workers share
 * @transport: how this worker reaches containers
 * @routing: what is in force for the request
 * @route: of that, where it can go
 * @settings: what the operator decided
 *
 * What a visit is made with.  It keeps references.
 */
typedef struct
{
  DispSwitchboard *switchboard;
  DispTransport *transport;
  DispRouting *routing;
  const DispRoute *route;
  DispEngineSettings *settings;
} DispVisitTerms;

DispVisit *disp_visit_start (const DispVisitTerms *terms, DispPlace *place, DispRequest *request,
                             DispVisitEnded ended, gpointer user_data);
DispContainer *disp_visit_get_container (const DispVisit *self);
gint64 disp_visit_get_start (const DispVisit *self);
void disp_visit_cancel (DispVisit *self, DispOutcome outcome, GError *error);
void disp_visit_abandon (DispVisit *self, DispOutcome outcome);
void disp_visit_return_place (const DispVisitTerms *terms, DispPlace *place);
