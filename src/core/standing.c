/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/standing.h"

#include "core/tsan.h"

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
      standing->whole = self;
      g_hash_table_insert (self->models, g_strdup (model), standing);
    }
  DISP_TSAN_RELEASE (&self->lock);
  g_mutex_unlock (&self->lock);
  return standing;
}

/**
 * disp_standing_set_available:
 * @self: the standing of a model at a container
 * @available: whether the container serves it, as a check found; %TRUE also if it is checked no
 *   longer
 * @now: the time, in microseconds
 *
 * What is known to be unavailable gets no requests.  As long as nothing is known, the model is
 * thought to be served.  When it is served again it has a slow start there, and so has the
 * container, if it was ejected.
 *
 * Returns: whether that is news: who waits for a place must be told then
 */
gboolean
disp_standing_set_available (DispStanding *self, gboolean available, gint64 now)
{
  if (!disp_health_set_available (&self->health, available, now))
    return FALSE;
  if (available && self->whole != NULL)
    {
      disp_health_recover (&self->whole->health, now);
      disp_cooling_end (&self->whole->cooling);
    }
  return TRUE;
}

/* How one does by itself. */
static DispHealthState
get_own_state (DispStanding *self, gint64 now, gint64 *next_change)
{
  DispHealthState state = disp_health_get_state (&self->health, now);
  gint64 change = disp_health_get_next_change (&self->health, now);
  gint64 cool = disp_cooling_get_end (&self->cooling);

  *next_change = MIN (*next_change, change);
  if (cool <= now)
    return state;
  *next_change = MIN (*next_change, cool);
  return MAX (state, DISP_HEALTH_BUSY);
}

/**
 * disp_standing_get_state:
 * @self: the standing of a container, or of a model there
 * @now: the time, in microseconds
 * @next_change: (inout): made earlier if by then it may be another without any attempt or check
 *
 * Says how a container does: as it does as a whole, or worse, if none of its models does better.
 *
 * Returns: how it does
 */
DispHealthState
disp_standing_get_state (DispStanding *self, gint64 now, gint64 *next_change)
{
  DispHealthState state = get_own_state (self, now, next_change);
  DispHealthState best = DISP_HEALTH_UNAVAILABLE;
  GHashTableIter models;
  gpointer model;

  g_mutex_lock (&self->lock);
  DISP_TSAN_ACQUIRE (&self->lock);
  if (g_hash_table_size (self->models) == 0)
    best = state;
  g_hash_table_iter_init (&models, self->models);
  while (g_hash_table_iter_next (&models, NULL, &model))
    best = MIN (best, get_own_state (model, now, next_change));
  DISP_TSAN_RELEASE (&self->lock);
  g_mutex_unlock (&self->lock);
  return MAX (state, best);
}
