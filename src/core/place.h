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
 * @n_well: of these, containers that do not fail: with less than five failures in a row, and not
 *   being tried after an ejection
 * @n_free: of the usable ones, those with a free place
 * @n_cooling: containers that could be used, had they not said a moment ago that they are busy;
 * they are not among the usable ones
 * @cool_at: when the first of these may be used again, in microseconds; %G_MAXINT64 = there is none
 *
 * What disp_place_list() found.
 */
typedef struct
{
  guint n_usable;
  guint n_well;
  guint n_free;
  guint n_cooling;
  gint64 cool_at;
} DispPlaceCounts;

/**
 * DispPlace:
 * @container: (owned) (nullable): where it is; %NULL = there is none
 * @standing: (unowned): that of the model there
 * @n_taken: how many places were taken there, with this one
 * @probe: the number of the probe, if the container as a whole is being tried again after it was
 *   ejected; 0 = it is not
 * @probe_model: likewise of the model there
 * @is_first: whether it is asked for the first time after it was busy
 *
 * Room for one attempt at a container.  It is taken, and given back when the attempt has ended.
 */
typedef struct
{
  DispContainer *container;
  DispStanding *standing;
  guint n_taken;
  guint probe;
  guint probe_model;
  gboolean is_first;
} DispPlace;

DispHealthState disp_place_get_state (const DispRoute *route, guint index, gint64 now,
                                      gint64 *until);
void disp_place_list (const DispRoute *route, const DispPlaceQuery *query, guint *indices,
                      DispPlaceCounts *counts);
gboolean disp_place_may_take (const DispRoute *route, guint index, const DispPlaceQuery *query);
gboolean disp_place_take (DispPlace *self, const DispRoute *route, guint index,
                          const DispPlaceQuery *query);
DispVerdict disp_place_give (DispPlace *self, const DispRoute *route, DispOutcome outcome,
                             gint64 duration, gint64 now);
