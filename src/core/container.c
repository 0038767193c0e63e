/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/container.h"

#include "core/tsan.h"

/**
 * disp_container_new:
 *
 * Returns: (transfer full): an active container on a CPU with quota 0, no names, and counters of
 * its own
 */
DispContainer *
disp_container_new (void)
{
  DispContainer *self = g_atomic_rc_box_new0 (DispContainer);

  self->active = TRUE;
  self->stats = disp_stats_new ();
  self->capacity = disp_capacity_new ();
  self->standing = disp_standing_new ();
  return self;
}

/**
 * disp_container_copy:
 * @self: a container as the source of the fleet says it
 * @quota: (nullable): the quota that an operator set; %NULL = none
 * @drained: whether an operator lets it get no more requests
 *
 * Returns: (transfer full): the same container with that, and with the same counters
 */
DispContainer *
disp_container_copy (const DispContainer *self, const double *quota, gboolean drained)
{
  DispContainer *copy = g_atomic_rc_box_new0 (DispContainer);

  copy->model = g_strdup (self->model);
  copy->version = self->version;
  copy->name = g_strdup (self->name);
  copy->id = g_strdup (self->id);
  copy->active = self->active;
  copy->device = self->device;
  copy->node = g_strdup (self->node);
  copy->port = self->port;
  copy->endpoint = g_strdup (self->endpoint);
  copy->quota = quota != NULL ? *quota : self->quota;
  copy->own_quota = quota != NULL;
  copy->source_quota = self->quota;
  copy->drained = drained;
  copy->identity = self->identity;
  copy->name_hash = self->name_hash;
  copy->max_in_flight = self->max_in_flight;
  copy->stats = disp_stats_ref (self->stats);
  copy->capacity = disp_capacity_ref (self->capacity);
  copy->standing = disp_standing_ref (self->standing);
  return copy;
}

/**
 * disp_container_ref:
 * @self: a container
 *
 * Returns: (transfer full): @self; any thread
 */
DispContainer *
disp_container_ref (DispContainer *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
container_clear (gpointer data)
{
  DispContainer *self = data;

  DISP_TSAN_ACQUIRE (self);
  g_free (self->model);
  g_free (self->name);
  g_free (self->id);
  g_free (self->node);
  g_free (self->endpoint);
  disp_stats_unref (self->stats);
  disp_capacity_unref (self->capacity);
  disp_standing_unref (self->standing);
}

/**
 * disp_container_unref:
 * @self: (transfer full): a container
 *
 * Gives a reference up; whichever thread gives up the last frees it.
 */
void
disp_container_unref (DispContainer *self)
{
  DISP_TSAN_RELEASE (self);
  g_atomic_rc_box_release_full (self, container_clear);
}

/**
 * disp_container_is_eligible:
 * @self: a container
 *
 * Returns: whether it may be picked at all, whatever the policy
 */
gboolean
disp_container_is_eligible (const DispContainer *self)
{
  return self->active && self->quota > 0 && !self->drained;
}

/**
 * disp_container_get_source_quota:
 * @self: a container
 *
 * Returns: the quota that the source of the fleet says, which counts unless an operator set another
 */
double
disp_container_get_source_quota (const DispContainer *self)
{
  return self->own_quota ? self->source_quota : self->quota;
}

/**
 * disp_container_is_same:
 * @self: (type DispContainer): a container of one snapshot
 * @other: (type DispContainer): a container of another
 *
 * A #GEqualFunc.
 *
 * Returns: whether both are the same server, so that its counters go on
 */
gboolean
disp_container_is_same (gconstpointer self, gconstpointer other)
{
  const DispContainer *one = self;
  const DispContainer *another = other;

  return g_str_equal (one->endpoint, another->endpoint) && g_str_equal (one->name, another->name);
}

/**
 * disp_container_hash:
 * @self: (type DispContainer): a container
 *
 * A #GHashFunc.
 *
 * Returns: a hash value, equal for containers that disp_container_is_same() finds the same
 */
guint
disp_container_hash (gconstpointer self)
{
  const DispContainer *container = self;

  return g_str_hash (container->endpoint) * 31 + g_str_hash (container->name);
}

/**
 * disp_device_to_string:
 * @device: a device
 *
 * Returns: (transfer none): "cpu" or "gpu"
 */
const char *
disp_device_to_string (DispDevice device)
{
  return device == DISP_DEVICE_GPU ? "gpu" : "cpu";
}
