/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/fleet.h"

/* How many overrides are kept for containers that the source does not name. */
#define DISP_OVERRIDES_MAX_ABSENT 10000

/**
 * DispOverride:
 *
 * What an operator decided of a container: a quota in place of the one that the source of the fleet
 * says, that it gets no more requests, or both.
 * Immutable, and counted by references.
 */
typedef struct
{
  char *container_id; /* (owned) (nullable) */
  char *container;    /* (owned) its name */
  char *node;         /* (owned) */
  char *endpoint;     /* (owned) (nullable) */
  gboolean is_drained;
  gboolean has_quota;
  double quota;        /* with has_quota */
  double source_quota; /* with has_quota: what the source said when the operator said otherwise */
} DispOverride;

/**
 * DispOverridden:
 *
 * A fleet in which overrides are in force.
 */
typedef struct
{
  DispFleet *fleet;     /* (owned) */
  GPtrArray *overrides; /* (owned) (element-type DispOverride, owned) those that stay */
  GPtrArray *outdated;  /* (owned) (element-type DispOverride, owned) those that are over, since the
                           source says another value than it did */
  guint n_absent;       /* how many of those that stay have no container in the fleet */
} DispOverridden;

DispOverride *disp_override_new (const DispContainer *container, const double *quota,
                                 gboolean is_drained);
DispOverride *disp_override_ref (DispOverride *self);
void disp_override_unref (DispOverride *self);

GPtrArray *disp_overrides_new (void);
GPtrArray *disp_overrides_replace (GPtrArray *overrides, DispFleet *fleet,
                                   const DispContainer *container, double quota);
GPtrArray *disp_overrides_drain (GPtrArray *overrides, DispFleet *fleet,
                                 const DispContainer *container, gboolean is_drained);
void disp_overrides_apply (GPtrArray *overrides, DispFleet *fleet, DispOverridden *result);
void disp_overridden_clear (DispOverridden *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispOverride, disp_override_unref)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DispOverridden, disp_overridden_clear)
