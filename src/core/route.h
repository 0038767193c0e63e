/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/container.h"
#include "core/types.h"

/**
 * DispRoute:
 *
 * The containers of a fleet that serve one model in one version (or, with @any_version, in
 * whichever).  A server that the fleet lists more than once is in it once.  Immutable, owned by its
 * fleet.
 */
struct _DispRoute
{
  guint index;       /* its place among the routes of its fleet */
  const char *model; /* (owned by the fleet) */
  gint64 version;    /* 0 with any_version */
  gboolean any_version;
  double sla;                 /* milliseconds; 0 = none */
  DispContainer **containers; /* (owned) (array length=n_containers) all that serve it */
  guint n_containers;
  DispContainer **eligible; /* (owned) (array length=n_eligible) of these, those usable now */
  guint n_eligible;
  DispStanding **standings; /* (owned) (array length=n_eligible) theirs for the model, unowned */
};

DispRoute *disp_route_new (guint index, const char *model, gint64 version, gboolean any_version);
void disp_route_free (DispRoute *self);
void disp_route_fill (DispRoute *self, const GPtrArray *listed);

gboolean disp_route_check_eligible (const DispRoute *self, GError **error);
