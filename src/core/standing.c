/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/standing.h"

#include "core/tsan.h"

struct _DispStanding
{
  DispBaseline baseline;
  GMutex lock;
  GHashTable *models; /* (owned) (locked-by lock) (element-type utf8 DispStanding, both owned) */
};

/**
 * disp_standing_new:
 *
 * Returns: (transfer full): the standing of a container of which nothing is known
 */
DispStanding *
disp_standing_new (void)
{
  DispStanding *self = g_atomic_rc_box_new0 (DispStanding);

  g_mutex_init (&self->lock);
  self->models = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                        (GDestroyNotify) disp_standing_unref);
  return self;
}

/**
 * disp_standing_ref:
 * @self: a standing
 *
 * Returns: (transfer full): @self; any thread
 */
DispStanding *
disp_standing_ref (DispStanding *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
standing_clear (gpointer data)
{
  DispStanding *self = data;

  DISP_TSAN_ACQUIRE (self);
  g_hash_table_unref (self->models);
  g_mutex_clear (&self->lock);
}

/**
 * disp_standing_unref:
 * @self: (transfer full): a standing
 *
 * Gives a reference up; whichever thread gives up the last frees it.
 */
void
disp_standing_unref (DispStanding *self)
{
  DISP_TSAN_RELEASE (self);
  g_atomic_rc_box_release_full (self, standing_clear);
}

/**
 * disp_standing_for_model:
 * @self: the standing of a container
 * @model: the name of a model
 *
 * Returns: (transfer none): that of the model at this container, which lives as long as @self
 */
DispStanding *
disp_standing_for_model (DispStanding *self, const char *model)
{
  DispStanding *standing;

  g_mutex_lock (&self->lock);
  DISP_TSAN_ACQUIRE (&self->lock);
  standing = g_hash_table_lookup (self->models, model);
  if (standing == NULL)
    {
      standing = disp_standing_new ();
      g_hash_table_insert (self->models, g_strdup (model), standing);
    }
  DISP_TSAN_RELEASE (&self->lock);
  g_mutex_unlock (&self->lock);
  return standing;
}

/**
 * disp_standing_get_baseline:
 * @self: the standing of a model at a container
 *
 * Returns: (transfer none): how long it takes there alone
 */
DispBaseline *
disp_standing_get_baseline (DispStanding *self)
{
  return &self->baseline;
}
