/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/route.h"

/**
 * DispPlaceQuery:
 * @max_in_flight: how many attempts each container may have, or %DISP_CAPACITY_AUTO
 * @now: the time, in microseconds
 * @random: (nullable): the generator of the calling thread; without one nothing is left to chance
 * @tried: (array length=n_tried) (element-type DispCapacity): the containers that the request has
 *   tried already
 * @n_tried: how many
 *
 * For whom a place is looked for.
 */
typedef struct
{
  guint max_in_flight;
  gint64 now;
  GRand *random;
  DispCapacity *const *tried;
  guint n_tried;
} DispPlaceQuery;

/**
 * DispPlaceCounts:
 * @n_usable: containers that may be used, were there a place
 * @n_well: of these, containers that do not fail
 * @n_free: of the usable ones, those with a free place
 *
 * What disp_place_list() found.
 */
typedef struct
{
  guint n_usable;
  guint n_well;
  guint n_free;
} DispPlaceCounts;

/**
 * DispVerdictKind:
 * @DISP_VERDICT_AS_BEFORE: nothing has changed
 * @DISP_VERDICT_EJECTED: the container gets no requests for some time
 * @DISP_VERDICT_RETURNED: it may be used again
 *
 * What the end of an attempt changed for its container.
 */
typedef enum
{
  DISP_VERDICT_AS_BEFORE,
  DISP_VERDICT_EJECTED,
  DISP_VERDICT_RETURNED,
} DispVerdictKind;

/**
 * DispVerdict:
 * @kind: what has changed
 * @for_model: whether for the model of the route only, or for the container as a whole
 * @n_failures: with %DISP_VERDICT_EJECTED, how many attempts failed in a row
 * @duration: with %DISP_VERDICT_EJECTED, for how long it gets no requests, in microseconds
 *
 * See #DispVerdictKind.
 */
typedef struct
{
  DispVerdictKind kind;
  gboolean for_model;
  guint n_failures;
  gint64 duration;
} DispVerdict;

/**
 * DispPlace:
 * @container: (owned) (nullable): where it is; %NULL = there is none
 * @standing: (unowned): that of the model there
 * @n_taken: how many places were taken there, with this one
 * @probes: whether the container as a whole is being tried again after it was ejected
 * @probes_model: whether the model there is
 *
 * Room for one attempt at a container.  It is taken, and given back when the attempt has ended.
 */
typedef struct
{
  DispContainer *container;
  DispStanding *standing;
  guint n_taken;
  gboolean probes;
  gboolean probes_model;
} DispPlace;

void disp_place_list (const DispRoute *route, const DispPlaceQuery *query, guint *indices,
                      DispPlaceCounts *counts);
gboolean disp_place_may_take (const DispRoute *route, guint index, const DispPlaceQuery *query);
gboolean disp_place_take (DispPlace *self, const DispRoute *route, guint index,
                          const DispPlaceQuery *query);
DispVerdict disp_place_give (DispPlace *self, const DispRoute *route, DispOutcome outcome,
                             gint64 duration, gint64 now);
