/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/container.h"
#include "core/types.h"

/**
 * DispModel:
 *
 * A model in one version, as the source of the fleet describes it.
 */
struct _DispModel
{
  char *name; /* (owned) */
  gint64 version;
  double sla;         /* response-time target in milliseconds; 0 = none */
  double alpha;       /* safety margin on the target, 0..1; 0 = none */
  double profiled_rt; /* response time measured beforehand, in seconds; 0 = unknown */
};

/**
 * DispVersionKind:
 * @DISP_VERSION_LATEST: no version was asked for
 * @DISP_VERSION_NUMBER: one version by its number
 * @DISP_VERSION_LABEL: a version by its label, which only the model server can resolve
 */
typedef enum
{
  DISP_VERSION_LATEST,
  DISP_VERSION_NUMBER,
  DISP_VERSION_LABEL,
} DispVersionKind;

/**
 * DispVersion:
 *
 * Which version of a model a client asked for.
 */
typedef struct
{
  DispVersionKind kind;
  gint64 number; /* with DISP_VERSION_NUMBER */
  char *label;   /* (owned) (nullable) with DISP_VERSION_LABEL */
} DispVersion;

/**
 * DispRoute:
 *
 * The containers of a fleet that serve one model in one version (or, with @any_version, in
 * whichever). Immutable, owned by its fleet.
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
};

DispModel *disp_model_new (const char *name, gint64 version);
void disp_model_free (DispModel *self);
void disp_version_clear (DispVersion *self);

DispFleet *disp_fleet_new (GPtrArray *models, GPtrArray *containers, DispFleet *previous);
DispFleet *disp_fleet_ref (DispFleet *self);
void disp_fleet_unref (DispFleet *self);

DispModel *const *disp_fleet_get_models (DispFleet *self, guint *n_models);
DispContainer *const *disp_fleet_get_containers (DispFleet *self, guint *n_containers);
const DispRoute *const *disp_fleet_get_routes (DispFleet *self, guint *n_routes);
const DispRoute *disp_fleet_find (DispFleet *self, const char *model, const DispVersion *version,
                                  GError **error);
gboolean disp_fleet_has_container (DispFleet *self, const char *name);
gboolean disp_route_check_eligible (const DispRoute *self, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispModel, disp_model_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DispVersion, disp_version_clear)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispFleet, disp_fleet_unref)
