/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "control/announcer.h"
#include "control/container-object.h"
#include "control/model-object.h"

/* The path of the root object. */
#define DISP_BUS_PATH "/org/dispatcherd/Dispatcher1"

#define DISP_TYPE_OBJECT_TREE (disp_object_tree_get_type ())
G_DECLARE_FINAL_TYPE (DispObjectTree, disp_object_tree, DISP, OBJECT_TREE, GObject)

DispObjectTree *disp_object_tree_new (const DispBusParts *parts, DispAnnouncer *announcer);
void disp_object_tree_set_connection (DispObjectTree *self, GDBusConnection *connection);
void disp_object_tree_update (DispObjectTree *self);
const char *disp_object_tree_find_path (DispObjectTree *self, const DispContainer *container);
DispContainerObject *const *disp_object_tree_get_containers (DispObjectTree *self,
                                                             guint *n_containers);
void disp_object_tree_clear (DispObjectTree *self);
