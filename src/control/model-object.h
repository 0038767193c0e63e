/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bus-interfaces.h"
#include "control/bus-parts.h"

/**
 * DispModelEntry:
 *
 * What a fleet says of a model.
 */
typedef struct
{
  GArray *versions;      /* (owned) (element-type gint64) ascending */
  GVariant *targets;     /* (owned) a(xt) */
  GPtrArray *containers; /* (owned) (element-type utf8, owned) paths of the containers */
} DispModelEntry;

void disp_model_entry_clear (DispModelEntry *self);

#define DISP_TYPE_MODEL_OBJECT (disp_model_object_get_type ())
G_DECLARE_FINAL_TYPE (DispModelObject, disp_model_object, DISP, MODEL_OBJECT, DispBusModel1Skeleton)

DispModelObject *disp_model_object_new (const DispBusParts *parts, const char *name);
void disp_model_object_set_entry (DispModelObject *self, DispModelEntry *entry);
