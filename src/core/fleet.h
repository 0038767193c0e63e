/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/container.h"
#include "core/model.h"
#include "core/route.h"
#include "core/types.h"

DispFleet *disp_fleet_new (GPtrArray *models, GPtrArray *containers, DispFleet *previous);
DispFleet *disp_fleet_new_with_containers (DispFleet *self, GPtrArray *containers);
DispFleet *disp_fleet_ref (DispFleet *self);
void disp_fleet_unref (DispFleet *self);

DispModel *const *disp_fleet_get_models (DispFleet *self, guint *n_models);
DispContainer *const *disp_fleet_get_containers (DispFleet *self, guint *n_containers);
const DispRoute *const *disp_fleet_get_routes (DispFleet *self, guint *n_routes);
const DispRoute *disp_fleet_find (DispFleet *self, const char *model, const DispVersion *version,
                                  GError **error);
gboolean disp_fleet_has_container (DispFleet *self, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispFleet, disp_fleet_unref)
