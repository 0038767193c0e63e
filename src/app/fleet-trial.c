/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/fleet-trial.h"

#include "app/open-source.h"
#include "core/error.h"

/* A source that is asked once, before it may take the place of the one in force. */
struct _DispFleetTrial
{
  DispSource *source; /* (owned) (nullable) NULL when there is none, or it was stolen */
  DispFleet *fleet;   /* (owned) (nullable) what it said last */
  GError *error;      /* (owned) (nullable) why it said nothing */
  DispFleetTrialEnded ended;
  gpointer user_data;
  GSource *end; /* (owned) (nullable) once there is an answer, until it is told */
};

static gboolean
tell (gpointer user_data)
{
  DispFleetTrial *self = user_data;
  g_autoptr (DispFleet) fleet = g_steal_pointer (&self->fleet);
  g_autoptr (GError) error = g_steal_pointer (&self->error);

  g_clear_pointer (&self->end, g_source_unref);
  self->ended (fleet, error, self->user_data);
  return G_SOURCE_REMOVE;
}

/* Answers in a turn of its own, since a file is read while it starts. */
static void
tell_soon (DispFleetTrial *self)
{
  if (self->end != NULL)
    return;
  self->end = g_idle_source_new ();
  g_source_set_static_name (self->end, "fleet trial");
  g_source_set_priority (self->end, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->end, tell, self, NULL);
  g_source_attach (self->end, g_main_context_get_thread_default ());
}

static void
on_fleet (G_GNUC_UNUSED DispSource *source, DispFleet *fleet, DispFleetTrial *self)
{
  disp_fleet_ref (fleet);
  g_clear_pointer (&self->fleet, disp_fleet_unref);
  self->fleet = fleet;
  g_clear_error (&self->error);
  tell_soon (self);
}

static void
on_failed (G_GNUC_UNUSED DispSource *source, GError *error, DispFleetTrial *self)
{
  g_clear_pointer (&self->fleet, disp_fleet_unref);
  g_clear_error (&self->error);
  self->error = g_error_copy (error);
  tell_soon (self);
}

static gboolean
start (DispFleetTrial *self, const DispConfig *config, DispClock *clock, DispFleet *previous,
       GError **error)
{
  if (!disp_config_open_source (config, clock, &self->source, error))
    return FALSE;
  if (self->source == NULL)
    {
      g_set_error_literal (error, DISP_ERROR, DISP_ERROR_NO_FLEET,
                           "no fleet is configured any more, expected file or url under [fleet]");
      return FALSE;
    }
  if (previous != NULL)
    disp_source_inherit (self->source, previous);
  g_signal_connect (self->source, "fleet", G_CALLBACK (on_fleet), self);
  g_signal_connect (self->source, "failed", G_CALLBACK (on_failed), self);
  return disp_source_start (self->source, error);
}

/**
 * disp_fleet_trial_start:
 * @config: a checked configuration
 * @clock: the clock
 * @previous: (nullable): the fleet in force, whose counters go on
 * @ended: called on the thread-default context, once, never from inside this call
 * @user_data: for @ended
 *
 * Starts the source that @config names and waits for the first that it says: a fleet, or that it
 * cannot be read.  That no source is configured is an error too.  A Containers Manager has the time
 * of one round of questions.  Main thread.
 *
 * Returns: (transfer full): a trial; freeing it stops the source, and cancels @ended
 */
DispFleetTrial *
disp_fleet_trial_start (const DispConfig *config, DispClock *clock, DispFleet *previous,
                        DispFleetTrialEnded ended, gpointer user_data)
{
  DispFleetTrial *self = g_new0 (DispFleetTrial, 1);

  self->ended = ended;
  self->user_data = user_data;
  if (!start (self, config, clock, previous, &self->error))
    tell_soon (self);
  return self;
}

/**
 * disp_fleet_trial_steal_source:
 * @self: a trial that ended with a fleet
 *
 * Returns: (transfer full): the source, which goes on
 */
DispSource *
disp_fleet_trial_steal_source (DispFleetTrial *self)
{
  g_signal_handlers_disconnect_by_data (self->source, self);
  return g_steal_pointer (&self->source);
}

/**
 * disp_fleet_trial_free:
 * @self: (transfer full): a trial
 */
void
disp_fleet_trial_free (DispFleetTrial *self)
{
  if (self->source != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->source, self);
      disp_source_stop (self->source);
    }
  g_clear_object (&self->source);
  if (self->end != NULL)
    g_source_destroy (self->end);
  g_clear_pointer (&self->end, g_source_unref);
  g_clear_pointer (&self->fleet, disp_fleet_unref);
  g_clear_error (&self->error);
  g_free (self);
}
