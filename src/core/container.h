/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/capacity.h"
#include "core/standing.h"
#include "core/stats.h"
#include "core/types.h"

/**
 * DispDevice:
 * @DISP_DEVICE_UNKNOWN: not known; only in records that others made
 * @DISP_DEVICE_CPU: the CPU of its node
 * @DISP_DEVICE_GPU: a GPU of its node
 *
 * What a container computes on.  The numbers are those of the Containers Manager.
 */
typedef enum
{
  DISP_DEVICE_UNKNOWN = -1,
  DISP_DEVICE_CPU = 0,
  DISP_DEVICE_GPU = 1,
} DispDevice;

/* The model name of a container that serves every model. */
#define DISP_MODEL_ALL "all"

/**
 * DispContainer:
 *
 * A model server on a device of a node.  Whoever makes one fills the fields in; from the moment it
 * is given to disp_fleet_new() it is immutable, but for what is behind @stats, @capacity and
 * @standing, which every snapshot with the same container shares.
 */
struct _DispContainer
{
  char *model;    /* (owned) the model it serves, or DISP_MODEL_ALL */
  gint64 version; /* the version it serves; ignored with DISP_MODEL_ALL */
  char *name;     /* (owned) */
  char *id;       /* (owned) (nullable) */
  gboolean active;
  DispDevice device;
  char *node; /* (owned) host name or address */
  guint16 port;
  char *endpoint;         /* (owned) "http://node:port", without a slash at the end */
  double quota;           /* its share of the device; 0 = do not use */
  gboolean own_quota;     /* whether an operator set that, other than the source */
  double source_quota;    /* with own_quota: what the source says */
  gboolean drained;       /* whether an operator lets it get no more requests */
  guint identity;         /* disp_container_hash(), from disp_fleet_new() on */
  guint name_hash;        /* g_str_hash() of @name, from disp_fleet_new() on */
  guint max_in_flight;    /* how many attempts it may have; 0 = as the daemon is configured */
  DispStats *stats;       /* (owned) */
  DispCapacity *capacity; /* (owned) */
  DispStanding *standing; /* (owned) as a whole */
};

DispContainer *disp_container_new (void);
DispContainer *disp_container_copy (const DispContainer *self, const double *quota,
                                    gboolean drained);
DispContainer *disp_container_ref (DispContainer *self);
void disp_container_unref (DispContainer *self);

gboolean disp_container_is_eligible (const DispContainer *self);
double disp_container_get_source_quota (const DispContainer *self);
gboolean disp_container_is_same (gconstpointer self, gconstpointer other);
guint disp_container_hash (gconstpointer self);
const char *disp_device_to_string (DispDevice device);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispContainer, disp_container_unref)

/* What is asked of each candidate at each decision stands here, to cost no calls. */

/**
 * disp_container_get_max_in_flight:
 * @self: a container
 * @configured: how many attempts a container may have that says nothing else, or
 *   %DISP_CAPACITY_AUTO
 *
 * Returns: how many attempts this one may have, or %DISP_CAPACITY_AUTO: as disp_capacity_take() and
 *   its kind want it
 */
static inline guint
disp_container_get_max_in_flight (const DispContainer *self, guint configured)
{
  return self->max_in_flight != 0 ? self->max_in_flight : configured;
}
