/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/daemon.h"

/**
 * DispMember:
 *
 * A model or a container of the fleet.
 */
typedef struct
{
  char *path;           /* (owned) of its object */
  char *name;           /* (owned) by which it is called; one container in a fleet has it */
  GVariant *properties; /* (owned) a{sv} */
} DispMember;

/**
 * DispSnapshot:
 *
 * What the daemon is and what its fleet has, at one moment.
 */
typedef struct
{
  GVariant *daemon;      /* (owned) a{sv} */
  GPtrArray *models;     /* (owned) (element-type DispMember, owned) by their names */
  GPtrArray *containers; /* (owned) (element-type DispMember, owned) by their names */
} DispSnapshot;

DispSnapshot *disp_snapshot_take (const DispDaemon *daemon, GError **error);
void disp_snapshot_free (DispSnapshot *self);
const DispMember *disp_snapshot_find_model (const DispSnapshot *self, const char *name,
                                            GError **error);
const DispMember *disp_snapshot_find_container (const DispSnapshot *self, const char *name,
                                                GError **error);
const char *disp_snapshot_get_name (const DispSnapshot *self, const char *path);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispSnapshot, disp_snapshot_free)
